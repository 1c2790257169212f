package desktest

import "testing"

// Program returns the path of the program, built as it is released, for tests that run it in their own way.
func Program(t testing.TB) string {
	t.Helper()
	path, err := program()
	must(t, err)
	return path
}
