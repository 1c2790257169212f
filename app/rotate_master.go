package app

import (
	"context"
	"errors"
	"fmt"

	"banksulutgo.co.id/servicedesk/auth"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store"
)

// nextKey is what a key file's name ends with until the database knows the key.
const nextKey = ".new"

// RotatedMaster tells of a new master key.
type RotatedMaster struct {
	Old, New string // fingerprints; the old key file has its own at the end of its name now
}

// RotateMasterKey wraps the data keys of an installation by a new master key and puts that in the place of the key
// file. The data keys stay: nodes that run go on, and need the new file at their next start.
//
// It may be cut off anywhere: first the new key is durable beside the old one, then one transaction makes it the
// installation's, then it takes the old one's place. Install does the last step when it finds it undone, and a new key
// that never became the installation's is the one that the next rotation takes.
func RotateMasterKey(ctx context.Context, s *store.Store, actor desk.Actor, keyFile string) (RotatedMaster, error) {
	old, wrapped, err := openMaster(ctx, s, keyFile)
	if err != nil {
		return RotatedMaster{}, err
	}
	ring, err := auth.OpenKeyring(old, wrapped)
	if err != nil {
		return RotatedMaster{}, err
	}
	fresh, err := auth.CreateMasterKey(keyFile + nextKey)
	if err != nil {
		return RotatedMaster{}, err
	}
	rewrapped, err := ring.Rewrap(fresh)
	if err != nil {
		return RotatedMaster{}, err
	}
	rotated := RotatedMaster{Old: old.Fingerprint(), New: fresh.Fingerprint()}
	entry := desk.NewAudit(s.Now(), actor, "masterkey.rotate", rotated.New, desk.OutcomeOK)
	err = s.Write(ctx, func(tx *store.Tx) error {
		tx.ReplaceSetting(store.FingerprintSetting, rotated.Old, rotated.New)
		for _, k := range rewrapped {
			tx.RewrapDataKey(store.DataKey{ID: k.ID, Purpose: k.Purpose, Wrapped: k.Wrapped})
		}
		tx.Audit(entry)
		return nil
	})
	if errors.Is(err, store.ErrChanged) {
		return RotatedMaster{}, errors.New("the master key was rotated by somebody else at the same time")
	}
	if err != nil {
		return RotatedMaster{}, err
	}
	return rotated, auth.ReplaceMasterKey(keyFile, keyFile+nextKey, fresh)
}

// openMaster reads the installation's own master key and the data keys that it wraps.
func openMaster(ctx context.Context, s *store.Store, keyFile string) (auth.MasterKey, []auth.WrappedKey, error) {
	known, err := fingerprint(ctx, s)
	if err != nil {
		return auth.MasterKey{}, nil, err
	}
	master, err := auth.LoadMasterKey(keyFile)
	if err == nil {
		master, err = ownMaster(keyFile, master, known)
	}
	if err != nil {
		return auth.MasterKey{}, nil, err
	}
	wrapped, err := wrappedKeys(ctx, s)
	return master, wrapped, err
}

// ownMaster returns the master key whose fingerprint the database knows: the one of the key file or, after a rotation
// that was cut off, the one beside it, which it puts in its place.
func ownMaster(keyFile string, master auth.MasterKey, known string) (auth.MasterKey, error) {
	if known == master.Fingerprint() {
		return master, nil
	}
	next, err := auth.LoadMasterKey(keyFile + nextKey)
	if err == nil && known == next.Fingerprint() {
		return next, auth.ReplaceMasterKey(keyFile, keyFile+nextKey, next)
	}
	return master, fmt.Errorf("the key file %s is not the one of this installation: it has fingerprint %s, the database knows %s. "+
		"Copy the key file of the first node here, or name it with SERVICEDESK_KEY_FILE", keyFile, master.Fingerprint(), known)
}
