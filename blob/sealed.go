package blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
)

// readWhole reads a blob as it is stored. It opens a copy: opening may destroy what it is given.
func readWhole(ctx context.Context, m medium, o Options, name string) ([]byte, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	sealed, err := m.read(ctx, place(name))
	if err != nil {
		return nil, err
	}
	if _, err := o.unseal(bytes.Clone(sealed), name); err != nil {
		return nil, err
	}
	return sealed, nil
}

// putWhole stores a sealed blob, unless it is there already, and reports whether it was.
func putWhole(ctx context.Context, m medium, o Options, name string, sealed []byte) (stored bool, err error) {
	if err := o.CheckSealed(name, sealed); err != nil {
		return false, err
	}
	there, err := m.read(ctx, place(name))
	switch {
	case errors.Is(err, ErrNotFound):
		return false, m.write(ctx, place(name), sealed)
	case err != nil:
		return false, err
	case bytes.Equal(there, sealed):
		return true, nil
	}
	if _, err := o.unseal(there, name); err != nil {
		return false, fmt.Errorf("blob %s: %w", name, ErrForeign)
	}
	return true, nil
}

// CheckSealed finds out whether a sealed blob opens to the content of its name. The error wraps ErrNotFound when the
// name is none, else ErrDamaged.
func (o Options) CheckSealed(name string, sealed []byte) error {
	if err := checkName(name); err != nil {
		return err
	}
	_, err := o.unseal(bytes.Clone(sealed), name)
	return err
}

func removeBlob(ctx context.Context, m medium, name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return unavailable(ctx, "remove a blob", err)
	}
	return m.remove(ctx, place(name))
}
