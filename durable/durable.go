// Package durable makes files and folders that are still there after a power cut. The system keeps what was written, and
// which names a folder holds, only once it was told to sync the file, and the folder.
package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// MakeFolder makes the folder (mode 0700) and those above it, each recorded durably in the one that holds it. One that
// is there may have been made by a program that was killed before it came to that; where the folder above cannot be
// read, somebody else made it.
func MakeFolder(path string) error {
	err := os.Mkdir(path, 0o700)
	if errors.Is(err, fs.ErrNotExist) {
		if err := MakeFolder(filepath.Dir(path)); err != nil {
			return err
		}
		err = os.Mkdir(path, 0o700)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := Sync(filepath.Dir(path)); err != nil && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}

// WriteTemp writes a new file (mode 0600) in a folder, down to the disk, and returns its path. Its name is made of the
// pattern as os.CreateTemp does. It is durable with the name that it gets next; after a failure nothing is left.
func WriteTemp(folder, pattern string, content []byte) (path string, err error) {
	file, err := os.CreateTemp(folder, pattern)
	if err != nil {
		return "", err
	}
	_, err = file.Write(content)
	if err == nil {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return "", errors.Join(err, os.Remove(file.Name()))
	}
	return file.Name(), nil
}

// Publish gives a finished file another name, durably. Unlike a rename it replaces nothing: the error wraps fs.ErrExist
// when the name is taken. The first name stays.
func Publish(temp, path string) error {
	if err := os.Link(temp, path); err != nil {
		return err
	}
	return Sync(filepath.Dir(path))
}

// Sync makes durable what a file contains, or which names a folder holds.
func Sync(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return file.Sync()
}
