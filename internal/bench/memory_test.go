package bench

import (
	"bufio"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/load"
)

// BenchmarkMemory reports, in MB, what is resident after the start, and the most that was under 64 callers.
func BenchmarkMemory(b *testing.B) {
	eachEngine(b, func(b *testing.B, e desktest.Engine) {
		for range b.N {
			d := startDesk(b, e)
			b.ReportMetric(float64(d.Memory(b, "VmRSS"))/1e6, "start-MB")
			for _, name := range []string{"claims", "tickets"} {
				ask(b, d.server, load.Options{Callers: callers, For: 10 * time.Second}, workload(b, name, nil))
			}
			ask(b, d.server, load.Options{Callers: callers, For: 10 * time.Second}, workload(b, "details", load.Range(10001, few)))
			b.ReportMetric(float64(d.Memory(b, "VmHWM"))/1e6, "most-MB")
			b.ReportMetric(0, "ns/op")
		}
	})
}

// largest is the request with the most attachments that the API takes: five of ten megabytes.
func largest() load.Source {
	content := make([]byte, 10<<20)
	rand.Read(content) // never fails
	body := []byte(`{"channel":"EMAIL","serviceType":"CLAIM","customer":{"name":"John Doe"},"ticket":{"description":"x"},"attachments":[`)
	for i := range 5 {
		if i > 0 {
			body = append(body, ',')
		}
		body = fmt.Appendf(body, `{"filename":"part-%d.bin","mimeType":"application/octet-stream","size":%d,"content":"%s"}`, i, len(content), base64.StdEncoding.EncodeToString(content))
	}
	body = append(body, "]}"...)
	return func(int) load.Request {
		return load.Request{Method: http.MethodPost, Path: "/api/omnichannel/tickets", Body: body}
	}
}

// attach sends the largest request and measures what it adds to the memory, in bytes, as a multiple of the request.
func attach(t testing.TB, e desktest.Engine) (most int64, multiple float64) {
	t.Helper()
	d := startDesk(t, e)
	before := d.Memory(t, "VmRSS")
	source := largest()
	ask(t, d.server, load.Options{Callers: 1, Requests: 1}, source)
	most = d.Memory(t, "VmHWM")
	return most, float64(most-before) / float64(len(source(0).Body))
}

func BenchmarkLargestRequest(b *testing.B) {
	eachEngine(b, func(b *testing.B, e desktest.Engine) {
		for range b.N {
			most, multiple := attach(b, e)
			b.ReportMetric(float64(most)/1e6, "most-MB")
			b.ReportMetric(multiple, "x-request")
			b.ReportMetric(0, "ns/op")
		}
	})
}

func TestTheLargestRequestIsTakenInBoundedMemory(t *testing.T) {
	if most, multiple := attach(t, desktest.SQLite); multiple > 4 {
		t.Errorf("the largest request takes %.1f times its size, %d MB in all; want at most 4 times", multiple, most>>20)
	}
}

// livePages opens pages that follow what happens, of people with fifty of them each, and returns how much memory, in bytes, each
// page takes when nothing happens, and when all were told of claims.
func livePages(t testing.TB, people int) (quiet, told int64) {
	t.Helper()
	const pagesOfOne = 50
	in := desktest.NewInstallation(t, desktest.SQLite)
	key := in.NewKey(t, "bench").Key
	for i := range people {
		in.NewUser(t, fmt.Sprintf("user%d@bank.example", i), userPassword, "--role", "agent", "--groups", consoleGroups[0])
	}
	d := serve(t, in, key)
	c := counter{url: d.url}
	var users []*http.Client
	for i := range people {
		users = append(users, c.signIn(t, fmt.Sprintf("user%d@bank.example", i)))
	}
	ask(t, d.server, load.Options{Callers: callers, Requests: few}, workload(t, "claims", nil))
	before := d.Memory(t, "VmRSS")
	var lines []*bufio.Scanner
	for _, user := range users {
		for range pagesOfOne {
			answer, err := user.Get(d.url + "/live?about=list&after=0")
			must(t, err)
			defer answer.Body.Close()
			lines = append(lines, bufio.NewScanner(answer.Body))
		}
	}
	hear := func() { // until each page was told of a change
		for _, page := range lines {
			for page.Scan() && page.Text() != "event: change" {
			}
			must(t, page.Err())
		}
	}
	hear()
	pages := int64(len(lines))
	quiet = (d.Memory(t, "VmRSS") - before) / pages
	ask(t, d.server, load.Options{Callers: callers, Requests: few}, workload(t, "claims", nil))
	hear()
	return quiet, (d.Memory(t, "VmRSS") - before) / pages
}

// BenchmarkLivePages reports what a page that follows what happens takes of the memory, in kB, when two thousand are open.
func BenchmarkLivePages(b *testing.B) {
	for range b.N {
		quiet, told := livePages(b, 40)
		b.ReportMetric(float64(quiet)/1e3, "quiet-kB/page")
		b.ReportMetric(float64(told)/1e3, "told-kB/page")
		b.ReportMetric(0, "ns/op")
	}
}

func TestTheMeasurementOfLivePagesRuns(t *testing.T) {
	if quiet, told := livePages(t, 2); quiet > 1<<20 || told > 1<<20 {
		t.Errorf("a page takes %d bytes, and %d when it was told something", quiet, told)
	}
}
