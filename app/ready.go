package app

import (
	"context"
	"errors"
	"fmt"
)

// Ready tests what the desk cannot do without: a durable write, the place of the attachments, and the keys. It returns
// what is wrong, for the operator.
func (a *App) Ready(ctx context.Context) error {
	return errors.Join(
		named("database", a.store.Beat(ctx)),
		named("attachments", a.blobs.Check(ctx)),
		named("keys", a.checkKeys()),
	)
}

func named(what string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// checkKeys seals something and opens it again.
func (a *App) checkKeys() error {
	sealed := a.keyring.Seal([]byte("ready"), "ready", "probe", "1")
	opened, err := a.keyring.Open(sealed, "ready", "probe", "1")
	if err == nil && string(opened) != "ready" {
		err = errors.New("what was sealed came back changed")
	}
	return err
}
