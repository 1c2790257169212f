//go:build !race

package api_test

// racing is false: nothing watches, all sizes are tried.
const racing = false
