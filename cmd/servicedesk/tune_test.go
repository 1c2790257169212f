package main

import (
	"regexp"
	"runtime"
	"strconv"
	"testing"

	"banksulutgo.co.id/servicedesk/internal/desktest"
)

func TestMoreThreadsThanProcessorsServeSQLiteUnlessTheEnvironmentSaysHowMany(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		engine desktest.Engine
		env    []string
		want   int
	}{
		{"SQLite", desktest.SQLite, nil, runtime.GOMAXPROCS(0) + spareThreads},
		{"SQLite, with GOMAXPROCS", desktest.SQLite, []string{"GOMAXPROCS=3"}, 3},
		{"PostgreSQL", desktest.PostgreSQL, nil, runtime.GOMAXPROCS(0)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			in := desktest.NewInstallation(t, c.engine)
			in.Env = append(in.Env, c.env...)
			p := in.Serve(t)
			defer p.Stop(t)
			got := regexp.MustCompile(`(?m)^go_sched_gomaxprocs_threads (\d+)$`).FindStringSubmatch(metricsOf(t, p))
			if got == nil || got[1] != strconv.Itoa(c.want) {
				t.Errorf("the metrics say %v threads, want %d", got, c.want)
			}
		})
	}
}
