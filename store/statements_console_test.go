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

// exerciseConsole does what a store can do for the console, about a ticket.
func exerciseConsole(t *testing.T, s *store.Store, one *desk.Ticket) {
	now := s.Now()
	write(t, s, func(tx *store.Tx) {
		for _, w := range []store.Walk{{Group: "G", Status: desk.Open}, {Branch: "001", Status: desk.Open}, {Assignee: "a", Status: desk.Open}, {Status: desk.Open}} {
			check(t, second(tx.List([]store.Walk{w}, desk.ByChange, store.Place{At: 1, ID: "x"}, 2)))
			if w.Status = ""; w != (store.Walk{}) {
				check(t, second(tx.List([]store.Walk{w}, desk.ByDeadline, store.Place{}, 2)))
			}
		}
		check(t, second(tx.Workload([]store.Walk{{Group: "G"}, {Group: "H", Branch: desk.OmniBranch}, {Branch: "001"}}, now, 10)))
		check(t, second(tx.ToTell(now, 2)))
		tx.Told(one)
		check(t, second(tx.ListedTickets([]string{one.ID})))
		check(t, second(tx.FindListed(desk.Lookup{Kind: desk.ByEmail, Hash: "h"}, 2)))
		check(t, second(tx.NewsAfter(1, 2)))
		check(t, second(tx.NewsEnd()))
		for _, content := range []string{"text", ""} {
			tx.KeepDraft(store.Draft{AgentID: "a", TicketID: one.ID, Content: content, At: now})
		}
		check(t, second(tx.Drafts("a", one.ID)))
		tx.Watch(one.ID, store.Watcher{AgentID: "a", Name: "A", At: now})
		check(t, second(tx.Watchers(one.ID, now)))
		tx.Leave(one.ID, "a")
		tx.ForgetWatchers(now)
		tx.InsertView(store.SavedView{ID: "v" + one.ID, OwnerID: "a", Name: "V", At: now})
		check(t, second(tx.View("v"+one.ID)))
		check(t, second(tx.Views()))
		tx.DeleteView("v" + one.ID)
		tx.Notify(desk.Notice{ID: desk.NewID(now), AgentID: "a", TicketID: one.ID, Number: one.Number, Kind: desk.NoticeAssigned, At: now})
		check(t, second(tx.Notices("a", 2)))
		check(t, second(tx.Unread("a", 2)))
		tx.ReadNotices("a", one.ID, now)
		tx.ReadNotices("a", "", now)
		check(t, second(tx.ForgetNotices(now.Add(time.Hour), 2)))
	})
}

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
		return errors.Join(bySession, second(tx.People()), second(tx.Members("TECH_SUPPORT")), second(tx.StaffedGroups()), second(tx.PersonByEmail(ani.Email)),
			second(tx.RecoveryCodesLeft(ani.ID)), second(tx.HasRecoveryCode(ani.ID, "code")), second(tx.SessionsOf(ani.ID, desktest.Start)))
	}))
	write(t, s, func(tx *store.Tx) { check(t, second(tx.PurgeSessions(desktest.Start.Add(24*time.Hour), 10))) })
	write(t, s, func(tx *store.Tx) {
		tx.InsertSession(session)
		tx.EndSession(ani.ID, session.ID)
		tx.EndSessions(ani.ID, "")
	})
}
