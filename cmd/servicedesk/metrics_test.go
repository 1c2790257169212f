package main

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// metricsOf reads what a program measures.
func metricsOf(t *testing.T, p *desktest.Process) string {
	t.Helper()
	served, err := http.Get(p.Metrics + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer served.Body.Close()
	body, err := io.ReadAll(served.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestTheMetricsThatTheGuideNamesAreServedAndAllOfOursAreNamed(t *testing.T) {
	t.Parallel()
	files := newPair(t)
	files.write(t, "desk.example")
	in := desktest.NewInstallation(t, desktest.SQLite)
	in.Env = []string{"SERVICEDESK_TLS_CERT=" + files.cert, "SERVICEDESK_TLS_KEY=" + files.key, "OMNI_ENABLED=true", "OMNI_API_URL=http://127.0.0.1:9/create", "OMNI_API_TOKEN=made-up-token", "OMNI_CONNECT_ID=bank@example.test"}
	p := in.Serve(t)
	body := metricsOf(t, p)
	ours := regexp.MustCompile(`\bservicedesk_[a-z_]+\b`)
	for _, guide := range []string{"operating.md", "operating.id.md"} {
		text, err := os.ReadFile(filepath.Join("../../docs/guides", guide))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range ours.FindAllString(string(text), -1) {
			if !strings.Contains(body, "# TYPE "+name+" ") {
				t.Errorf("%s: there is no metric %s", guide, name)
			}
		}
		for _, typed := range regexp.MustCompile(`(?m)^# TYPE (servicedesk_\w+) `).FindAllStringSubmatch(body, -1) {
			if !strings.Contains(string(text), typed[1]) {
				t.Errorf("%s: %s is not named", guide, typed[1])
			}
		}
	}
	p.Stop(t)
}
