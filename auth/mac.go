package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"
	"sync"
)

// macs computes HMAC-SHA256 by one key. The state after the key is kept, so that short texts cost little.
type macs struct {
	pool sync.Pool // of *mac
}

// mac is one computation. Its buffer carries texts to the hash without a copy of the whole text.
type mac struct {
	h      hash.Hash
	buffer [1024]byte
}

// setMACs puts a key in its place, which must be free: hashes by two keys could not be compared.
func setMACs(place **macs, key dataKey) error {
	if *place != nil {
		return errors.New("there are two keys for " + key.purpose)
	}
	*place = &macs{pool: sync.Pool{New: func() any {
		return &mac{h: hmac.New(sha256.New, key.secret)}
	}}}
	return nil
}

// sum authenticates the parts, each behind its length so that they cannot run into one another, and the tail.
func (ms *macs) sum(tail []byte, parts ...string) (sum [sha256.Size]byte) {
	m := ms.pool.Get().(*mac)
	defer ms.pool.Put(m)
	m.h.Reset()
	for _, p := range parts {
		m.write(p)
	}
	m.h.Write(tail)
	copy(sum[:], m.h.Sum(m.buffer[:0]))
	return sum
}

// write feeds a text and its length to the hash.
func (m *mac) write(text string) {
	n := binary.PutUvarint(m.buffer[:], uint64(len(text)))
	m.h.Write(m.buffer[:n])
	for len(text) > 0 {
		n := copy(m.buffer[:], text)
		m.h.Write(m.buffer[:n])
		text = text[n:]
	}
}
