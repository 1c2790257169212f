package auth

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// ErrWrongMasterKey says that a wrapped data key does not open: the master key is another installation's, or
// the wrapped key is damaged.
var ErrWrongMasterKey = errors.New("the data keys do not open with this master key: " +
	"it belongs to another installation, or they are damaged")

// ErrNotOpened says that sealed content does not open: it is damaged, was moved here from elsewhere, or the
// keyring lacks its key. Which of them is not told, because the one who asks may be the one who changed it.
var ErrNotOpened = errors.New("sealed content does not open: it is damaged or belongs elsewhere")

// The uses of data keys. Each has a key of its own, so that nothing made for one use means anything in another.
const (
	purposeField  = "field"  // seals values in columns
	purposeBlob   = "blob"   // seals attachments
	purposeHash   = "hash"   // hashes values that are searched by equality
	purposeChain  = "chain"  // chains the audit log
	purposeDigest = "digest" // digests requests
)

// WrappedKey is a data key as the database keeps it: sealed by the master key and bound to its id and purpose.
type WrappedKey struct {
	ID      int64  // unique in the installation, above 0
	Purpose string // what the key is for
	Wrapped string // opens only with the master key
}

// dataKey is a data key in the clear.
type dataKey struct {
	id      int64
	purpose string
	secret  []byte
}

// Keyring holds the data keys of an installation, ready for use. Its methods may be called by many goroutines
// at once. It prints as "[redacted]".
type Keyring struct {
	hidden
	keys   []dataKey // kept for Rewrap
	fields sealers
	blobs  sealers
	hash   *macs
	chain  *macs
	digest *macs
}

// NewKeyring makes the data keys of a new installation out of bytes read from random (crypto/rand.Reader,
// except in tests) and returns them ready for use and wrapped by the master key, for the database.
func NewKeyring(m MasterKey, random io.Reader) (*Keyring, []WrappedKey, error) {
	var keys []dataKey
	for i, purpose := range []string{purposeField, purposeBlob, purposeHash, purposeChain, purposeDigest} {
		secret := make([]byte, keyBytes)
		if _, err := io.ReadFull(random, secret); err != nil {
			return nil, nil, fmt.Errorf("make data keys: %w", err)
		}
		keys = append(keys, dataKey{id: int64(i) + 1, purpose: purpose, secret: secret})
	}
	k, err := newKeyring(keys)
	if err != nil {
		return nil, nil, err
	}
	wrapped, err := k.Rewrap(m)
	if err != nil {
		return nil, nil, err
	}
	return k, wrapped, nil
}

// OpenKeyring unwraps the data keys that the database holds. Of several field or blob keys the one with the
// highest id seals, all of them open. The error wraps ErrWrongMasterKey when a key does not open.
func OpenKeyring(m MasterKey, wrapped []WrappedKey) (*Keyring, error) {
	keys := make([]dataKey, 0, len(wrapped))
	for _, w := range wrapped {
		secret, err := unwrap(m, w)
		if err != nil {
			return nil, fmt.Errorf("data key %d: %w", w.ID, err)
		}
		keys = append(keys, dataKey{id: w.ID, purpose: w.Purpose, secret: secret})
	}
	return newKeyring(keys)
}

// Rewrap wraps the same data keys by another master key. Everything sealed and hashed before stays valid.
func (k *Keyring) Rewrap(m MasterKey) ([]WrappedKey, error) {
	wrapped := make([]WrappedKey, 0, len(k.keys))
	for _, key := range k.keys {
		w, err := wrap(m, key)
		if err != nil {
			return nil, fmt.Errorf("data key %d: %w", key.id, err)
		}
		wrapped = append(wrapped, w)
	}
	return wrapped, nil
}

// newKeyring makes keys ready for use and refuses a set that cannot be right.
func newKeyring(keys []dataKey) (*Keyring, error) {
	k := &Keyring{keys: keys}
	seen := make(map[int64]bool)
	for _, key := range keys {
		if key.id <= 0 || seen[key.id] {
			return nil, fmt.Errorf("data key %d: ids must be unique and above 0", key.id)
		}
		seen[key.id] = true
		if err := k.add(key); err != nil {
			return nil, fmt.Errorf("data key %d: %w", key.id, err)
		}
	}
	if k.fields.newest == nil || k.blobs.newest == nil || k.hash == nil || k.chain == nil || k.digest == nil {
		return nil, errors.New("data keys are missing: restore the database from a backup")
	}
	return k, nil
}

// add puts a key in its place.
func (k *Keyring) add(key dataKey) error {
	switch key.purpose {
	case purposeField:
		return k.fields.add(key, textHead(key.id))
	case purposeBlob:
		return k.blobs.add(key, blobHead(key.id))
	case purposeHash:
		return setMACs(&k.hash, key)
	case purposeChain:
		return setMACs(&k.chain, key)
	case purposeDigest:
		return setMACs(&k.digest, key)
	}
	return fmt.Errorf("purpose %q is unknown: a newer program made it", key.purpose)
}

// wrap seals a data key by the master key.
func wrap(m MasterKey, key dataKey) (WrappedKey, error) {
	aead, err := m.wrapper()
	if err != nil {
		return WrappedKey{}, err
	}
	sealed := aead.Seal(nil, nil, key.secret, wrapBinding(key.id, key.purpose))
	text := formatVersion + ":" + base64.RawURLEncoding.EncodeToString(sealed)
	return WrappedKey{ID: key.id, Purpose: key.purpose, Wrapped: text}, nil
}

// unwrap opens a wrapped data key.
func unwrap(m MasterKey, w WrappedKey) ([]byte, error) {
	aead, err := m.wrapper()
	if err != nil {
		return nil, err
	}
	prefix := formatVersion + ":"
	if len(w.Wrapped) < len(prefix) || w.Wrapped[:len(prefix)] != prefix {
		return nil, ErrWrongMasterKey
	}
	sealed, err := decodeStrict(nil, []byte(w.Wrapped[len(prefix):]))
	if err != nil {
		return nil, ErrWrongMasterKey
	}
	secret, err := aead.Open(nil, nil, sealed, wrapBinding(w.ID, w.Purpose))
	if err != nil || len(secret) != keyBytes {
		return nil, ErrWrongMasterKey
	}
	return secret, nil
}

// wrapBinding ties a wrapped key to what it is for, so that rows of the key table cannot be exchanged.
func wrapBinding(id int64, purpose string) []byte {
	return bind(nil, strconv.FormatInt(id, 10), purpose)
}

// Hash returns 22 characters that are equal for equal values of a kind, for search by equality; without the
// keyring the value cannot be guessed from them. Spelling counts: the caller brings values to one form first.
func (k *Keyring) Hash(kind, value string) string {
	sum := k.hash.sum(nil, kind, value)
	var text [24]byte
	return string(base64.RawURLEncoding.AppendEncode(text[:0], sum[:16]))
}

// Digest returns 43 characters that are equal for equal lists of parts, to tell whether a request is the same
// as an earlier one.
func (k *Keyring) Digest(parts ...string) string {
	sum := k.digest.sum(nil, parts...)
	var text [48]byte
	return string(base64.RawURLEncoding.AppendEncode(text[:0], sum[:]))
}

// ChainMAC returns the 64 hexadecimal digits that seal an entry of the audit log to the one before it, whose
// own digits are previous (empty for the first entry).
func (k *Keyring) ChainMAC(previous string, entry []byte) string {
	sum := k.chain.sum(entry, previous)
	var text [64]byte
	return string(hex.AppendEncode(text[:0], sum[:]))
}
