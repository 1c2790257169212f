package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

// exerciseThrottles does what a store can do with tries.
func exerciseThrottles(t *testing.T, s *store.Store) {
	write(t, s, func(tx *store.Tx) {
		for range 2 {
			check(t, second(tx.Try("name", store.Throttle{Burst: 1, Every: time.Hour}, s.Now())))
		}
		tx.Untry("other")
		tx.GiveBack("name", store.Throttle{Burst: 1, Every: time.Hour})
		check(t, second(tx.PurgeThrottles(s.Now().Add(2*time.Hour), 10)))
	})
}

// exercisePeople does what a store can do with employees and their sessions.
func exercisePeople(t *testing.T, s *store.Store, n int64) {
	t.Helper()
	ani := desk.Agent{ID: fmt.Sprint("ani", n), Email: fmt.Sprint("ani", n), Role: desk.RoleAdmin, Active: true, Groups: []string{"TECH_SUPPORT"}}
	session := store.Session{ID: fmt.Sprint("session", n), Hash: fmt.Sprint("hash", n), Agent: ani, CreatedAt: desktest.Start, SeenAt: desktest.Start, ExpiresAt: desktest.Start.Add(time.Hour)}
	write(t, s, func(tx *store.Tx) {
		tx.InsertAgent(ani, true)
		tx.ChangePassword(ani.ID, "", "hash")
		tx.ResetPassword(ani.ID, "hash", true)
		tx.SetLanguage(ani.ID, desk.English)
		tx.SetAway(ani.ID, true)
		tx.GiveFactor(ani.ID, "sealed", 1)
		tx.TakeCode(ani.ID, 2)
		tx.SetRecoveryCodes(ani.ID, []string{"code"})
		tx.TakeRecoveryCode(ani.ID, "code", desktest.Start)
		tx.RemoveFactor(ani.ID)
		tx.InsertSession(session)
		tx.VerifySession(session.ID, session.Hash, "other", session.ExpiresAt)
		tx.SetSetting(store.FactorRolesSetting, "admin")
	})
	check(t, s.SawSession(t.Context(), session, desktest.Start.Add(time.Minute)))
	check(t, s.WriteAlone(t.Context(), func(tx *store.Tx) error {
		person, err := tx.Person(ani.ID, true)
		tx.UpdateAgent(person.Agent)
		return errors.Join(err, second(tx.ActiveAdmins()))
	}))
	check(t, s.Read(t.Context(), func(tx *store.Tx) error {
		_, _, bySession := tx.SessionByHash("other", "")
		return errors.Join(bySession, second(tx.People()), second(tx.Members("TECH_SUPPORT")), second(tx.PersonByEmail(ani.Email)),
			second(tx.RecoveryCodesLeft(ani.ID)), second(tx.HasRecoveryCode(ani.ID, "code")), second(tx.SessionsOf(ani.ID, desktest.Start)))
	}))
	write(t, s, func(tx *store.Tx) { check(t, second(tx.PurgeSessions(desktest.Start.Add(24*time.Hour), 10))) })
	write(t, s, func(tx *store.Tx) {
		tx.InsertSession(session)
		tx.EndSession(ani.ID, session.ID)
		tx.EndSessions(ani.ID, "")
	})
}
