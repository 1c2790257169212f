package app

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/auth"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store"
)

// NewKey says what an API key shall be.
type NewKey struct {
	Name        string
	Partner     string // name of the partner; empty: one of the key's name
	Sociomile   bool   // a new partner is the provider itself
	Test        bool   // works on tickets for tests, which belong to a partner of their own
	Permissions desk.Permissions
	AllowNets   []netip.Prefix // empty: from anywhere
	Rate        int            // requests a second; 0: no limit
	Expires     time.Time      // zero: never
}

// CreatedKey is a new key; Text and WebhookSecret are told this once.
type CreatedKey struct {
	Key           desk.APIKey
	Text          string
	WebhookSecret string
}

// CreateKey makes an API key, and its partner when there is none of that name. A partner that exists does not become
// the provider by a key: its tickets may have been forwarded already. A test key can neither manage nor be the provider's.
// What cannot be is told by an Error of code Invalid that names the field.
func (a *App) CreateKey(ctx context.Context, actor desk.Actor, n NewKey) (CreatedKey, error) {
	if strings.TrimSpace(n.Name) == "" {
		return CreatedKey{}, desk.Faults{{Path: "name", Text: desk.Required}}.Err()
	}
	if err := n.checkTest(); err != nil {
		return CreatedKey{}, err
	}
	if n.Partner == "" {
		n.Partner = n.Name
	}
	now := a.now()
	text, secret := keyText(n.Test), auth.NewWebhookSecret()
	k := desk.APIKey{ID: desk.NewID(now), Name: n.Name, Prefix: text.Prefix, Hash: text.Hash, Permissions: n.Permissions,
		AllowNets: unmapped(n.AllowNets), Rate: n.Rate, CreatedAt: now, ExpiresAt: n.Expires}
	k.WebhookSecret = a.keyring.Seal([]byte(secret), "api_key", "webhook_secret", k.ID)
	fresh := desk.Partner{ID: desk.NewID(now), Name: n.Partner, Sociomile: n.Sociomile, CreatedAt: now}
	tests := desk.Partner{ID: desk.NewID(now), Name: n.Partner + ofTests, CreatedAt: now}
	err := a.store.Write(ctx, func(tx *store.Tx) error {
		partner, err := partnerOf(tx, n, fresh)
		if err != nil {
			return err
		}
		k.PartnerID, k.PartnerName, k.Test, k.Provider = partner.ID, partner.Name, n.Test, partner.Sociomile
		if n.Test {
			if k.PartnerID, err = partnerOfTests(tx, partner, tests); err != nil {
				return err
			}
		}
		tx.InsertKey(k)
		tx.ConfigurationChanged()
		tx.Audit(desk.NewAudit(now, actor, "key.create", k.ID, desk.OutcomeOK))
		return nil
	})
	return CreatedKey{Key: k, Text: text.Text, WebhookSecret: secret}, err
}

// ofTests ends the name of the partner that a partner's tests belong to.
const ofTests = " (test)"

// checkTest refuses what a test key cannot be.
func (n NewKey) checkTest() error {
	var faults desk.Faults
	if n.Test && n.Permissions.Allow(desk.MayManage) {
		faults.Add("permissions", desk.NotAllowedForKey)
	}
	if n.Test && n.Sociomile {
		faults.Add("sociomile", desk.NotAllowedForKey)
	}
	return faults.Err()
}

// keyText makes the text of a key.
func keyText(test bool) auth.APIKey {
	if test {
		return auth.NewTestAPIKey()
	}
	return auth.NewAPIKey()
}

// partnerOf finds the partner of a new key, which is made when there is none.
func partnerOf(tx *store.Tx, n NewKey, fresh desk.Partner) (desk.Partner, error) {
	tx.InsertPartner(fresh)
	partner, err := tx.PartnerByName(n.Partner)
	switch {
	case err != nil:
		return partner, err
	case partner.TestOf != "": // only a test key belongs to it, which names the other one
		return partner, desk.Faults{{Path: "partner", Text: desk.NotAllowedForKey}}.Err()
	case n.Sociomile && !partner.Sociomile:
		return partner, desk.Faults{{Path: "sociomile", Text: desk.NotAllowedForKey}}.Err()
	}
	return partner, nil
}

// partnerOfTests finds the partner that a partner's tests belong to, which is made when there is none.
func partnerOfTests(tx *store.Tx, partner, fresh desk.Partner) (id string, err error) {
	fresh.TestOf = partner.ID
	tx.InsertPartner(fresh)
	tests, err := tx.PartnerOfTests(partner.ID)
	if errors.Is(err, store.ErrNotFound) { // a real partner has that name
		err = desk.Faults{{Path: "partner", Text: desk.NotAllowedForKey}}.Err()
	}
	return tests.ID, err
}

// unmapped writes networks of IPv4 addresses in IPv6 form as what they are: addresses are compared in that form.
func unmapped(nets []netip.Prefix) []netip.Prefix {
	plain := make([]netip.Prefix, len(nets))
	for i, n := range nets {
		if n.Addr().Is4In6() && n.Bits() >= 96 {
			n = netip.PrefixFrom(n.Addr().Unmap(), n.Bits()-96)
		}
		plain[i] = n
	}
	return plain
}

// Keys lists all keys, the oldest first.
func (a *App) Keys(ctx context.Context) (keys []desk.APIKey, err error) {
	err = a.store.Read(ctx, func(tx *store.Tx) (err error) {
		keys, err = tx.Keys()
		return err
	})
	return keys, err
}

// RevokeKey ends a key on every node within a second. Its partner's deliveries go on. It returns an Error of code
// NotFound when there is no such key in use.
func (a *App) RevokeKey(ctx context.Context, actor desk.Actor, id string) error {
	if !storable(id) {
		return noKey(store.ErrNotFound)
	}
	now := a.now()
	err := a.store.Write(ctx, func(tx *store.Tx) error {
		tx.RevokeKey(id, now)
		tx.ConfigurationChanged()
		tx.Audit(desk.NewAudit(now, actor, "key.revoke", id, desk.OutcomeOK))
		return nil
	})
	return noKey(err)
}

func noKey(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return desk.Fail(desk.NotFound, desk.KeyNotFound)
	}
	return err
}

// RotateKey replaces a key by a new one with the same partner, name, rights and webhook secret, and ends the old one. The
// new one of a test key is a test key.
// One that expires can be used for as long as the old one from its beginning, so that keys are rotated before they
// expire. It returns an Error of code NotFound when there is no such key in use.
func (a *App) RotateKey(ctx context.Context, actor desk.Actor, id string) (CreatedKey, error) {
	if !storable(id) {
		return CreatedKey{}, noKey(store.ErrNotFound)
	}
	now := a.now()
	texts := map[bool]auth.APIKey{true: keyText(true), false: keyText(false)}
	var created CreatedKey
	err := a.store.Write(ctx, func(tx *store.Tx) error {
		old, err := tx.KeyByID(id)
		if err != nil {
			return err
		}
		text := texts[old.Test]
		secret, err := a.keyring.Open(old.WebhookSecret, "api_key", "webhook_secret", old.ID)
		if err != nil {
			return err
		}
		k := old
		k.ID, k.Prefix, k.Hash, k.CreatedAt, k.RevokedAt = desk.NewID(now), text.Prefix, text.Hash, now, time.Time{}
		if !old.ExpiresAt.IsZero() {
			k.ExpiresAt = now.Add(old.ExpiresAt.Sub(old.CreatedAt))
		}
		k.WebhookSecret = a.keyring.Seal(secret, "api_key", "webhook_secret", k.ID)
		created = CreatedKey{Key: k, Text: text.Text, WebhookSecret: string(secret)}
		tx.RevokeKey(id, now)
		tx.InsertKey(k)
		tx.ConfigurationChanged()
		tx.Audit(desk.NewAudit(now, actor, "key.rotate", id, desk.OutcomeOK))
		return nil
	})
	return created, noKey(err)
}

// CreateAgent makes an employee who can be given tickets, and who can sign in when a hash of a password is given. mustChange
// says that the employee has to choose another password first. It returns an Error of code Conflict when one of that e-mail
// exists, and one of code Invalid that names what is wrong.
func (a *App) CreateAgent(ctx context.Context, actor desk.Actor, agent desk.Agent, mustChange bool) (desk.Agent, error) {
	now := a.now()
	agent.ID, agent.Email, agent.Active, agent.Since = desk.NewID(now), desk.ByEmail.Normalize(agent.Email), true, now
	agent.Groups = slices.Compact(slices.Sorted(slices.Values(agent.Groups)))
	if err := agent.Check(); err != nil {
		return agent, err
	}
	if err := agent.CheckPlaces(a.Reference()); err != nil {
		return agent, err
	}
	err := a.store.Write(ctx, func(tx *store.Tx) error {
		tx.InsertAgent(agent, mustChange)
		tx.Audit(desk.NewAudit(now, actor, "agent.create", agent.ID, desk.OutcomeOK))
		return nil
	})
	if errors.Is(err, store.ErrExists) {
		return agent, desk.Fail(desk.Conflict, desk.AgentExists)
	}
	return agent, err
}
