package main_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/internal/desktest"
)

func TestAnAlertReachesItsReceiverThoughItIsBusyAtFirst(t *testing.T) {
	t.Parallel()
	came := make(chan string, 10)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		came <- r.Method + " " + r.Header.Get("webhook-id") + " " + r.Header.Get("Content-Type") + " " + string(body)
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	t.Cleanup(receiver.Close)
	in := desktest.NewInstallation(t, desktest.SQLite)
	in.Env = []string{"OMNI_ENABLED=true", "OMNI_API_URL=http://127.0.0.1:9/create", "OMNI_API_TOKEN=made-up-token", "OMNI_CONNECT_ID=bank@example.test",
		"OMNI_ALERT_URL=" + receiver.URL + "/alert?token=made-up-secret", "OMNI_ALERT_AFTER=1ms"}
	p := in.Serve(t)
	made, err := newCaller(t, p, in.NewKey(t, "partner").Key).do("POST", base+"/claims", `{"namaNasabah":"Maria Lontoh","mediaTransaksi":"QRIS","nominal":50000}`)
	if err != nil || made.Status != http.StatusCreated {
		t.Fatalf("%v, %v", made, err)
	}
	p.Stop(t)
	p = in.Serve(t) // which looks at once
	words := strings.SplitN(<-came, " ", 4)
	var alert struct {
		Event   string
		Since   time.Time
		Waiting int
	}
	if err := json.Unmarshal([]byte(words[3]), &alert); err != nil || alert.Event != "CONNECTOR_DOWN" || alert.Waiting != 1 || time.Since(alert.Since) > time.Minute {
		t.Errorf("%s is %+v, %v", words[3], alert, err)
	}
	if words[0] != "POST" || len(words[1]) != 26 || words[2] != "application/json" {
		t.Errorf("it came as %q", words)
	}
	desktest.Await(t, time.Minute, "the refused alert in the log", func() bool { return strings.Contains(p.Log.String(), "answered 503") })
	if logged := p.Log.String(); strings.Contains(logged, "made-up-secret") || !strings.Contains(logged, "nothing reaches Sociomile") {
		t.Errorf("the log is %s", logged)
	}
	p.Stop(t)
}
