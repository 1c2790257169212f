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
		made := c.must(t, http.StatusCreated, http.MethodPost, base+"/webhooks", fmt.Sprintf(`{"url":%q}`, receiver.URL))
		id := regexp.MustCompile(`"id":"(\w+)"`).FindStringSubmatch(made.Body)[1]
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
