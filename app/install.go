package app

import (
	"context"
	"crypto/rand"
	"errors"
	"os"

	"banksulutgo.co.id/servicedesk/auth"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store"
)

// Install opens the installation's keys. On a new database it makes them, stores the reference data and the system
// user, and creates the key file when there is none. It refuses a key file that is not the installation's own, and
// never makes a new one for an old database.
func Install(ctx context.Context, s *store.Store, keyFile string, firstNumber int64) (*auth.Keyring, error) {
	known, err := fingerprint(ctx, s)
	if err != nil {
		return nil, err
	}
	master, err := auth.LoadMasterKey(keyFile)
	if errors.Is(err, os.ErrNotExist) && known == "" {
		master, err = auth.CreateMasterKey(keyFile)
	}
	if err != nil {
		return nil, err
	}
	if known == "" {
		if err := auth.SettleMasterKey(keyFile); err != nil {
			return nil, err
		}
		if err := install(ctx, s, master, firstNumber); err != nil {
			return nil, err
		}
		if known, err = fingerprint(ctx, s); err != nil { // another node may have been first
			return nil, err
		}
	}
	if master, err = ownMaster(keyFile, master, known); err != nil {
		return nil, err
	}
	return openKeyring(ctx, s, master)
}

// fingerprint reads the installation's fingerprint; empty on a new database.
func fingerprint(ctx context.Context, s *store.Store) (string, error) {
	var known string
	err := s.Read(ctx, func(tx *store.Tx) (err error) {
		known, err = Fingerprint(tx)
		return err
	})
	return known, err
}

// Fingerprint reads the fingerprint of the master key that belongs to the database; empty on a new one.
func Fingerprint(tx *store.Tx) (string, error) {
	known, err := tx.Setting(store.FingerprintSetting)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	return known, err
}

// install stores what a new installation begins with. When two nodes do it at once, one of them wins as a whole.
func install(ctx context.Context, s *store.Store, master auth.MasterKey, firstNumber int64) error {
	_, wrapped, err := auth.NewKeyring(master, rand.Reader)
	if err != nil {
		return err
	}
	now := s.Now()
	err = s.Write(ctx, func(tx *store.Tx) error {
		tx.ClaimSetting(store.FingerprintSetting, master.Fingerprint())
		for _, k := range wrapped {
			tx.InsertDataKey(store.DataKey{ID: k.ID, Purpose: k.Purpose, Wrapped: k.Wrapped})
		}
		tx.StartNumbers(firstNumber)
		tx.InsertAgent(desk.Agent{ID: desk.System().ID, Email: "system", Name: desk.SystemName, Role: desk.RoleSystem, Active: true}, false)
		tx.Audit(desk.NewAudit(now, desk.System(), "installation.create", "", desk.OutcomeOK))
		return tx.SeedReference()
	})
	if errors.Is(err, store.ErrExists) {
		return nil
	}
	return err
}

func openKeyring(ctx context.Context, s *store.Store, master auth.MasterKey) (*auth.Keyring, error) {
	wrapped, err := wrappedKeys(ctx, s)
	if err != nil {
		return nil, err
	}
	return auth.OpenKeyring(master, wrapped)
}

// wrappedKeys reads the data keys.
func wrappedKeys(ctx context.Context, s *store.Store) ([]auth.WrappedKey, error) {
	var wrapped []auth.WrappedKey
	err := s.Read(ctx, func(tx *store.Tx) error {
		keys, err := tx.DataKeys()
		for _, k := range keys {
			wrapped = append(wrapped, auth.WrappedKey{ID: k.ID, Purpose: k.Purpose, Wrapped: k.Wrapped})
		}
		return err
	})
	return wrapped, err
}
