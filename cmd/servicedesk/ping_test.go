package main_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// newWebhook registers a webhook and returns its id.
func newWebhook(t *testing.T, c caller, url string) string {
	t.Helper()
	made := c.must(t, http.StatusCreated, http.MethodPost, base+"/webhooks", fmt.Sprintf(`{"url":%q}`, url))
	return regexp.MustCompile(`"id":"(\w+)"`).FindStringSubmatch(made.Body)[1]
}

func TestWhyATestOfAWebhookHadNoAnswerIsInTheLogOnly(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		in := desktest.NewInstallation(t, e)
		p := in.Serve(t)
		c := newCaller(t, p, in.NewKey(t, "partner").Key)
		a := c.must(t, http.StatusOK, http.MethodPost, base+"/webhooks/"+newWebhook(t, c, "http://10.9.8.7/?token=hidden")+"/test", "")
		p.Stop(t) // its log is whole then
		if logged := p.Log.String(); strings.Contains(a.Body, "10.9.8.7") || !strings.Contains(logged, "10.9.8.7") || strings.Contains(logged, "hidden") {
			t.Errorf("the answer is %s, the log\n%s", a.Body, logged)
		}
	})
}

func TestTestsOfAWebhookAndItsDeliveriesShareAConnection(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		in := desktest.NewInstallation(t, e)
		in.Env = append(in.Env, "SERVICEDESK_WEBHOOK_ALLOW_NETS=127.0.0.0/8")
		c := newCaller(t, in.Serve(t), in.NewKey(t, "partner").Key)
		var connections atomic.Int32
		events := make(chan struct{}, 100)
		receiver := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNoContent)
			events <- struct{}{}
		}))
		receiver.Config.ConnState = func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				connections.Add(1)
			}
		}
		receiver.Start()
		defer receiver.Close()
		id := newWebhook(t, c, receiver.URL)
		test := func() {
			if a := c.must(t, http.StatusOK, http.MethodPost, base+"/webhooks/"+id+"/test", ""); !strings.Contains(a.Body, `"delivered":true`) {
				t.Errorf("a test came to %s", a.Body)
			}
			<-events
		}
		for range 10 {
			test()
		}
		c.must(t, http.StatusCreated, http.MethodPost, base+"/claims", claim("one"))
		<-events
		test()
		if n := connections.Load(); n > 2 { // one may still be busy when the next one is needed
			t.Errorf("%d connections were made, want one that is used again", n)
		}
	})
}
