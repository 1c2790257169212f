package store_test

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

// failsWith runs a write and checks what it ends with.
func failsWith(t *testing.T, s *store.Store, want error, fn func(tx *store.Tx)) {
	t.Helper()
	err := s.Write(t.Context(), func(tx *store.Tx) error {
		fn(tx)
		return nil
	})
	if !errors.Is(err, want) {
		t.Errorf("ended with %v, want %v", err, want)
	}
}

// isMissing checks that a look finds nothing, and says so.
func isMissing[T any](t *testing.T, s *store.Store, what string, look func(tx *store.Tx) (T, error)) {
	t.Helper()
	err := s.Read(t.Context(), func(tx *store.Tx) error {
		_, err := look(tx)
		return err
	})
	if !errors.Is(err, store.ErrNotFound) {
		t.Errorf("%s: %v, want ErrNotFound", what, err)
	}
}

func TestAPartnerIsKnownByItsNameAndStaysAsItWas(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := open(t, e)
		want := desk.Partner{ID: "p1", Name: "BSG Touch", Sociomile: true, CreatedAt: desktest.Start}
		write(t, s, func(tx *store.Tx) {
			tx.InsertPartner(want)
			tx.InsertPartner(desk.Partner{ID: "p2", Name: want.Name})
		})
		got := read(t, s, func(tx *store.Tx) (desk.Partner, error) { return tx.PartnerByName(want.Name) })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the partner (-want +got):\n%s", diff)
		}
		isMissing(t, s, "an unknown partner", func(tx *store.Tx) (desk.Partner, error) { return tx.PartnerByName("nobody") })
	})
}

func TestAKeyIsReadAsItWasStoredUntilItIsRevoked(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := open(t, e)
		partners(t, s, "p")
		full := desk.APIKey{ID: "k1", PartnerID: "p", PartnerName: "p", Name: "first", Prefix: "bsg_12", Hash: "hash1",
			Permissions: desk.Permissions{desk.MayCreate, "omnichannel:*"}, WebhookSecret: "sealed",
			AllowNets: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")}, Rate: 20,
			CreatedAt: desktest.Start, ExpiresAt: desktest.Start.Add(time.Hour)}
		bare := desk.APIKey{ID: "k0", PartnerID: "p", PartnerName: "p", Name: "second", Hash: "hash2", Permissions: desk.Permissions{desk.MayRead}, CreatedAt: desktest.Start}
		write(t, s, func(tx *store.Tx) {
			tx.InsertKey(full)
			tx.InsertKey(bare)
		})
		all := read(t, s, (*store.Tx).Keys)
		if diff := cmp.Diff([]desk.APIKey{bare, full}, all, visible); diff != "" {
			t.Errorf("all keys (-want +got):\n%s", diff)
		}
		write(t, s, func(tx *store.Tx) { tx.RevokeKey("k1", desktest.Start.Add(time.Minute)) })
		full.RevokedAt = desktest.Start.Add(time.Minute)
		for name, look := range map[string]func(tx *store.Tx) (desk.APIKey, error){
			"hash": func(tx *store.Tx) (desk.APIKey, error) { return tx.KeyByHash("hash1") },
			"id":   func(tx *store.Tx) (desk.APIKey, error) { return tx.KeyByID("k1") },
		} {
			if diff := cmp.Diff(full, read(t, s, look), visible); diff != "" {
				t.Errorf("the key by its %s (-want +got):\n%s", name, diff)
			}
		}
		failsWith(t, s, store.ErrNotFound, func(tx *store.Tx) { tx.RevokeKey("k1", desktest.Start) })
		failsWith(t, s, store.ErrNotFound, func(tx *store.Tx) { tx.RevokeKey("unknown", desktest.Start) })
		isMissing(t, s, "an unknown hash", func(tx *store.Tx) (desk.APIKey, error) { return tx.KeyByHash("unknown") })
		isMissing(t, s, "an unknown id", func(tx *store.Tx) (desk.APIKey, error) { return tx.KeyByID("unknown") })
	})
}

func TestANetworkThatCannotBeReadLetsNobodyIn(t *testing.T) {
	t.Parallel()
	s := open(t, desktest.SQLite)
	partners(t, s, "p")
	write(t, s, func(tx *store.Tx) {
		tx.InsertKey(desk.APIKey{ID: "k", PartnerID: "p", Hash: "h", AllowNets: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
		store.Do(tx, `UPDATE api_key SET allow_nets = 'garbage' WHERE id = 'k'`)
	})
	k := read(t, s, func(tx *store.Tx) (desk.APIKey, error) { return tx.KeyByID("k") })
	if k.Usable(desktest.Start, netip.MustParseAddr("10.1.2.3")) {
		t.Error("a key whose networks were damaged may be used from anywhere")
	}
}

func TestSettingsAndDataKeysAreStoredOnce(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := open(t, e)
		keys := []store.DataKey{{ID: 1, Purpose: "hash", Wrapped: "w1"}, {ID: 1, Purpose: "seal", Wrapped: "w2"}, {ID: 2, Purpose: "seal", Wrapped: "w3"}}
		write(t, s, func(tx *store.Tx) {
			tx.ClaimSetting("fingerprint", "one")
			for _, k := range []int{2, 0, 1} {
				tx.InsertDataKey(keys[k])
			}
			tx.InsertDataKey(store.DataKey{ID: 1, Purpose: "seal", Wrapped: "another"})
		})
		failsWith(t, s, store.ErrExists, func(tx *store.Tx) { tx.ClaimSetting("fingerprint", "two") })
		if got := read(t, s, func(tx *store.Tx) (string, error) { return tx.Setting("fingerprint") }); got != "one" {
			t.Errorf("the setting is %q, want the first one's", got)
		}
		isMissing(t, s, "an unknown setting", func(tx *store.Tx) (string, error) { return tx.Setting("unknown") })
		if diff := cmp.Diff(keys, read(t, s, (*store.Tx).DataKeys)); diff != "" {
			t.Errorf("data keys (-want +got):\n%s", diff)
		}
	})
}

func TestASettingAndADataKeyAreReplacedOnlyAsTheyAreKnown(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := open(t, e)
		write(t, s, func(tx *store.Tx) {
			tx.ClaimSetting("fingerprint", "one")
			tx.InsertDataKey(store.DataKey{ID: 1, Purpose: "seal", Wrapped: "w1"})
		})
		failsWith(t, s, store.ErrChanged, func(tx *store.Tx) { tx.ReplaceSetting("fingerprint", "zero", "two") })
		failsWith(t, s, store.ErrChanged, func(tx *store.Tx) { tx.ReplaceSetting("unknown", "one", "two") })
		failsWith(t, s, store.ErrNotFound, func(tx *store.Tx) { tx.RewrapDataKey(store.DataKey{ID: 1, Purpose: "hash", Wrapped: "w2"}) })
		write(t, s, func(tx *store.Tx) {
			tx.ReplaceSetting("fingerprint", "one", "two")
			tx.RewrapDataKey(store.DataKey{ID: 1, Purpose: "seal", Wrapped: "w2"})
		})
		if got := read(t, s, func(tx *store.Tx) (string, error) { return tx.Setting("fingerprint") }); got != "two" {
			t.Errorf("the setting is %q", got)
		}
		if diff := cmp.Diff([]store.DataKey{{ID: 1, Purpose: "seal", Wrapped: "w2"}}, read(t, s, (*store.Tx).DataKeys)); diff != "" {
			t.Errorf("data keys (-want +got):\n%s", diff)
		}
	})
}

func TestAllNodesBeatInOneRow(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		p := newPlace(t, e)
		one, other := p.open(t, store.Options{}), p.open(t, store.Options{})
		check(t, one.Beat(t.Context()))
		p.clock.Advance(time.Minute)
		check(t, other.Beat(t.Context()))
		got := read(t, one, func(tx *store.Tx) ([]int64, error) {
			return store.Rows[int64](tx, `SELECT value FROM counter WHERE name LIKE 'ready%'`)
		})
		if diff := cmp.Diff([]int64{desktest.Start.Add(time.Minute).UnixMicro()}, got); diff != "" {
			t.Errorf("beats (-want +got):\n%s", diff)
		}
	})
}

func TestAnAuditEntryIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := open(t, e)
		var want []desk.AuditEntry
		for i, address := range []string{"", "10.1.2.3", "2001:db8::1", "fe80::1%eth0"} {
			entry := desk.AuditEntry{ID: string(rune('a' + i)), At: desktest.Start, Action: "ticket.read", Target: "10001", Outcome: "ok", Detail: "by email",
				Actor: desk.Actor{Kind: desk.ByPartner, ID: "k", Name: "key", PartnerID: "p", RequestID: "r"}}
			if address != "" {
				entry.Actor.Address = netip.MustParseAddr(address)
			}
			want = append(want, entry)
		}
		write(t, s, func(tx *store.Tx) { tx.Audit(want...) })
		if n := read(t, s, (*store.Tx).Unsealed); n != len(want) {
			t.Errorf("%d entries wait for their seal, want %d", n, len(want))
		}
		sequence(t, s)
		previous := ""
		for i := range want {
			want[i].Number = int64(i + 1)
			want[i].MAC = seal(previous, want[i])
			previous = want[i].MAC
		}
		got := read(t, s, func(tx *store.Tx) ([]desk.AuditEntry, error) { return tx.Sealed(2, 2) })
		if diff := cmp.Diff(want[1:3], got, visible); diff != "" {
			t.Errorf("entries 2 and 3 (-want +got):\n%s", diff)
		}
	})
}
