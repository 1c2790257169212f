package main

import (
	"bytes"
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/blob"
	"banksulutgo.co.id/servicedesk/staff"
	"banksulutgo.co.id/servicedesk/store"
)

func TestServePurgesSoonAfterItsStartAndThenEveryHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder := t.TempDir()
		var log bytes.Buffer
		s := &server{opened: &opened{log: slog.New(slog.NewTextHandler(&log, nil)), metrics: prometheus.NewRegistry()}}
		var err error
		s.store, err = store.Open(t.Context(), store.Options{Folder: folder})
		if err != nil {
			t.Fatal(err)
		}
		defer s.store.Close()
		ring, err := app.Install(t.Context(), s.store, filepath.Join(folder, "key"), 1)
		if err != nil {
			t.Fatal(err)
		}
		blobs, err := blob.Open(t.Context(), filepath.Join(folder, "blobs"), blob.Options{Seal: ring.SealBytes, Open: ring.OpenBytes})
		if err != nil {
			t.Fatal(err)
		}
		if s.app, err = app.New(t.Context(), app.Options{Store: s.store, Keyring: ring, Blobs: blobs}); err != nil {
			t.Fatal(err)
		}
		s.staff = staff.New(staff.Options{App: s.app, Store: s.store, Keyring: ring})
		for _, expired := range []time.Duration{-time.Minute, purgeEvery - time.Minute} {
			if err := s.store.Write(t.Context(), func(tx *store.Tx) error {
				tx.InsertSession(store.Session{ID: expired.String(), Hash: expired.String(), ExpiresAt: s.store.Now().Add(expired)})
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		sessions := func() (n int) {
			if err := s.store.Write(t.Context(), func(tx *store.Tx) (err error) {
				all, err := tx.SessionsOf("", time.Unix(1, 0))
				n = len(all)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return n
		}
		for _, age := range []time.Duration{31 * 24 * time.Hour, 30*24*time.Hour - 30*time.Minute} {
			if err := s.store.Write(t.Context(), func(tx *store.Tx) error {
				tx.KeepRequest(store.Request{PartnerID: "p", ID: age.String(), CreatedAt: s.store.Now().Add(-age)})
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); s.purge(ctx) }()
		<-time.After(purgeSpread)
		synctest.Wait()
		if got := purgedRequests(t, s.metrics); got != 1 {
			t.Errorf("a little after the start %v requests are purged, want the one that is old enough", got)
		}
		if n := sessions(); n != 1 {
			t.Errorf("a little after the start %d sessions are left, want the one that has not expired", n)
		}
		<-time.After(purgeEvery)
		synctest.Wait()
		if n := sessions(); n != 0 {
			t.Errorf("an hour later %d sessions are left", n)
		}
		if got := purgedRequests(t, s.metrics); got != 2 || strings.Count(log.String(), "msg=purged requests=1 files=0 leftovers=0") != 2 {
			t.Errorf("an hour later %v requests are purged; the log says %s", got, log.String())
		}
		stop()
		<-ended
	})
}

// purgedRequests reads the metric of the requests that were purged.
func purgedRequests(t *testing.T, metrics *prometheus.Registry) float64 {
	t.Helper()
	families, err := metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if family.GetName() == "servicedesk_purged_total" && m.GetLabel()[0].GetValue() == "requests" {
				return m.GetCounter().GetValue()
			}
		}
	}
	return -1
}
