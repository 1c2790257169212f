package app

import (
	"context"
	"errors"
	"net/netip"
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
// the provider by a key: its tickets may have been forwarded already.
func (a *App) CreateKey(ctx context.Context, actor desk.Actor, n NewKey) (CreatedKey, error) {
	if strings.TrimSpace(n.Name) == "" {
		return CreatedKey{}, desk.Faults{{Path: "name", Text: desk.Required}}.Err()
	}
	if n.Partner == "" {
		n.Partner = n.Name
	}
	now := a.now()
	text, secret := auth.NewAPIKey(), auth.NewWebhookSecret()
	k := desk.APIKey{ID: desk.NewID(now), Name: n.Name, Prefix: text.Prefix, Hash: text.Hash, Permissions: n.Permissions,
		AllowNets: unmapped(n.AllowNets), Rate: n.Rate, CreatedAt: now, ExpiresAt: n.Expires}
	k.WebhookSecret = a.keyring.Seal([]byte(secret), "api_key", "webhook_secret", k.ID)
	fresh := desk.Partner{ID: desk.NewID(now), Name: n.Partner, Sociomile: n.Sociomile, CreatedAt: now}
	err := a.store.Write(ctx, func(tx *store.Tx) error {
		tx.InsertPartner(fresh)
		partner, err := tx.PartnerByName(n.Partner)
		if err != nil {
			return err
		}
		if n.Sociomile && !partner.Sociomile {
			return desk.Faults{{Path: "sociomile", Text: desk.NotAllowedForKey}}.Err()
		}
		k.PartnerID, k.PartnerName = partner.ID, partner.Name
		tx.InsertKey(k)
		tx.ConfigurationChanged()
		tx.Audit(desk.NewAudit(now, actor, "key.create", k.ID, desk.OutcomeOK))
		return nil
	})
	return CreatedKey{Key: k, Text: text.Text, WebhookSecret: secret}, err
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

// RotateKey replaces a key by a new one with the same partner, name, rights and webhook secret, and ends the old one.
// One that expires can be used for as long as the old one from its beginning, so that keys are rotated before they
// expire. It returns an Error of code NotFound when there is no such key in use.
func (a *App) RotateKey(ctx context.Context, actor desk.Actor, id string) (CreatedKey, error) {
	if !storable(id) {
		return CreatedKey{}, noKey(store.ErrNotFound)
	}
	now := a.now()
	text := auth.NewAPIKey()
	created := CreatedKey{Text: text.Text}
	err := a.store.Write(ctx, func(tx *store.Tx) error {
		old, err := tx.KeyByID(id)
		if err != nil {
			return err
		}
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
		created.Key, created.WebhookSecret = k, string(secret)
		tx.RevokeKey(id, now)
		tx.InsertKey(k)
		tx.ConfigurationChanged()
		tx.Audit(desk.NewAudit(now, actor, "key.rotate", id, desk.OutcomeOK))
		return nil
	})
	return created, noKey(err)
}

// CreateAgent makes an employee who can be given tickets. It returns an Error of code Conflict when one of that e-mail
// exists.
func (a *App) CreateAgent(ctx context.Context, actor desk.Actor, agent desk.Agent) (desk.Agent, error) {
	now := a.now()
	agent.ID, agent.Email, agent.Active = desk.NewID(now), desk.ByEmail.Normalize(agent.Email), true
	if err := agent.Check(); err != nil {
		return agent, err
	}
	err := a.store.Write(ctx, func(tx *store.Tx) error {
		tx.InsertAgent(agent)
		tx.Audit(desk.NewAudit(now, actor, "agent.create", agent.ID, desk.OutcomeOK))
		return nil
	})
	if errors.Is(err, store.ErrExists) {
		return agent, desk.Fail(desk.Conflict, desk.AgentExists)
	}
	return agent, err
}
