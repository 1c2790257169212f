//go:build race

package api_test

// racing tells tests of many megabytes to leave the largest to the run without the race detector, under which every
// byte is ten times as dear.
const racing = true
