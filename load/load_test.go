package load_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/load"
)

func claim(n int) load.Request {
	return load.Request{Method: http.MethodPost, Path: fmt.Sprintf("/claims?n=%d", n), Body: []byte(fmt.Sprintf(`{"n":%d}`, n))}
}

func TestEveryRequestIsSentOnceAsItIs(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]int{}
	desk := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		seen[fmt.Sprintf("%s%s%s%v%v%v", r.Method, r.RequestURI, body, r.Header["Authorization"], r.Header["Content-Type"], err)]++
		w.WriteHeader(http.StatusCreated)
	}))
	defer desk.Close()
	r, err := load.Run(context.Background(), load.Options{URL: desk.URL, Key: "sd_secret", Callers: 7, Requests: 100}, claim)
	if err != nil || r.Requests != 100 || r.Failed != 0 || r.Statuses[201] != 100 {
		t.Fatalf("%+v %v", r, err)
	}
	for n := range 100 {
		want := fmt.Sprintf(`POST/claims?n=%d{"n":%d}[Bearer sd_secret][application/json]<nil>`, n, n)
		if seen[want] != 1 {
			t.Errorf("%s was sent %d times", want, seen[want])
		}
	}
	if len(seen) != 100 {
		t.Errorf("%d different requests", len(seen))
	}
}

func TestCallersAskAtTheSameTime(t *testing.T) {
	const callers = 5
	var together sync.WaitGroup
	together.Add(callers)
	desk := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		together.Done()
		together.Wait() // for ever, if one asked after the other
	}))
	defer desk.Close()
	r, err := load.Run(context.Background(), load.Options{URL: desk.URL, Callers: callers, Requests: callers}, claim)
	if err != nil || r.Failed != 0 {
		t.Fatalf("%+v %v", r, err)
	}
}

func TestARunEndsWhenItsTimeIsOver(t *testing.T) {
	release := make(chan struct{})
	desk := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer desk.Close()
	defer close(release)
	var told atomic.Int64
	progress := func(load.Result) { told.Add(1) }
	r, err := load.Run(context.Background(), load.Options{URL: desk.URL, Callers: 2, For: 1500 * time.Millisecond, Progress: progress}, claim)
	if err != nil || r.Failed != 0 || told.Load() == 0 {
		t.Fatalf("%+v %v, progress told %d times", r, err, told.Load())
	}
}

func TestFailuresAreCountedAndTheConnectionIsMadeAnew(t *testing.T) {
	var asked atomic.Int64
	desk := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		switch asked.Add(1) % 4 {
		case 1:
			panic(http.ErrAbortHandler) // cuts the connection
		case 2:
			w.Header().Set("Connection", "close")
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, "try later")
		}
	}))
	defer desk.Close()
	r, err := load.Run(context.Background(), load.Options{URL: desk.URL, Callers: 1, Requests: 8}, claim)
	if err != nil || r.Requests != 8 || r.Failed != 4 || r.Statuses[0] != 2 || r.Statuses[503] != 2 || r.Faults[503] != "try later" {
		t.Fatalf("%+v %v", r, err)
	}
}

func TestADeskThatIsNotThereIsAnError(t *testing.T) {
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "http://" + nobody.Addr().String()
	nobody.Close()
	for url, want := range map[string]string{address: "cannot be reached", "desk.example.org": "no address like", "ftp://x": "no address like"} {
		_, err := load.Run(context.Background(), load.Options{URL: url, Requests: 1}, claim)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", url, err)
		}
	}
	if _, err := load.Run(context.Background(), load.Options{URL: address}, claim); err == nil {
		t.Error("a run without an end began")
	}
}

func TestHTTPSIsCheckedUnlessToldOtherwise(t *testing.T) {
	desk := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer desk.Close()
	o := load.Options{URL: desk.URL, Callers: 2, Requests: 4}
	if _, err := load.Run(context.Background(), o, claim); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a certificate that nobody knows: %v", err)
	}
	o.Insecure = true
	if r, err := load.Run(context.Background(), o, claim); err != nil || r.Statuses[200] != 4 {
		t.Errorf("%+v %v", r, err)
	}
}
