package console_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/staff"
)

// lightest is what a page may weigh at its first load, in bytes: as it goes over the wire, with its style, scripts and pictures.
const lightest = 150_000

func TestThePagesThatAreOpenAllDayAreLight(t *testing.T) {
	t.Parallel()
	f := newFloor(t, desktest.SQLite)
	rina := f.hire(t, "Rina", desk.RoleAgent, claims)
	number := f.claim(t, "Ahmad Suryanto")
	for range 60 {
		f.claim(t, "Nasabah "+desk.NewID(f.Clock.Now()))
	}
	for n := range 30 {
		f.say(t, rina, number, "Kami sudah memeriksa mesin itu, langkah "+strconv.Itoa(n)+".")
	}
	in, err := f.Staff.SignIn(t.Context(), staff.Visitor{}, rina.Email, passphrase)
	must(t, err)
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	t.Cleanup(client.CloseIdleConnections)
	fetch := func(path string) (body []byte, packed int) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.server.URL+path, nil)
		must(t, err)
		req.AddCookie(&http.Cookie{Name: "servicedesk-session", Value: in.Token})
		req.Header.Set("Accept-Encoding", "gzip")
		answer, err := client.Do(req)
		must(t, err)
		defer answer.Body.Close()
		wire, err := io.ReadAll(answer.Body)
		must(t, err)
		if answer.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s", path, answer.Status)
		}
		return unpacked(t, answer.Header, wire), len(wire)
	}
	for _, path := range []string{"/tickets", "/tickets/" + number} {
		page, weight := fetch(path)
		parts := regexp.MustCompile(`(?:src|href)="(/console/static/[^"]+)"`).FindAllSubmatch(page, -1)
		var seen []string
		for _, part := range parts {
			if at := string(part[1]); !slices.Contains(seen, at) {
				seen = append(seen, at)
				_, packed := fetch(at)
				weight += packed
			}
		}
		t.Logf("%s weighs %d bytes with %d files", path, weight, len(seen))
		if weight > lightest || len(seen) < 4 || len(page) < 10_000 {
			t.Errorf("%s weighs %d bytes with %v, of them %d of HTML before packing", path, weight, seen, len(page))
		}
	}
}

// unpacked is a body without its encoding.
func unpacked(t *testing.T, h http.Header, wire []byte) []byte {
	t.Helper()
	if h.Get("Content-Encoding") != "gzip" {
		return wire
	}
	zip, err := gzip.NewReader(bytes.NewReader(wire))
	must(t, err)
	body, err := io.ReadAll(zip)
	must(t, err)
	return body
}
