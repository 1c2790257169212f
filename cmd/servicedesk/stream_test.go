package main_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// askForStream opens a connection whose system takes little, asks for the feed as a stream and reads its beginning.
func askForStream(t *testing.T, p *desktest.Process, key string) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(conn, "GET %s/events HTTP/1.1\r\nHost: desk\r\nAuthorization: Bearer %s\r\nAccept: text/event-stream\r\n\r\n", base, key); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReaderSize(conn, 16).ReadString('\n'); line != "HTTP/1.1 200 OK\r\n" || err != nil {
		t.Fatal(line, err)
	}
}

func TestSIGTERMEndsStreamsAlsoOfReadersThatDoNotRead(t *testing.T) {
	t.Parallel()
	in := desktest.NewInstallation(t, desktest.SQLite)
	key := in.NewKey(t, "partner", "--rate-limit", "0").Key
	p := in.Serve(t)
	c := newCaller(t, p, key)
	long := `{"id":"%d","method":"PATCH","path":"/tickets/10001","body":{"action":"ADD_COMMENT","comment":"` + strings.Repeat("x", 9000) + `"}}`
	c.must(t, 201, "POST", base+"/claims", claim("first"))
	for range 12 { // more than the systems of both sides hold for one connection
		var operations []string
		for i := range 100 {
			operations = append(operations, fmt.Sprintf(long, i))
		}
		c.must(t, 200, "POST", base+"/batch", `{"operations":[`+strings.Join(operations, ",")+`]}`)
	}
	for range 3 {
		askForStream(t, p, key)
	}
	request, err := http.NewRequestWithContext(t.Context(), "GET", p.URL+base+"/events?after=1201", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+key)
	request.Header.Set("Accept", "text/event-stream")
	request.Header.Set("Accept-Encoding", "gzip")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	asked := time.Now()
	p.Terminate(t)
	if said, err := io.ReadAll(answer.Body); string(said) != "retry: 3000\n\n" || err != nil || answer.Header.Get("Content-Encoding") != "" {
		t.Errorf("a stream without events ended with %q, %v, %v", said, err, answer.Header)
	}
	if status := p.Wait(t); status != 0 || time.Since(asked) > 8*time.Second {
		t.Errorf("exit status %d after %v\n%s", status, time.Since(asked), p.Log)
	}
	if n := strings.Count(p.Log.String(), `"events":`); n != 4 || strings.Contains(p.Log.String(), `"level":"ERROR"`) {
		t.Errorf("%d streams are in the log, want 4:\n%s", n, p.Log)
	}
}
