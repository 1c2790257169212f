package desk

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAKeyIsUsableUntilItEndsAndFromWhereItMay(t *testing.T) {
	nets := []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("2001:db8::/32")}
	local := netip.MustParseAddr("10.1.2.3")
	for name, c := range map[string]struct {
		key  APIKey
		at   time.Time
		from netip.Addr
		want bool
	}{
		"no limits":                        {APIKey{}, hours(0), netip.MustParseAddr("203.0.113.9"), true},
		"no limits, address unknown":       {APIKey{}, hours(0), netip.Addr{}, true},
		"before it expires":                {APIKey{ExpiresAt: hours(1)}, hours(1).Add(-1), local, true},
		"the moment it expires":            {APIKey{ExpiresAt: hours(1)}, hours(1), local, false},
		"before it is revoked":             {APIKey{RevokedAt: hours(1)}, hours(1).Add(-1), local, true},
		"the moment it is revoked":         {APIKey{RevokedAt: hours(1)}, hours(1), local, false},
		"revoked and not expired":          {APIKey{RevokedAt: hours(1), ExpiresAt: hours(9)}, hours(2), local, false},
		"expired and not revoked yet":      {APIKey{RevokedAt: hours(9), ExpiresAt: hours(1)}, hours(2), local, false},
		"inside a network":                 {APIKey{AllowNets: nets}, hours(0), local, true},
		"inside another network":           {APIKey{AllowNets: nets}, hours(0), netip.MustParseAddr("2001:db8::1"), true},
		"an IPv4 address in IPv6 form":     {APIKey{AllowNets: nets}, hours(0), netip.MustParseAddr("::ffff:10.1.2.3"), true},
		"with a zone":                      {APIKey{AllowNets: nets}, hours(0), netip.MustParseAddr("2001:db8::1%eth0"), true},
		"outside the networks":             {APIKey{AllowNets: nets}, hours(0), netip.MustParseAddr("10.2.0.1"), false},
		"networks, address unknown":        {APIKey{AllowNets: nets}, hours(0), netip.Addr{}, false},
		"inside a network, but it expired": {APIKey{AllowNets: nets, ExpiresAt: hours(0)}, hours(0), local, false},
	} {
		if got := c.key.Usable(c.at, c.from); got != c.want {
			t.Errorf("%s: usable %v, want %v", name, got, c.want)
		}
	}
}

func TestBurstsHoldAWholeBatch(t *testing.T) {
	for rate, want := range map[int]int{0: 100, 1: 100, 20: 100, 21: 105, 1000: 5000} {
		if got := (APIKey{Rate: rate}).Burst(); got != want {
			t.Errorf("rate %d: burst %d, want %d", rate, got, want)
		}
	}
}

func TestEveryFaultOfANewAgentIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		agent Agent
		want  map[string]string
	}{
		"nothing given": {Agent{}, map[string]string{
			"email": "Email must be a valid email address", "name": "Name is required", "role": "Role is required"}},
		"system is no role for people": {Agent{Email: "a@banksulutgo.co.id", Name: "A", Role: RoleSystem}, map[string]string{
			"role": "Invalid role. Must be one of: agent, supervisor, admin, auditor"}},
		"complete": {Agent{Email: "a@banksulutgo.co.id", Name: "A", Role: RoleAuditor}, nil},
	} {
		if diff := cmp.Diff(c.want, faultTexts(t, c.agent.Check())); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

// faultTexts are the English faults of an error by path; nil when there is no error.
func faultTexts(t *testing.T, err error) map[string]string {
	t.Helper()
	if err == nil {
		return nil
	}
	e, ok := err.(*Error)
	if !ok || e.Code != Invalid || e.Text != ValidationFailed {
		t.Fatalf("got %v, want faults", err)
	}
	texts := map[string]string{}
	for _, f := range e.Fields {
		if _, twice := texts[f.Path]; twice {
			t.Errorf("%s is at fault twice", f.Path)
		}
		texts[f.Path] = f.In(English)
	}
	return texts
}
