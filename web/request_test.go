package web

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"banksulutgo.co.id/servicedesk/desk"
)

func TestAPlainRequestIDIsTaken(t *testing.T) {
	for _, given := range []string{"a", "REQ-2026_07.29:1", "f47ac10b-58cc-4372-a567-0e02b2c3d479", strings.Repeat("x", 128), "1753772512345678901"} {
		if got := requestID(given); got != given {
			t.Errorf("%q became %q", given, got)
		}
	}
}

func TestAnOddRequestIDIsReplaced(t *testing.T) {
	for _, given := range []string{
		"", strings.Repeat("x", 129), "a b", "a\tb", "a\nb", "é", "a\xff", `a"b`, "<a>", "a/b", "a;b", "a,b", "4111111111111111", "4111-1111-1111-1111",
		"order-4111111111111111", "a:4111111111111111",
	} {
		got := requestID(given)
		if got == given || len(got) != 20 || requestID(got) != got {
			t.Errorf("%q became %q", given, got)
		}
	}
}

func TestMadeRequestIDsDifferAndArePlain(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := requestID("")
		if seen[id] || strings.Trim(id, "abcdefghijklmnopqrstuvwxyz234567") != "" {
			t.Fatalf("made %q", id)
		}
		seen[id] = true
	}
}

func TestTheRequestIDIsInHeaderBodyAndLog(t *testing.T) {
	door, lines := newDoor(Options{})
	url := start(t, door.Handle("x", fails(desk.Fail(desk.NotFound, desk.TicketNotFound))))
	for _, given := range []string{"mine-1", "", "not mine", "4111111111111111"} {
		got := ask(t, "GET", url, nil, "X-Request-Id: "+given)
		id := got.header.Get("X-Request-Id")
		if (id == given) != (given == "mine-1") || id == "" || !strings.HasSuffix(got.body, `,"requestId":"`+id+`"}`) {
			t.Errorf("%q: header %q, body %s", given, id, got.body)
		}
		if line := lines.fields(t); line["request"] != id {
			t.Errorf("%q: logged %v, want %s", given, line["request"], id)
		}
	}
}

func TestTheLanguageIsTheOneThatIsWantedMore(t *testing.T) {
	const en, id = desk.English, desk.Indonesian
	for accept, want := range map[string]desk.Language{
		"": en, "id": id, "ID-id": id, "in": id, "in-ID": id, "en": en, "en-US": en, "fr": en, "*": en, "ids": en, "i": en, ",,": en,
		"id,en":                        id,
		"en,id":                        en,
		"en;q=0.5, id;q=0.9":           id,
		"en;q=0.9, id;q=0.5":           en,
		"en; q=0.8 , id ; q = 0.9":     id,
		"id;q=0.8, en;q=0.8":           id,
		"en;q=0.8, id;q=0.8":           en,
		"id-ID,id;q=0.9,en-US;q=0.8":   id,
		"en-US,en;q=0.9,id;q=0.8":      en,
		"fr, id;q=0.1":                 id,
		"id;q=0":                       en,
		"id;q=0.0, fr":                 en,
		"id;q=0.000, id-ID;q=0.1":      id,
		"*;q=0.5, id;q=0.1":            en,
		"*;q=0.1, id;q=0.5":            id,
		"id;Q=0.2, en;Q=0.1":           id,
		"id;q=abc":                     id,
		"id;q=-1":                      en,
		"id;q=NaN":                     en,
		"en, id;q=99":                  en,
		"id;level=1;q=0.1":             id,
		"\x00;\xff,id":                 id,
		strings.Repeat("fr,", 1e4):     en,
		"en;q=0.1;q=0.9, id;q=0.00001": en,
	} {
		if got := Language(accepting(accept), desk.English); got != want {
			t.Errorf("%.40q: got %s", accept, got)
		}
	}
}

func prefixes(list ...string) (all []netip.Prefix) {
	for _, p := range list {
		all = append(all, netip.MustParsePrefix(p))
	}
	return all
}

func TestForwardedAddressesCountAsFarAsTrustedProxiesSaidThem(t *testing.T) {
	proxies := prefixes("10.0.0.0/8", "2001:db8:1::/48", "127.0.0.1/32")
	for _, c := range []struct {
		name, remote, want string
		forwarded          []string
	}{
		{"no proxy", "203.0.113.7:9999", "203.0.113.7", nil},
		{"a caller that makes it up", "203.0.113.7:9999", "203.0.113.7", []string{"127.0.0.1"}},
		{"a caller that makes up the proxy", "203.0.113.7:9999", "203.0.113.7", []string{"198.51.100.1, 10.0.0.1"}},
		{"one proxy", "10.0.0.1:80", "203.0.113.7", []string{"203.0.113.7"}},
		{"a trusted proxy that says nothing", "10.0.0.1:80", "10.0.0.1", nil},
		{"an empty header", "10.0.0.1:80", "10.0.0.1", []string{""}},
		{"made up before the proxy", "10.0.0.1:80", "203.0.113.7", []string{"127.0.0.1, 203.0.113.7"}},
		{"made up in a header before", "10.0.0.1:80", "203.0.113.7", []string{"127.0.0.1", "203.0.113.7"}},
		{"several proxies", "10.0.0.1:80", "203.0.113.7", []string{"198.51.100.1, 203.0.113.7,10.3.3.3 , 2001:db8:1::5"}},
		{"several proxies and headers", "10.0.0.1:80", "203.0.113.7", []string{"198.51.100.1", "203.0.113.7,10.3.3.3", "2001:db8:1::5"}},
		{"only proxies", "10.0.0.1:80", "10.4.4.4", []string{"10.4.4.4, 10.3.3.3"}},
		{"IPv6", "[2001:db8:1::1]:80", "2001:db8:2::7", []string{"2001:db8:2::7"}},
		{"IPv6 in brackets", "[2001:db8:1::1]:80", "2001:db8:2::7", []string{"[2001:db8:2::7]"}},
		{"IPv6 with a port", "[2001:db8:1::1]:80", "2001:db8:2::7", []string{"[2001:db8:2::7]:443"}},
		{"IPv4 with a port", "10.0.0.1:80", "203.0.113.7", []string{"203.0.113.7:5555"}},
		{"IPv4 inside IPv6", "[::ffff:10.0.0.1]:80", "203.0.113.7", []string{"::ffff:203.0.113.7"}},
		{"a zone", "[fe80::1%eth0]:80", "fe80::1", nil},
		{"garbage", "10.0.0.1:80", "10.0.0.1", []string{"203.0.113.7, unknown"}},
		{"garbage before the caller", "10.0.0.1:80", "203.0.113.7", []string{"_hidden, 203.0.113.7"}},
		{"an empty hop", "10.0.0.1:80", "10.0.0.1", []string{"203.0.113.7,,"}},
		{"a number too large", "10.0.0.1:80", "10.0.0.1", []string{"203.0.113.777"}},
		{"a host name", "10.0.0.1:80", "10.0.0.1", []string{"evil.example:80"}},
		{"without a port", "203.0.113.7", "203.0.113.7", nil},
		{"a socket file", "@", "invalid IP", []string{"203.0.113.7"}},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.remote
		r.Header["X-Forwarded-For"] = c.forwarded
		if got := clientAddress(r, proxies).String(); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestNobodyButATrustedProxyChangesTheAddress(t *testing.T) {
	proxies := prefixes("10.0.0.0/8")
	rapid.Check(t, func(t *rapid.T) {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = "203.0.113.7:1"
		made := rapid.SliceOf(rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"10.0.0.1", "127.0.0.1", ",", "::1", "[::1]:1"})))
		r.Header["X-Forwarded-For"] = made.Draw(t, "forwarded")
		if got := clientAddress(r, proxies).String(); got != "203.0.113.7" {
			t.Fatalf("got %s", got)
		}
		r.RemoteAddr = "10.0.0.1:1"
		r.Header["X-Forwarded-For"] = append(r.Header["X-Forwarded-For"], "203.0.113.7")
		if got := clientAddress(r, proxies).String(); got != "203.0.113.7" {
			t.Fatalf("through the proxy: got %s", got)
		}
	})
}

func TestHandlersGetTheAddressBehindTheProxies(t *testing.T) {
	door, lines := newDoor(Options{TrustedProxies: prefixes("127.0.0.0/8")})
	ask(t, "GET", start(t, door.Handle("x", fine)), nil, "X-Forwarded-For: 198.51.100.1", "X-Forwarded-For: 203.0.113.7:1234")
	if line := lines.fields(t); line["from"] != "203.0.113.7" {
		t.Errorf("logged %v", line["from"])
	}
}

func TestIfMatchGivesTheVersionThatWasRead(t *testing.T) {
	tag := Tag(7, []byte("x"))
	for _, c := range []struct {
		given   []string
		version int64
		ok      bool
	}{
		{nil, 0, true},
		{[]string{"*"}, 0, true},
		{[]string{tag}, 7, true},
		{[]string{strings.TrimPrefix(tag, "W/")}, 7, true},
		{[]string{strings.Trim(strings.TrimPrefix(tag, "W/"), `"`)}, 7, true},
		{[]string{`"other", ` + tag}, 7, true},
		{[]string{`"a,99-b,c"`, tag}, 7, true},
		{[]string{tag, `W/"12-x"`, `W/"3-x"`}, 12, true},
		{[]string{`W/"3-x", *`}, 0, true},
		{[]string{`"other"`}, 0, false},
		{[]string{`""`}, 0, false},
		{[]string{""}, 0, false},
		{[]string{" , "}, 0, false},
		{[]string{`"7"`}, 0, false},
		{[]string{`"0-x"`}, 0, false},
		{[]string{`"-1-x"`}, 0, false},
		{[]string{`"99999999999999999999-x"`}, 0, false},
		{[]string{`"x-7"`}, 0, false},
	} {
		r := &http.Request{Header: http.Header{}}
		if c.given != nil {
			r.Header["If-Match"] = c.given
		}
		if version, ok := MatchVersion(r); version != c.version || ok != c.ok {
			t.Errorf("%q: got %d, %v", c.given, version, ok)
		}
	}
}

func TestATagShowsItsVersionAndEveryChangeOfTheContent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		version, other := rapid.Int64Min(1).Draw(t, "version"), rapid.Int64Min(1).Draw(t, "other version")
		body, otherBody := rapid.String().Draw(t, "body"), rapid.String().Draw(t, "other body")
		tag := Tag(version, []byte(body))
		if !strings.HasPrefix(tag, `W/"`) || !strings.HasSuffix(tag, `"`) || len(tags([]string{tag + "," + tag})) != 2 {
			t.Fatalf("%s is no weak tag", tag)
		}
		if got, ok := MatchVersion(&http.Request{Header: http.Header{"If-Match": {tag}}}); got != version || !ok {
			t.Fatalf("%s: version %d, %v", tag, got, ok)
		}
		if same := tag == Tag(other, []byte(otherBody)); same != (version == other && body == otherBody) {
			t.Fatalf("%d %q and %d %q: same tag %v", version, body, other, otherBody, same)
		}
	})
}

func TestListsOfTagsAreSplitOutsideQuotes(t *testing.T) {
	for given, want := range map[string][]string{
		`"a"`: {`"a"`}, `"a","b"`: {`"a"`, `"b"`}, ` W/"a" ,, "b,c" `: {`W/"a"`, `"b,c"`}, `"open, "x"`: {`"open, "x"`}, ``: nil, `,`: nil, `*`: {`*`},
	} {
		if diff := cmp.Diff(want, tags([]string{given})); diff != "" {
			t.Errorf("%s: -want +got\n%s", given, diff)
		}
	}
}

// accepting is a request with a header Accept-Language.
func accepting(languages string) *http.Request {
	return &http.Request{Header: http.Header{"Accept-Language": {languages}}}
}
