// Package auth holds the secrets of an installation and of those who use it: the master key and the data keys
// that it wraps, API keys, webhook secrets, tracking codes and passwords. It knows no storage: what it makes
// and checks is text that the store keeps.
package auth

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"banksulutgo.co.id/servicedesk/durable"
)

const (
	keyBytes       = 32  // length of the master key and of every data key
	maxKeyFile     = 512 // bytes read of a key file; a whole one has 67
	keyFilePrefix  = "servicedesk-key-"
	keyFileVersion = "1:"
)

// MasterKey is the one secret that an installation keeps outside its database: 32 random bytes that wrap the
// data keys. It prints as "[redacted]" in every format. The zero value is no key and wraps nothing.
type MasterKey struct {
	hidden
	secret *[keyBytes]byte // a pointer: inside a field that fmt may not ask, it prints as an address
}

// Fingerprint returns 16 hexadecimal digits that tell one master key from another. The key cannot be
// computed from them, so the database and the log may hold them. Only of a key that was loaded or created.
func (m MasterKey) Fingerprint() string {
	return hex.EncodeToString(m.derive("servicedesk fingerprint", 8))
}

// derive computes a key of n bytes for one use, so that no two uses share key material.
func (m MasterKey) derive(use string, n int) []byte {
	key, err := hkdf.Key(sha256.New, m.secret[:], nil, use, n)
	if err != nil {
		panic("auth: derive from the master key: " + err.Error()) // only for lengths that no caller asks for
	}
	return key
}

// LoadMasterKey reads the key file at path. A missing file is an error that wraps fs.ErrNotExist; a file that
// others than its owner may use, and one that is damaged, are refused with what to do about it.
func LoadMasterKey(path string) (MasterKey, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return MasterKey{}, fmt.Errorf("the master key file is missing: restore it from its backup, copy it from another node, "+
			"or let SERVICEDESK_KEY_FILE name the place where it is: %w", err)
	}
	if err != nil {
		return MasterKey{}, fmt.Errorf("read the master key: %w", err)
	}
	defer f.Close()
	if err := checkPrivate(f); err != nil {
		return MasterKey{}, err
	}
	text, err := io.ReadAll(io.LimitReader(f, maxKeyFile))
	if err != nil {
		return MasterKey{}, fmt.Errorf("read the master key: %w", err)
	}
	m, err := parseMasterKey(string(text))
	if err != nil {
		return MasterKey{}, fmt.Errorf("master key file %s: %w", path, err)
	}
	return m, nil
}

// checkPrivate looks at the open file and not at its path, which may name another one a moment later.
func checkPrivate(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("read the master key: %w", err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("master key file %s is not a regular file", f.Name())
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Errorf("master key file %s can be used by others than its owner (mode %04o): run `chmod 600 %s`, "+
			"and rotate the key if somebody may have read it", f.Name(), mode, f.Name())
	}
	return nil
}

// CreateMasterKey makes a master key and keeps it durably at path (mode 0600, folders 0700). A key that is
// already there, perhaps because another process was faster, is never replaced: it is the one returned.
func CreateMasterKey(path string) (MasterKey, error) {
	folder := filepath.Dir(path)
	if err := durable.MakeFolder(folder); err != nil {
		return MasterKey{}, fmt.Errorf("create the master key: %w", err)
	}
	m := MasterKey{secret: new([keyBytes]byte)}
	rand.Read(m.secret[:]) // never fails: crypto/rand ends the process instead
	temp, err := durable.WriteTemp(folder, ".key-*", []byte(m.line()))
	if err != nil {
		return MasterKey{}, fmt.Errorf("create the master key: %w", err)
	}
	defer os.Remove(temp)
	err = durable.Publish(temp, path)
	if errors.Is(err, fs.ErrExist) {
		err = durable.Sync(folder) // another process published its key, and may not have come to this yet
	}
	if err != nil {
		return MasterKey{}, fmt.Errorf("create the master key: %w", err)
	}
	return LoadMasterKey(path)
}

// SettleMasterKey makes durable that the key file at path is there, before anything depends on it: a program that was
// killed, or an operator, may have put it there a moment ago. What cannot be written to is nothing to wait for.
func SettleMasterKey(path string) error {
	if err := durable.Sync(path); err != nil && !errors.Is(err, syscall.EROFS) && !errors.Is(err, syscall.EINVAL) {
		return fmt.Errorf("keep the master key: %w", err)
	}
	folder := filepath.Dir(path)
	if err := errors.Join(durable.Sync(folder), durable.MakeFolder(folder)); err != nil && !errors.Is(err, fs.ErrPermission) && !errors.Is(err, syscall.EROFS) {
		return fmt.Errorf("keep the master key: %w", err)
	}
	return nil
}

// line is the content of a key file: prefix, version, base64 of key and checksum.
func (m MasterKey) line() string {
	data := binary.BigEndian.AppendUint32(m.secret[:keyBytes:keyBytes], crc32.ChecksumIEEE(m.secret[:]))
	return keyFilePrefix + keyFileVersion + base64.StdEncoding.EncodeToString(data) + "\n"
}

// parseMasterKey reads the content of a key file. Its errors never contain the content.
func parseMasterKey(text string) (MasterKey, error) {
	line := strings.TrimRight(text, "\r\n")
	rest, ok := strings.CutPrefix(line, keyFilePrefix)
	if !ok {
		return MasterKey{}, errors.New("this is not a master key: restore the file from its backup")
	}
	body, ok := strings.CutPrefix(rest, keyFileVersion)
	if !ok {
		return MasterKey{}, errors.New("the version of the file is unknown: it is damaged, or a newer program wrote it")
	}
	data, err := base64.StdEncoding.Strict().DecodeString(body)
	if err != nil || len(data) != keyBytes+crc32.Size || strings.ContainsAny(body, "\r\n") {
		return MasterKey{}, errors.New("the file is cut off or damaged: restore it from its backup")
	}
	if crc32.ChecksumIEEE(data[:keyBytes]) != binary.BigEndian.Uint32(data[keyBytes:]) {
		return MasterKey{}, errors.New("the checksum does not hold, the file is damaged: restore it from its backup")
	}
	return MasterKey{secret: (*[keyBytes]byte)(data)}, nil
}
