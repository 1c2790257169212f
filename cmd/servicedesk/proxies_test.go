package main_test

import (
	"net/http"
	"strings"
	"testing"

	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// The caller of these tests is 127.0.0.1, or ::1 where the desk listens at that.
func TestAnAddressListHoldsBehindProxiesAndWithoutThem(t *testing.T) {
	t.Parallel()
	for _, desk := range []struct {
		name, listen, proxies string
		keys                  map[string][]string // --allow-ip -> what X-Forwarded-For may say
		refused               map[string][]string
	}{
		{"without a proxy", "127.0.0.1:0", "", map[string][]string{
			"127.0.0.1": {"", "203.0.113.7"}, "::ffff:127.0.0.0/104": {""}, "10.0.0.0/8, 127.0.0.0/8": {""},
		}, map[string][]string{
			"203.0.113.7": {"", "203.0.113.7", "203.0.113.7, 127.0.0.1"}, "::1": {""},
		}},
		{"behind a proxy", "127.0.0.1:0", "127.0.0.1", map[string][]string{
			"203.0.113.0/24":  {"203.0.113.7", "203.0.113.7:4711", "10.9.9.9, 203.0.113.7", "::ffff:203.0.113.7"},
			"2001:db8:1::/48": {"2001:db8:1::9", "[2001:db8:1::9]:443"},
			"127.0.0.1":       {""},
		}, map[string][]string{
			"203.0.113.0/24": {"", "198.51.100.9", "203.0.113.7, 198.51.100.9", "203.0.113.7, unknown"},
			"127.0.0.1":      {"198.51.100.9", "127.0.0.1, 198.51.100.9"},
		}},
		{"behind two proxies, one of which was named as IPv6", "127.0.0.1:0", "127.0.0.0/8,::ffff:10.0.0.0/104", map[string][]string{
			"203.0.113.7": {"203.0.113.7, 10.1.2.3", "198.51.100.9, 203.0.113.7, 10.1.2.3"},
		}, map[string][]string{
			"203.0.113.7": {"203.0.113.7, 198.51.100.9, 10.1.2.3"}, "10.1.2.3": {"203.0.113.7, 10.1.2.3"},
		}},
		{"over IPv6", "[::1]:0", "", map[string][]string{"::1": {"", "10.0.0.1"}, "::/0": {""}}, map[string][]string{"127.0.0.1": {"127.0.0.1"}, "0.0.0.0/0": {""}}},
	} {
		t.Run(desk.name, func(t *testing.T) {
			t.Parallel()
			in := desktest.NewInstallation(t, desktest.SQLite)
			in.Env = []string{"SERVICEDESK_LISTEN=" + desk.listen, "SERVICEDESK_TRUSTED_PROXIES=" + desk.proxies}
			p := in.Serve(t)
			for status, lists := range map[int]map[string][]string{http.StatusOK: desk.keys, http.StatusUnauthorized: desk.refused} {
				for allowed, headers := range lists {
					c := newCaller(t, p, in.NewKey(t, "of "+allowed, "--allow-ip", allowed).Key)
					for _, forwarded := range headers {
						if a := c.behind(t, forwarded); a.Status != status {
							t.Errorf("a key for %s, forwarded for %q: %d, want %d", allowed, forwarded, a.Status, status)
						}
					}
				}
			}
			if len(desk.refused) > 0 && !strings.Contains(p.Log.String(), "was used from an address that is not allowed") {
				t.Error("the log does not tell why keys were refused")
			}
			p.Stop(t)
		})
	}
}

// behind reads the feed as a proxy would for somebody else.
func (c caller) behind(t *testing.T, forwarded string) answer {
	t.Helper()
	request, err := http.NewRequest("GET", c.url+base+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+c.key)
	if forwarded != "" {
		request.Header.Set("X-Forwarded-For", forwarded)
	}
	response, err := c.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	a, err := read(response)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
