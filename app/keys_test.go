package app_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/auth"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

var (
	operator = desk.Actor{Kind: desk.ByCommand, ID: "command", Name: "operator"}
	home     = netip.MustParseAddr("192.0.2.7")
)

// refused tries a key that must not be good, and returns the cause that the log gets.
func refused(t testing.TB, d *desktest.Desk, key string, from netip.Addr) string {
	t.Helper()
	k, actor, err := d.App.Authenticate(t.Context(), key, from)
	var e *desk.Error
	if !errors.As(err, &e) || k.ID != "" || actor.ID != "" {
		t.Errorf("got key %+v, actor %+v, %v; want an error alone", k, actor, err)
		return ""
	}
	told := *e
	told.Err = nil
	if diff := cmp.Diff(desk.Error{Code: desk.Unauthorized, Text: desk.UnauthorizedText}, told); diff != "" {
		t.Errorf("the caller is told which: %s", diff)
	}
	return fmt.Sprint(e.Err)
}

func accepted(d *desktest.Desk, key string) bool {
	_, _, err := d.App.Authenticate(context.Background(), key, home)
	return err == nil
}

func TestEveryKindOfBadKeyIsRefusedAlikeAndTheLogTellsWhich(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		good := d.NewKey(t, "Partner", desk.MayRead)
		revoked := d.NewKey(t, "Revoked", desk.MayRead)
		must(t, d.App.RevokeKey(t.Context(), operator, revoked.Key.ID))
		expired, err := d.App.CreateKey(t.Context(), operator, app.NewKey{Name: "Expired", Permissions: desk.Permissions{desk.MayRead}, Expires: d.Clock.Now().Add(time.Minute)})
		must(t, err)
		if !accepted(d, good.Text) || !accepted(d, expired.Text) {
			t.Error("a good key is refused")
		}
		d.Clock.Advance(time.Minute)
		typo := []byte(good.Text)
		typo[20] = map[bool]byte{true: 'y', false: 'x'}[typo[20] == 'x']
		for key, cause := range map[string]string{
			"": "no key", " ": "form", "Bearer": "form", good.Text + "x": "form", good.Text[1:]: "form", strings.ToUpper(good.Text): "form", good.Text + "\x00": "form",
			string(typo): "checksum", auth.NewAPIKey().Text: "not known", good.Key.Hash: "form", good.Key.Prefix: "form",
			revoked.Text: "revoked", expired.Text: "expired",
		} {
			if got := refused(t, d, key, home); !strings.Contains(got, cause) || key != "" && key != " " && strings.Contains(got, key) {
				t.Errorf("%q: the log is told %q, want %q and not the key", key, got, cause)
			}
		}
		if !accepted(d, good.Text) {
			t.Error("the good key is refused")
		}
	})
}

func TestAKeyActsForItsPartner(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		first := d.NewKey(t, "Partner", desk.MayRead, desk.MayCreate)
		second, err := d.App.CreateKey(t.Context(), operator, app.NewKey{Name: "Second", Partner: "Partner", Permissions: desk.Permissions{"omnichannel:*"}, Rate: 7})
		must(t, err)
		if first.Key.PartnerID != second.Key.PartnerID || first.WebhookSecret == second.WebhookSecret || first.Text == second.Text {
			t.Error("two keys of a partner must share it, and no secret")
		}
		k, actor, err := d.App.Authenticate(t.Context(), second.Text, home)
		want := desk.Actor{Kind: desk.ByPartner, ID: second.Key.ID, Name: "Second", PartnerID: first.Key.PartnerID, PartnerName: "Partner",
			Permissions: desk.Permissions{"omnichannel:*"}, Address: home}
		if diff := cmp.Diff(want, actor, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" || err != nil || k.Rate != 7 {
			t.Errorf("%v, rate %d: %s", err, k.Rate, diff)
		}
		_, err = d.App.CreateKey(t.Context(), operator, app.NewKey{Name: " \t"})
		if !slices.Equal(faultPaths(err), []string{"name"}) {
			t.Errorf("a key without a name: %v", err)
		}
		_, err = d.App.CreateKey(t.Context(), operator, app.NewKey{Name: "Provider", Partner: "Partner", Sociomile: true})
		if !slices.Equal(faultPaths(err), []string{"sociomile"}) {
			t.Errorf("an existing partner as the provider: %v", err)
		}
		_, err = d.App.CreateKey(t.Context(), operator, app.NewKey{Name: "Sociomile", Sociomile: true})
		must(t, err)
		_, err = d.App.CreateKey(t.Context(), operator, app.NewKey{Name: "Sociomile 2", Partner: "Sociomile", Sociomile: true})
		must(t, err)
		keys, err := d.App.Keys(t.Context())
		must(t, err)
		if len(keys) != 4 {
			t.Errorf("%d keys are listed, want 4", len(keys))
		}
	})
}

func TestAKeyIsGoodFromItsNetworksAlone(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		created, err := d.App.CreateKey(t.Context(), operator, app.NewKey{Name: "Partner", AllowNets: []netip.Prefix{
			netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("::ffff:10.2.0.0/112"), netip.MustParsePrefix("2001:db8::/32")}})
		must(t, err)
		for address, want := range map[string]bool{
			"10.1.2.3": true, "::ffff:10.1.2.3": true, "10.2.0.9": true, "::ffff:10.2.0.9": true, "2001:db8::1": true, "2001:db8::1%eth0": true,
			"10.3.0.1": false, "::ffff:10.3.0.1": false, "2001:db9::1": false, "::1": false, "127.0.0.1": false,
		} {
			from := netip.MustParseAddr(address)
			if _, _, err := d.App.Authenticate(t.Context(), created.Text, from); (err == nil) != want {
				t.Errorf("from %s: %v, want accepted %v", address, err, want)
			} else if err != nil && !strings.Contains(refused(t, d, created.Text, from), "address") {
				t.Errorf("the log does not tell that the address is not allowed")
			}
		}
		refused(t, d, created.Text, netip.Addr{})
	})
}

func TestRotationKeepsEverythingButTheKey(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		old, err := d.App.CreateKey(t.Context(), operator, app.NewKey{Name: "Key", Partner: "Partner", Permissions: desk.Permissions{desk.MayRead, desk.MayUpdate},
			AllowNets: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, Rate: 3, Expires: d.Clock.Now().Add(24 * time.Hour)})
		must(t, err)
		d.Clock.Advance(48 * time.Hour) // it has expired: rotating it must not make one that cannot be used
		fresh, err := d.App.RotateKey(t.Context(), operator, old.Key.ID)
		must(t, err)
		refused(t, d, old.Text, home)
		if !accepted(d, fresh.Text) || fresh.Text == old.Text || fresh.WebhookSecret != old.WebhookSecret {
			t.Error("the new key is not good, is the old one, or has another webhook secret")
		}
		want := old.Key
		want.ID, want.Hash, want.Prefix, want.WebhookSecret = fresh.Key.ID, fresh.Key.Hash, fresh.Key.Prefix, fresh.Key.WebhookSecret
		want.CreatedAt, want.ExpiresAt = d.Clock.Now(), d.Clock.Now().Add(24*time.Hour)
		plain := cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })
		if diff := cmp.Diff(want, fresh.Key, plain); diff != "" || fresh.Key.ID == old.Key.ID {
			t.Error(diff)
		}
		keys, err := d.App.Keys(t.Context())
		must(t, err)
		if diff := cmp.Diff(fresh.Key, keys[1], plain); diff != "" {
			t.Errorf("what was told is not what is kept: %s", diff)
		}
		again, err := d.App.RotateKey(t.Context(), operator, fresh.Key.ID)
		if err != nil || again.WebhookSecret != old.WebhookSecret {
			t.Errorf("rotated again: %v", err)
		}
		for _, gone := range []string{old.Key.ID, fresh.Key.ID, "nobody's", "\xff", ""} {
			_, err = d.App.RotateKey(t.Context(), operator, gone)
			mustFail(t, err, desk.NotFound, "rotating "+gone)
			mustFail(t, d.App.RevokeKey(t.Context(), operator, gone), desk.NotFound, "revoking "+gone)
		}
		must(t, d.App.RevokeKey(t.Context(), operator, again.Key.ID))
		mustFail(t, d.App.RevokeKey(t.Context(), operator, again.Key.ID), desk.NotFound, "revoking again")
	})
}

func TestKeysAndAgentsAreMadeAndEndedInTheAuditTrail(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		db := behind(t, d)
		created, err := d.App.CreateKey(t.Context(), operator, app.NewKey{Name: "Partner"})
		must(t, err)
		fresh, err := d.App.RotateKey(t.Context(), operator, created.Key.ID)
		must(t, err)
		must(t, d.App.RevokeKey(t.Context(), operator, fresh.Key.ID))
		agent := desk.Agent{Email: " Tech@bank.co.id", Name: "John Tech", Role: desk.RoleAgent}
		made, err := d.App.CreateAgent(t.Context(), operator, agent, false)
		must(t, err)
		before := db.stored(t)
		_, err = d.App.CreateAgent(t.Context(), operator, agent, false)
		mustFail(t, err, desk.Conflict, "the same agent again")
		_, err = d.App.CreateAgent(t.Context(), operator, desk.Agent{Email: "system", Role: desk.RoleSystem}, false)
		if !slices.Equal(faultPaths(err), []string{"email", "name", "role"}) {
			t.Errorf("a wrong agent: %v", err)
		}
		if diff := cmp.Diff(before, db.stored(t)); diff != "" || made.Email != "tech@bank.co.id" {
			t.Errorf("agent %s; a refused one stored something: %s", made.Email, diff)
		}
		for action, target := range map[string]string{"key.create": created.Key.ID, "key.rotate": created.Key.ID, "key.revoke": fresh.Key.ID, "agent.create": made.ID} {
			if diff := cmp.Diff([]string{entry(operator, target)}, db.audited(t, action)); diff != "" {
				t.Errorf("%s: %s", action, diff)
			}
		}
	})
}

// Without the watch a node trusts what it remembers for one second, and not a moment longer.
func TestARememberedKeyIsNotTrustedLongerThanASecond(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		for _, change := range []time.Duration{time.Second, -time.Second} { // the clock may be set back, too
			key := d.NewKey(t, "Partner", desk.MayRead)
			node := d.Node(t)
			accepted(node, key.Text)
			must(t, d.App.RevokeKey(t.Context(), operator, key.Key.ID))
			if !accepted(node, key.Text) {
				t.Error("the node does not remember the key: this test shows nothing")
			}
			d.Clock.Advance(change)
			refused(t, node, key.Text, home)
			d.Clock.Advance(-change)
		}
	})
}

// What was read after a change that the node has not looked at yet may change again before it does.
func TestAKeyThatIsNewsToANodeIsNotRemembered(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		node := d.Node(t)
		key := d.NewKey(t, "Partner", desk.MayRead)
		if !accepted(node, key.Text) {
			t.Error("a new key is refused on the other node")
		}
		must(t, d.App.RevokeKey(t.Context(), operator, key.Key.ID))
		refused(t, node, key.Text, home)
	})
}

// The clock stands still here, so that it is the watch and not the age of what is remembered that ends a key.
func TestWhatAnOperatorChangesTakesEffectOnNodesThatWatch(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		first, second := d.NewKey(t, "First", desk.MayRead), d.NewKey(t, "Second", desk.MayRead)
		node := d.Node(t)
		if !accepted(node, first.Text) || !accepted(node, second.Text) {
			t.Fatal("a key is refused on the other node")
		}
		watching, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); node.App.Watch(watching) }()
		defer func() { stop(); <-ended }()
		must(t, d.App.RevokeKey(t.Context(), operator, first.Key.ID))
		until(t, "the end of a revoked key on the other node", func() bool { return !accepted(node, first.Text) })
		_, err := d.App.RotateKey(t.Context(), operator, second.Key.ID)
		must(t, err)
		until(t, "the end of a rotated key on the other node", func() bool { return !accepted(node, second.Text) })
	})
}

// A look at the configuration that fails half-way must not leave the node with old reference data for ever.
func TestReferenceDataIsReadAgainAfterAFailure(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		db := behind(t, d)
		actor := allOf(t, d, "Partner")
		db.do(t, `ALTER TABLE branch RENAME TO hidden`, `UPDATE support_group SET team = 'New Team' WHERE code = 'TECH_SUPPORT'`,
			`UPDATE counter SET value = value + 1 WHERE name = 'configuration'`)
		watching, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); d.App.Watch(watching) }()
		defer func() { stop(); <-ended }()
		until(t, "a look that fails", func() bool { return strings.Contains(d.Log.String(), "reference data failed") })
		db.do(t, `ALTER TABLE hidden RENAME TO branch`)
		until(t, "the new reference data", func() bool { return openedTicket(t, d, actor).AssignedTo() == "New Team" })
	})
}
