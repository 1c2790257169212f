package web

import (
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"banksulutgo.co.id/servicedesk/desk"
)

// FuzzHeaders reads every header that the door itself understands. Whatever comes, what is read is within its bounds.
func FuzzHeaders(f *testing.F) {
	for _, seed := range []string{"", "*", `W/"1-abc"`, `"a,b", W/"2-x`, "id;q=0.5, en-GB;q=x, *", "in", "10.0.0.1, [2001:db8::1]:80", "::ffff:10.0.0.1%eth0", "a b", "4111111111111111",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "id;q=NaN", "id;q=-1, en;q=0", "\x00\xff", strings.Repeat(",", 1000)} {
		f.Add(seed)
	}
	proxies := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("10.0.0.0/8")}
	f.Fuzz(func(t *testing.T, s string) {
		r := httptest.NewRequest("GET", "/", nil)
		for _, name := range []string{"If-Match", "If-None-Match", "X-Forwarded-For"} {
			r.Header[name] = []string{s, s}
		}
		if version, ok := MatchVersion(r); ok && version < 0 || !ok && version > 0 {
			t.Errorf("version %d, %v", version, ok)
		}
		if l := Language(accepting(s), desk.English); l != desk.English && l != desk.Indonesian {
			t.Errorf("language %q", l)
		}
		if a := clientAddress(r, proxies); !a.IsValid() || a.Zone() != "" || a.Is4In6() {
			t.Errorf("address %v", a)
		}
		if id := requestID(s); id == "" || len(id) > 128 || strings.ContainsFunc(id, odd) {
			t.Errorf("request id %q", id)
		}
		if trace := traceID(s); trace != "" && len(trace) != 32 {
			t.Errorf("trace %q", trace)
		}
		given := Answer{Status: 200, Tag: `W/"1-abc"`}
		if got := conditional(&Request{Request: r}, given); got.Status != 200 && got.Status != 304 || got.Tag != given.Tag {
			t.Errorf("answer %+v", got)
		}
	})
}
