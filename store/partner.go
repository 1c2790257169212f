package store

import (
	"net/netip"
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store/internal/sql"
)

// InsertPartner stores a partner unless one of that name exists.
func (tx *Tx) InsertPartner(p desk.Partner) {
	tx.sql.Exec(`INSERT INTO partner (id, name, sociomile, feed_head, created_at, test_of) VALUES ($1, $2, $3, 0, $4, $5) ON CONFLICT (name) DO NOTHING`,
		p.ID, p.Name, p.Sociomile, sql.Micros(p.CreatedAt), p.TestOf)
}

// PartnerByName reads a partner, or ErrNotFound.
func (tx *Tx) PartnerByName(name string) (desk.Partner, error) {
	return tx.partner(`name = $1`, name)
}

// PartnerOfTests reads the partner whose tickets are the tests of another one, or ErrNotFound.
func (tx *Tx) PartnerOfTests(testOf string) (desk.Partner, error) {
	return tx.partner(`test_of = $1 AND test_of <> ''`, testOf)
}

func (tx *Tx) partner(where string, arg any) (desk.Partner, error) {
	var p desk.Partner
	var created int64
	err := tx.sql.One(`SELECT id, name, sociomile, created_at, test_of FROM partner WHERE `+where, []any{arg}, &p.ID, &p.Name, &p.Sociomile, &created, &p.TestOf)
	p.CreatedAt = sql.At(created)
	return p, err
}

// InsertKey stores an API key.
func (tx *Tx) InsertKey(k desk.APIKey) {
	tx.sql.Exec(`INSERT INTO api_key (id, partner_id, name, prefix, hash, permissions, webhook_secret, allow_nets, rate, created_at, expires_at, revoked_at)
 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		k.ID, k.PartnerID, k.Name, k.Prefix, k.Hash, k.Permissions.String(), k.WebhookSecret, prefixes(k.AllowNets), k.Rate,
		sql.Micros(k.CreatedAt), sql.Micros(k.ExpiresAt), sql.Micros(k.RevokedAt))
}

// RevokeKey ends a key. The transaction fails with ErrNotFound when there is no such key in use.
func (tx *Tx) RevokeKey(id string, when time.Time) {
	tx.sql.Expect(ErrNotFound, `UPDATE api_key SET revoked_at = $1 WHERE id = $2 AND revoked_at = 0`, sql.Micros(when), id)
}

const keyColumns = `k.id, k.partner_id, COALESCE(o.name, p.name), p.test_of <> '', p.sociomile, k.name, k.prefix, k.hash, k.permissions, k.webhook_secret, k.allow_nets, k.rate, k.created_at, k.expires_at, k.revoked_at`

// KeyByHash reads the key whose text has a hash, or ErrNotFound.
func (tx *Tx) KeyByHash(hash string) (desk.APIKey, error) {
	return tx.key(`k.hash = $1`, hash)
}

// KeyByID reads a key, or ErrNotFound.
func (tx *Tx) KeyByID(id string) (desk.APIKey, error) {
	return tx.key(`k.id = $1`, id)
}

func (tx *Tx) key(where string, arg any) (desk.APIKey, error) {
	found, err := tx.keys(`WHERE `+where, arg)
	switch {
	case err != nil:
		return desk.APIKey{}, err
	case len(found) == 0:
		return desk.APIKey{}, ErrNotFound
	}
	return found[0], nil
}

// Keys reads all keys, the oldest first.
func (tx *Tx) Keys() ([]desk.APIKey, error) {
	return tx.keys(`ORDER BY k.created_at, k.id`)
}

func (tx *Tx) keys(rest string, args ...any) ([]desk.APIKey, error) {
	var found []desk.APIKey
	err := tx.sql.Each(`SELECT `+keyColumns+` FROM api_key k JOIN partner p ON p.id = k.partner_id
 LEFT JOIN partner o ON o.id = p.test_of `+rest, args, func(scan func(dest ...any) error) error {
		var k desk.APIKey
		var permissions, nets string
		var created, expires, revoked int64
		err := scan(&k.ID, &k.PartnerID, &k.PartnerName, &k.Test, &k.Provider, &k.Name, &k.Prefix, &k.Hash, &permissions, &k.WebhookSecret, &nets, &k.Rate, &created, &expires, &revoked)
		if err != nil {
			return err
		}
		for p := range strings.SplitSeq(permissions, ",") {
			k.Permissions = append(k.Permissions, desk.Permission(p))
		}
		k.AllowNets = parsePrefixes(nets)
		k.CreatedAt, k.ExpiresAt, k.RevokedAt = sql.At(created), sql.At(expires), sql.At(revoked)
		found = append(found, k)
		return nil
	})
	return found, err
}

// prefixes keeps networks in one text.
func prefixes(nets []netip.Prefix) string {
	words := make([]string, len(nets))
	for i, n := range nets {
		words[i] = n.String()
	}
	return sql.Join(words)
}

// parsePrefixes reads what prefixes wrote. A network that cannot be read matches nothing, so that damage locks out
// rather than lets in.
func parsePrefixes(text string) []netip.Prefix {
	var nets []netip.Prefix
	for _, word := range sql.Split(text) {
		n, _ := netip.ParsePrefix(word)
		nets = append(nets, n)
	}
	return nets
}
