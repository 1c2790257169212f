// Package blob keeps attachments outside the database, in a folder or in an S3 bucket. A blob is named by the
// SHA-256 of its content and is stored encrypted; what Put acknowledged is on the disk, and what Get returns is
// what Put was given.
package blob

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
)

// MaxBytes is the largest content that a store takes: far above the 10 MB of an attachment, and little enough to
// hold in memory.
const MaxBytes = 64 << 20

const (
	maxStored  = MaxBytes + 4<<10 // bytes of a sealed blob; more than this was not written by us
	retryAfter = 10 * time.Second // what a caller is told when the storage fails
)

// ErrNotFound says that the store holds no blob of that name.
var ErrNotFound = errors.New("the blob is not in the store")

// ErrDamaged says that a blob is there, but not with the content that its name stands for.
var ErrDamaged = errors.New("the blob is damaged")

// ErrForeign says that a place holds a blob that was encrypted under another key: somebody else's.
var ErrForeign = errors.New("the place holds a blob of another installation")

// Store keeps blobs. Its methods may be called by many goroutines and many nodes at once. When the storage
// fails the error is a *desk.Error of code Unavailable with the cause inside; the end of ctx comes as ctx's own error.
type Store interface {
	// Put stores a content durably and returns its name, 64 lower-case hexadecimal digits. A content that is
	// there already is not stored twice. The caller keeps content and may change it after the return.
	Put(ctx context.Context, content []byte) (name string, err error)
	// Get returns the content of a name. The error wraps ErrNotFound or ErrDamaged when there is none to return.
	Get(ctx context.Context, name string) ([]byte, error)
	// Sealed returns a blob as it is stored, encrypted, after it was found whole. The error wraps ErrNotFound or
	// ErrDamaged when there is none to return.
	Sealed(ctx context.Context, name string) ([]byte, error)
	// PutSealed stores durably what Sealed returned, here or elsewhere. The error wraps ErrDamaged when it does not
	// open to the content of that name, and ErrForeign when the place holds another blob of that name, which stays.
	PutSealed(ctx context.Context, name string, sealed []byte) error
	// Remove removes a blob. One that is not there is as good as removed.
	Remove(ctx context.Context, name string) error
	// Sweep removes what writes that a crash ended have left behind, and returns how much that was.
	Sweep(ctx context.Context) (int, error)
	// Check writes a small blob, reads it back and removes it, and says what went wrong.
	Check(ctx context.Context) error
}

// Options of a store.
type Options struct {
	// Seal encrypts a content for the blob of that name. Required.
	Seal func(content []byte, name string) []byte
	// Open decrypts what Seal returned for the same name, or fails. It may do so in place. Required.
	Open func(sealed []byte, name string) ([]byte, error)
	// S3 says who we are to an S3 server. Only for locations that begin with s3://.
	S3 S3Options
}

// Open opens the store at a location and tries it at once. A location is a folder, made when it is missing, or
// `s3://bucket/prefix?endpoint=https://host:port&region=name` (both parameters optional: Amazon's own).
func Open(ctx context.Context, location string, o Options) (Store, error) {
	if o.Seal == nil || o.Open == nil {
		return nil, errors.New("blob: Options.Seal and Options.Open are required")
	}
	scheme, _, isURL := strings.Cut(location, "://")
	var store Store
	var err error
	switch {
	case location == "":
		err = errors.New("the place for attachments is empty: name a folder or s3://bucket")
	case !isURL:
		store, err = openFolder(location, o)
	case scheme == "s3":
		store, err = openBucket(location, o)
	default:
		err = errors.New("the place for attachments must be a folder or begin with s3://")
	}
	if err != nil {
		return nil, err
	}
	if err := store.Check(ctx); err != nil {
		return nil, fmt.Errorf("the place for attachments cannot be used: %w", err)
	}
	return store, nil
}

// NameOf returns the name that Put will return for a content. It returns an Error of code TooLarge for one that is larger
// than a store takes.
func NameOf(content []byte) (string, error) {
	if len(content) > MaxBytes {
		return "", desk.Fail(desk.TooLarge, desk.BodyTooLarge, strconv.Itoa(MaxBytes>>20))
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:]), nil
}

// checkName refuses what is no name of a blob, so that nothing else ever becomes a path.
func checkName(name string) error {
	if raw, err := hex.DecodeString(name); err != nil || len(raw) != sha256.Size {
		return fmt.Errorf("%q is no name of a blob: %w", name, ErrNotFound)
	}
	return nil
}

// place returns where a blob lies: below two levels of folders, so that none grows large.
func place(name string) string { return path.Join(name[:2], name[2:4], name) }

// unseal decrypts a stored blob and compares the content with the name. A blob that decrypts can still be wrong:
// the program that wrote it may have been.
func (o Options) unseal(sealed []byte, name string) ([]byte, error) {
	content, err := o.Open(sealed, name)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	sum := sha256.Sum256(content)
	if hex.EncodeToString(sum[:]) != name {
		return nil, fmt.Errorf("blob %s: %w: the content has another checksum", name, ErrDamaged)
	}
	return content, nil
}

// medium is where sealed blobs lie. at is a slash-separated path.
type medium interface {
	write(ctx context.Context, at string, sealed []byte) error
	read(ctx context.Context, at string) ([]byte, error)
	remove(ctx context.Context, at string) error
}

// check takes a small blob through everything that Put and Get do, at a place of its own.
func check(ctx context.Context, m medium, o Options) error {
	at := "probe-" + rand.Text()
	content := []byte("written to see whether the place for attachments works")
	if err := m.write(ctx, at, o.Seal(content, at)); err != nil {
		return err
	}
	sealed, err := m.read(ctx, at)
	if removed := m.remove(ctx, at); err == nil {
		err = removed
	}
	if err != nil {
		return err
	}
	if back, err := o.Open(sealed, at); err != nil || !bytes.Equal(back, content) {
		return fmt.Errorf("%w: what was written is not what is read", ErrDamaged)
	}
	return nil
}

// readSealed reads a blob of a known size into memory of that size.
func readSealed(r io.Reader, size int64) ([]byte, error) {
	if size < 0 {
		return nil, errors.New("the server does not tell the size of the blob")
	}
	if size > maxStored {
		return nil, fmt.Errorf("%w: %d bytes are more than any blob has", ErrDamaged, size)
	}
	sealed := make([]byte, size)
	_, err := io.ReadFull(r, sealed)
	return sealed, err
}

// unavailable makes the error that a caller may see out of a failure of the storage.
func unavailable(ctx context.Context, doing string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", doing, ctx.Err())
	}
	return &desk.Error{
		Code: desk.Unavailable, Text: desk.TryLater, Args: []string{strconv.Itoa(int(retryAfter.Seconds()))},
		RetryAfter: retryAfter, Err: fmt.Errorf("%s: %w", doing, err),
	}
}
