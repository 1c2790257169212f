package main

import (
	"bytes"
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/live"
	"banksulutgo.co.id/servicedesk/store"
)

// inTickets counts the tickets that a word finds.
func inTickets(t *testing.T, s *store.Store, word string) (n int) {
	t.Helper()
	if err := s.Read(t.Context(), func(tx *store.Tx) error {
		found, _, err := tx.FindWords(desk.Sight{Groups: []string{"A"}}, []string{word}, desk.FirstTestNumber, 2000)
		n = len(found)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestServeMakesOldTicketsFindableAndNewOnesWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder := t.TempDir()
		var log bytes.Buffer
		s := &server{opened: &opened{log: slog.New(slog.NewTextHandler(&log, nil))}, hub: &live.Hub{}}
		var err error
		if s.store, err = store.Open(t.Context(), store.Options{Folder: folder}); err != nil {
			t.Fatal(err)
		}
		defer s.store.Close()
		ring, err := app.Install(t.Context(), s.store, filepath.Join(folder, "key"), 1)
		if err != nil {
			t.Fatal(err)
		}
		if s.app, err = app.New(t.Context(), app.Options{Store: s.store, Keyring: ring}); err != nil {
			t.Fatal(err)
		}
		number := int64(0)
		open := func(word string, count int) {
			if err := s.store.Write(t.Context(), func(tx *store.Tx) error {
				for range count {
					number++
					one := &desk.Ticket{ID: desk.NewID(s.store.Now()), Number: number, Version: 1, Events: 1, Status: desk.Open, Priority: "MEDIUM", Group: desk.Group{Code: "A"}, Title: word, Metadata: "{}"}
					tx.InsertTicket(one)
					tx.Record(desk.Event{TicketID: one.ID, Seq: 1, Type: desk.TicketCreated, At: s.store.Now()})
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		open("lama", 1200)
		if err := s.number(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		var work sync.WaitGroup
		work.Go(func() { s.store.RunSequencer(ctx, s.app.Seal, sequenceEvery, s.hub.Publish) })
		work.Go(func() { s.index(ctx) })
		<-time.After(time.Second)
		synctest.Wait()
		if n := inTickets(t, s.store, "lama"); n != 1200 || strings.Count(log.String(), "older tickets are added") != 3 || !strings.Contains(log.String(), "percent=100") {
			t.Errorf("a second after the start %d tickets are found; the log says %s", n, log.String())
		}
		for range 3 {
			open("baru", 1)
			before := inTickets(t, s.store, "baru")
			<-time.After(time.Second)
			synctest.Wait()
			if n := inTickets(t, s.store, "baru"); n != before+1 {
				t.Errorf("a second after another ticket was opened, %d are found", n)
			}
		}
		stop()
		work.Wait()
	})
}

func TestTheIndexGivesWayToThoseWhoWaitForACommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{opened: &opened{}}
		var err error
		if s.store, err = store.Open(t.Context(), store.Options{Folder: t.TempDir()}); err != nil {
			t.Fatal(err)
		}
		defer s.store.Close()
		given := func() time.Duration {
			began := time.Now()
			s.giveWay(t.Context(), began.Add(indexPatience))
			return time.Since(began)
		}
		if took := given(); took != indexQuiet*indexLook {
			t.Errorf("while nobody waits it took %v", took)
		}
		release := make(chan struct{})
		var writing sync.WaitGroup
		wait := func() { _ = s.store.Write(t.Context(), func(*store.Tx) error { <-release; return nil }) }
		for range indexCrowd - 1 {
			writing.Go(wait)
		}
		synctest.Wait()
		if took := given(); took != indexQuiet*indexLook {
			t.Errorf("while few wait it took %v", took)
		}
		writing.Go(wait)
		synctest.Wait()
		if took := given(); took != indexPatience+(indexQuiet-1)*indexLook {
			t.Errorf("while many wait all the time it took %v", took)
		}
		writing.Go(func() { <-time.After(time.Second); close(release) })
		if took := given(); took < time.Second || took > time.Second+2*indexQuiet*indexLook {
			t.Errorf("while many wait for a second it took %v", took)
		}
		writing.Wait()
	})
}
