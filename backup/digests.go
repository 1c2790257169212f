package backup

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
)

// digests is a set of SHA-256 sums: 32 bytes for each, for there may be millions.
type digests struct{ all [][sha256.Size]byte }

// add puts in a sum of 64 hexadecimal digits.
func (d *digests) add(text string) error {
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != sha256.Size || hex.EncodeToString(raw) != text {
		return fmt.Errorf("%w: %q is no SHA-256", ErrDamaged, text)
	}
	d.all = append(d.all, [sha256.Size]byte(raw))
	return nil
}

// equal reports whether two sets are the same.
func (d *digests) equal(other *digests) bool {
	d.settle()
	other.settle()
	return slices.Equal(d.all, other.all)
}

// settle makes a set of what was put in.
func (d *digests) settle() {
	slices.SortFunc(d.all, func(a, b [sha256.Size]byte) int { return bytes.Compare(a[:], b[:]) })
	d.all = slices.Compact(d.all)
}
