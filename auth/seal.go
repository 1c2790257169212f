package auth

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

const (
	formatVersion = "1"       // first part of every sealed text
	blobVersion   = 1         // first byte of every sealed blob
	blobHeadBytes = 1 + 8     // version, key id
	maxScratch    = 256 << 10 // bytes; a larger buffer is given back instead of kept for the next call
)

// Seal encrypts the value of a column and returns the text `<version>:<key id>:<nonce and ciphertext>`, the
// last part in base64url. It opens only with the same table, column and row. Sealing the same value twice
// gives two texts.
func (k *Keyring) Seal(plain []byte, table, column, row string) string {
	s := k.fields.newest
	w := k.fields.scratch()
	defer k.fields.done(w)
	w.bound = bind(w.bound[:0], s.head, table, column, row)
	w.sealed = s.aead.Seal(w.sealed[:0], nil, plain, w.bound)
	w.text = append(w.text[:0], s.head...)
	w.text = base64.RawURLEncoding.AppendEncode(w.text, w.sealed)
	return string(w.text)
}

// Open decrypts what Seal returned for the same table, column and row. The error wraps ErrNotOpened and never
// contains anything of the content.
func (k *Keyring) Open(sealed, table, column, row string) ([]byte, error) {
	plain, err := k.open(sealed, table, column, row)
	if err != nil {
		return nil, fmt.Errorf("%s.%s of row %q: %w", table, column, row, err)
	}
	return plain, nil
}

func (k *Keyring) open(sealed, table, column, row string) ([]byte, error) {
	head, body := splitText(sealed)
	s, ok := k.fields.byHead[head]
	if !ok {
		return nil, ErrNotOpened
	}
	w := k.fields.scratch()
	defer k.fields.done(w)
	w.text = append(w.text[:0], body...)
	var err error
	if w.sealed, err = decodeStrict(w.sealed[:0], w.text); err != nil {
		return nil, ErrNotOpened
	}
	w.bound = bind(w.bound[:0], head, table, column, row)
	// Not in place: the content must not stay behind in a buffer that is used again.
	plain, err := s.aead.Open(nil, nil, w.sealed, w.bound)
	if err != nil {
		return nil, ErrNotOpened
	}
	return plain, nil
}

// SealBytes encrypts the content of a blob, bound to the blob's id, into one new slice 37 bytes longer.
func (k *Keyring) SealBytes(content []byte, id string) []byte {
	s := k.blobs.newest
	sealed := make([]byte, 0, blobHeadBytes+len(content)+s.aead.Overhead())
	sealed = append(sealed, s.head...)
	return s.aead.Seal(sealed, nil, content, bind(nil, s.head, id))
}

// OpenBytes decrypts what SealBytes returned for the same id. It decrypts in place, so that a large blob is in
// memory once: sealed must not be used afterwards, with success or without. The error wraps ErrNotOpened.
func (k *Keyring) OpenBytes(sealed []byte, id string) ([]byte, error) {
	if len(sealed) < blobHeadBytes {
		return nil, fmt.Errorf("blob %s: %w", id, ErrNotOpened)
	}
	s, ok := k.blobs.byHead[string(sealed[:blobHeadBytes])]
	if !ok {
		return nil, fmt.Errorf("blob %s: %w", id, ErrNotOpened)
	}
	body := sealed[blobHeadBytes:]
	content, err := s.aead.Open(body[:0:len(body)], nil, body, bind(nil, s.head, id))
	if err != nil {
		return nil, fmt.Errorf("blob %s: %w", id, ErrNotOpened)
	}
	return content, nil
}

// textHead is what a sealed text begins with; blobHead is the same for blobs.
func textHead(id int64) string {
	return formatVersion + ":" + strconv.FormatInt(id, 10) + ":"
}

func blobHead(id int64) string {
	return string(binary.BigEndian.AppendUint64([]byte{blobVersion}, uint64(id)))
}

// splitText cuts a sealed text after its second colon.
func splitText(sealed string) (head, body string) {
	first := strings.IndexByte(sealed, ':')
	second := strings.IndexByte(sealed[first+1:], ':')
	end := first + 1 + second + 1
	return sealed[:end], sealed[end:]
}

// bind appends parts to dst so that different lists of parts never give the same bytes.
func bind(dst []byte, parts ...string) []byte {
	for _, p := range parts {
		dst = binary.AppendUvarint(dst, uint64(len(p)))
		dst = append(dst, p...)
	}
	return dst
}

// decodeStrict appends the bytes of a base64url text. One text stands for given bytes and no other: stray line
// ends and unused bits, which the standard decoder ignores, are refused.
func decodeStrict(dst, text []byte) ([]byte, error) {
	before := len(dst)
	dst, err := base64.RawURLEncoding.Strict().AppendDecode(dst, text)
	if err == nil && base64.RawURLEncoding.EncodedLen(len(dst)-before) != len(text) {
		err = errors.New("auth: line ends inside base64")
	}
	return dst, err
}

// newAEAD makes AES-256-GCM that puts a random nonce before the ciphertext.
func newAEAD(secret []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// wrapper is the cipher that wraps data keys.
func (m MasterKey) wrapper() (cipher.AEAD, error) {
	if m.secret == nil {
		return nil, errors.New("no master key was loaded")
	}
	return newAEAD(m.derive("servicedesk wrap data keys", keyBytes))
}

// sealer is one key that seals, with the head that names it in what it sealed.
type sealer struct {
	id   int64
	head string
	aead cipher.AEAD
}

// sealers are the keys of one purpose. They are found by the head as it is written: a head spelled otherwise
// names no key.
type sealers struct {
	newest *sealer
	byHead map[string]*sealer
	pool   sync.Pool // of *scratch
}

// scratch is the room that sealing a text needs besides its result. It never holds content in the clear.
type scratch struct {
	bound, sealed, text []byte
}

// add makes a key known; the one with the highest id seals.
func (ss *sealers) add(key dataKey, head string) error {
	aead, err := newAEAD(key.secret)
	if err != nil {
		return err
	}
	if ss.byHead == nil {
		ss.byHead = make(map[string]*sealer)
	}
	s := &sealer{id: key.id, head: head, aead: aead}
	ss.byHead[head] = s
	if ss.newest == nil || s.id > ss.newest.id {
		ss.newest = s
	}
	return nil
}

func (ss *sealers) scratch() *scratch {
	if w, ok := ss.pool.Get().(*scratch); ok {
		return w
	}
	return new(scratch)
}

func (ss *sealers) done(w *scratch) {
	if cap(w.text) <= maxScratch {
		ss.pool.Put(w)
	}
}
