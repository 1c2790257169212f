package app

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"banksulutgo.co.id/servicedesk/auth"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store"
)

// Watching intervals: what an operator changes takes effect on every node within a second.
const (
	watchEvery  = 250 * time.Millisecond
	trustKeyFor = time.Second // without a successful look at the database, keys are read again
)

// keyCache remembers keys that were read, as long as the watch says that nothing changed.
type keyCache struct {
	mu      *sync.RWMutex
	keys    map[string]desk.APIKey // by hash
	version *int64
	looked  *time.Time
}

func newKeyCache() keyCache {
	return keyCache{mu: new(sync.RWMutex), keys: map[string]desk.APIKey{}, version: new(int64), looked: new(time.Time)}
}

// get returns a remembered key while the watch is fresh.
func (c keyCache) get(hash string, now time.Time) (desk.APIKey, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	k, ok := c.keys[hash]
	age := now.Sub(*c.looked)
	return k, ok && age >= 0 && age < trustKeyFor // the clock may have been set back
}

// put remembers a key that was read while the configuration had a version.
func (c keyCache) put(k desk.APIKey, version int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if *c.version == version {
		c.keys[k.Hash] = k
	}
}

// look notes that the configuration has a version at a time, and forgets the keys that were read before it.
func (c keyCache) look(version int64, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	*c.looked = now
	if *c.version != version {
		*c.version = version
		clear(c.keys)
	}
}

// Authenticate finds who an API key belongs to. For every kind of bad key it returns the same Error of code
// Unauthorized, whose cause says which kind, for the log.
func (a *App) Authenticate(ctx context.Context, key string, from netip.Addr) (desk.APIKey, desk.Actor, error) {
	if key == "" {
		return desk.APIKey{}, desk.Actor{}, unauthorized(errors.New("no key was given"))
	}
	hash, err := auth.ParseAPIKey(key)
	if err != nil {
		return desk.APIKey{}, desk.Actor{}, unauthorized(err)
	}
	k, err := a.key(ctx, hash)
	if errors.Is(err, store.ErrNotFound) {
		return desk.APIKey{}, desk.Actor{}, unauthorized(errors.New("the key is not known"))
	}
	if err != nil {
		return desk.APIKey{}, desk.Actor{}, err
	}
	if !auth.SameHash(k.Hash, hash) {
		return desk.APIKey{}, desk.Actor{}, unauthorized(errors.New("the key is not known"))
	}
	// A revoked key is not good on a node whose clock is late either.
	if now := a.now(); !k.RevokedAt.IsZero() || !k.Usable(now, from) {
		return desk.APIKey{}, desk.Actor{}, unauthorized(fmt.Errorf("key %s %s", k.ID, whyNot(k, now)))
	}
	return k, desk.Actor{Kind: desk.ByPartner, ID: k.ID, Name: k.Name, PartnerID: k.PartnerID, PartnerName: k.PartnerName,
		Test: k.Test, Provider: k.Provider, Permissions: k.Permissions, Address: from}, nil
}

// whyNot says, for the log, what is wrong with a key that cannot be used.
func whyNot(k desk.APIKey, now time.Time) string {
	switch {
	case !k.RevokedAt.IsZero():
		return "is revoked"
	case !k.ExpiresAt.IsZero() && !now.Before(k.ExpiresAt):
		return "has expired"
	}
	return "was used from an address that is not allowed"
}

func unauthorized(cause error) error {
	return &desk.Error{Code: desk.Unauthorized, Text: desk.UnauthorizedText, Err: cause}
}

// key reads a key, from memory when that is fresh.
func (a *App) key(ctx context.Context, hash string) (desk.APIKey, error) {
	if k, ok := a.keys.get(hash, a.now()); ok {
		return k, nil
	}
	var k desk.APIKey
	var version int64
	err := a.store.Read(ctx, func(tx *store.Tx) (err error) {
		if version, err = tx.Configuration(); err != nil {
			return err
		}
		k, err = tx.KeyByHash(hash)
		return err
	})
	if err == nil {
		a.keys.put(k, version)
	}
	return k, err
}

// refresh looks whether keys or reference data changed, and reads the reference data again when they did, or when that
// failed the last time.
func (a *App) refresh(ctx context.Context) error {
	var version int64
	now := a.now()
	err := a.store.Read(ctx, func(tx *store.Tx) (err error) {
		version, err = tx.Configuration()
		return err
	})
	if err != nil {
		return err
	}
	a.keys.look(version, now)
	if a.referenceVersion.Load() == version {
		return nil
	}
	var reference *desk.Reference
	err = a.store.Read(ctx, func(tx *store.Tx) (err error) {
		if version, err = tx.Configuration(); err != nil {
			return err
		}
		reference, err = tx.Reference()
		return err
	})
	if err == nil {
		a.reference.Store(reference)
		a.referenceVersion.Store(version)
	}
	return err
}

// Watch keeps what this node remembers of keys and reference data true until ctx ends, by looking every so often.
func (a *App) Watch(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := a.refresh(ctx); err != nil && ctx.Err() == nil {
			a.log.Warn("looking for changed keys and reference data failed", "error", err)
		}
	}
}
