package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

func TestAnAgentIsKnownByEMailOnce(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := open(t, e)
		want := desk.Agent{ID: "a", Email: "ani@example.com", Name: "Ani", Role: desk.RoleSupervisor, Password: "hash", Active: true,
			Groups: []string{"CARD_OPERATIONS", "TECH_SUPPORT"}, Branch: "001", Language: desk.English, Away: true, Since: desktest.Start}
		write(t, s, func(tx *store.Tx) { tx.InsertAgent(want, false) })
		got := read(t, s, func(tx *store.Tx) (desk.Agent, error) { return tx.AgentByEmail(want.Email) })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the agent (-want +got):\n%s", diff)
		}
		failsWith(t, s, store.ErrExists, func(tx *store.Tx) {
			tx.InsertAgent(desk.Agent{ID: "b", Email: want.Email, Role: desk.RoleAgent}, false)
		})
		isMissing(t, s, "an unknown e-mail", func(tx *store.Tx) (desk.Agent, error) { return tx.AgentByEmail("nobody@example.com") })
		if err := s.Write(t.Context(), func(tx *store.Tx) error {
			tx.InsertAgent(desk.Agent{ID: "c", Email: "c@example.com", Role: "king"}, false)
			return nil
		}); !unavailable(err) {
			t.Errorf("an agent of a role that does not exist: %v, want that the schema refuses it", err)
		}
	})
}

func TestPeopleAreListedWithTheirGroups(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := open(t, e)
		write(t, s, func(tx *store.Tx) {
			tx.InsertAgent(desk.Agent{ID: "system", Email: "system", Name: "System", Role: desk.RoleSystem, Active: true}, false)
			tx.InsertAgent(desk.Agent{ID: "b", Email: "b", Name: "Budi", Role: desk.RoleAgent, Active: true, Groups: []string{"X", "Y"}}, true)
			tx.InsertAgent(desk.Agent{ID: "a", Email: "a", Name: "Budi", Role: desk.RoleAdmin, Active: true}, false)
			tx.InsertAgent(desk.Agent{ID: "c", Email: "c", Name: "Ani", Role: desk.RoleAdmin, Groups: []string{"Y"}}, false)
		})
		type row struct {
			ID     string
			Groups []string
			Must   bool
		}
		rows := func(people []store.Person) (out []row) {
			for _, p := range people {
				out = append(out, row{p.ID, p.Groups, p.MustChange})
			}
			return out
		}
		all := read(t, s, func(tx *store.Tx) ([]store.Person, error) { return tx.People() })
		if diff := cmp.Diff([]row{{"a", nil, false}, {"b", []string{"X", "Y"}, true}, {"c", []string{"Y"}, false}}, rows(all)); diff != "" {
			t.Errorf("people: %s", diff)
		}
		members := read(t, s, func(tx *store.Tx) ([]store.Person, error) { return tx.Members("Y") })
		if diff := cmp.Diff([]row{{"b", []string{"Y"}, true}}, rows(members)); diff != "" {
			t.Errorf("active members: %s", diff)
		}
		if diff := cmp.Diff([]string{"X", "Y"}, read(t, s, func(tx *store.Tx) ([]string, error) { return tx.StaffedGroups() })); diff != "" {
			t.Errorf("groups with somebody who works: %s", diff)
		}
		write(t, s, func(tx *store.Tx) {
			tx.UpdateAgent(desk.Agent{ID: "b", Name: "Budi W", Role: desk.RoleAdmin, Active: true, Language: desk.Indonesian, Groups: []string{"Z"}})
		})
		changed := read(t, s, func(tx *store.Tx) (store.Person, error) { return tx.Person("b", false) })
		want := store.Person{Agent: desk.Agent{ID: "b", Email: "b", Name: "Budi W", Role: desk.RoleAdmin, Active: true, Language: desk.Indonesian, Groups: []string{"Z"}}, MustChange: true}
		if diff := cmp.Diff(want, changed); diff != "" {
			t.Errorf("who was changed: %s", diff)
		}
		var admins []string
		check(t, s.WriteAlone(t.Context(), func(tx *store.Tx) (err error) {
			admins, err = tx.ActiveAdmins()
			return err
		}))
		if diff := cmp.Diff([]string{"a", "b"}, admins); diff != "" {
			t.Errorf("active administrators: %s", diff)
		}
		isMissing(t, s, "nobody", func(tx *store.Tx) (store.Person, error) { return tx.Person("nobody", false) })
		failsWith(t, s, store.ErrNotFound, func(tx *store.Tx) { tx.UpdateAgent(desk.Agent{ID: "nobody", Role: desk.RoleAgent}) })
	})
}

func TestCodesAndFactorsAreTakenOnce(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := open(t, e)
		write(t, s, func(tx *store.Tx) {
			tx.InsertAgent(desk.Agent{ID: "a", Email: "a", Role: desk.RoleAgent, Password: "old"}, false)
		})
		failsWith(t, s, store.ErrChanged, func(tx *store.Tx) { tx.TakeCode("a", 5) })
		failsWith(t, s, store.ErrNotFound, func(tx *store.Tx) { tx.RemoveFactor("a") })
		write(t, s, func(tx *store.Tx) { tx.GiveFactor("a", "sealed", 5); tx.SetRecoveryCodes("a", []string{"one", "two"}) })
		failsWith(t, s, store.ErrExists, func(tx *store.Tx) { tx.GiveFactor("a", "another", 9) })
		failsWith(t, s, store.ErrChanged, func(tx *store.Tx) { tx.TakeCode("a", 5) })
		write(t, s, func(tx *store.Tx) { tx.TakeCode("a", 7); tx.TakeRecoveryCode("a", "one", desktest.Start) })
		failsWith(t, s, store.ErrChanged, func(tx *store.Tx) { tx.TakeCode("a", 6) })
		failsWith(t, s, store.ErrChanged, func(tx *store.Tx) { tx.TakeRecoveryCode("a", "one", desktest.Start) })
		failsWith(t, s, store.ErrChanged, func(tx *store.Tx) { tx.TakeRecoveryCode("b", "two", desktest.Start) })
		left := func() int { return read(t, s, func(tx *store.Tx) (int, error) { return tx.RecoveryCodesLeft("a") }) }
		if n := left(); n != 1 {
			t.Errorf("%d recovery codes are left, want 1", n)
		}
		write(t, s, func(tx *store.Tx) { tx.RemoveFactor("a") })
		if n := left(); n != 0 {
			t.Errorf("%d recovery codes are left of a factor that was removed", n)
		}
		failsWith(t, s, store.ErrChanged, func(tx *store.Tx) { tx.ChangePassword("a", "other", "new") })
		write(t, s, func(tx *store.Tx) { tx.ChangePassword("a", "old", "new") })
	})
}

func TestASessionIsReadWithThePersonAsSheIsNow(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := open(t, e)
		ani := desk.Agent{ID: "a", Email: "a", Name: "Ani", Role: desk.RoleAgent, Active: true, Groups: []string{"X", "Y"}, Language: desk.Indonesian}
		session := store.Session{ID: "s", Hash: "h", Agent: ani, Address: "192.0.2.1", Browser: "Firefox",
			CreatedAt: desktest.Start, SeenAt: desktest.Start, ExpiresAt: desktest.Start.Add(time.Hour)}
		write(t, s, func(tx *store.Tx) { tx.InsertAgent(ani, false); tx.InsertSession(session) })
		look := func(hash string) (found store.Session, roles string) {
			t.Helper()
			check(t, s.Read(t.Context(), func(tx *store.Tx) (err error) {
				found, roles, err = tx.SessionByHash(hash, "standard")
				return err
			}))
			return found, roles
		}
		got, roles := look("h")
		if diff := cmp.Diff(session, got); diff != "" || roles != "standard" {
			t.Errorf("roles %q, session %s", roles, diff)
		}
		ani.Role, ani.Groups, ani.Active = desk.RoleAdmin, nil, false
		write(t, s, func(tx *store.Tx) {
			tx.UpdateAgent(ani)
			tx.GiveFactor("a", "sealed", 1)
			tx.SetSetting(store.FactorRolesSetting, "admin")
			tx.VerifySession("s", "h", "h2", desktest.Start.Add(2*time.Hour))
		})
		later := desktest.Start.Add(time.Minute)
		check(t, s.SawSession(t.Context(), session, later))
		check(t, s.SawSession(t.Context(), session, later.Add(time.Second))) // by another request that had read it too
		session.Agent, session.Hash, session.Verified, session.HasFactor, session.SeenAt, session.ExpiresAt = ani, "h2", true, true, later, desktest.Start.Add(2*time.Hour)
		got, roles = look("h2")
		if diff := cmp.Diff(session, got); diff != "" || roles != "admin" {
			t.Errorf("after changes: roles %q, session %s", roles, diff)
		}
		isMissing(t, s, "the session of the old token", func(tx *store.Tx) (store.Session, error) {
			found, _, err := tx.SessionByHash("h", "")
			return found, err
		})
		failsWith(t, s, store.ErrChanged, func(tx *store.Tx) { tx.VerifySession("s", "h", "h3", later) })
		failsWith(t, s, store.ErrNotFound, func(tx *store.Tx) { tx.EndSession("b", "s") })
		purged := func(before time.Time) (n int) {
			write(t, s, func(tx *store.Tx) {
				var err error
				n, err = tx.PurgeSessions(before, 10)
				check(t, err)
			})
			return n
		}
		if n := purged(session.ExpiresAt.Add(-time.Microsecond)); n != 0 {
			t.Errorf("%d sessions are purged before they expired", n)
		}
		if n := purged(session.ExpiresAt); n != 1 {
			t.Errorf("%d sessions are purged, want 1", n)
		}
	})
}
