//go:build !linux

package doctor

// kind is what matters about a file system.
type kind int

const (
	onDisk kind = iota
	overNetwork
	inMemory
)

// fileSystemOf knows no file systems here.
func fileSystemOf(string) (string, kind) { return "", onDisk }

// clockSynchronised does not know here.
func clockSynchronised() (synchronised, known bool) { return false, false }
