package guard_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
	"pgregory.net/rapid"

	"banksulutgo.co.id/servicedesk/guard"
)

func TestOnlyAddressesOfTheInternetAreCalledForPartners(t *testing.T) {
	partners, operator := guard.ForPartners(guard.Options{}), guard.ForOperator(guard.Options{})
	for why, addresses := range map[string]string{
		"":              "8.8.8.8 1.1.1.1 103.10.66.1 192.31.196.1 100.63.255.255 100.128.0.0 172.15.255.255 172.32.0.0 2606:4700::1111 2400:cb00::1 ::ffff:8.8.8.8 64:ff9b::808:808",
		"private":       "10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 fc00::1 fd12:3456::1 ::ffff:10.0.0.1 64:ff9b::a00:1 100.64.0.1 100.127.255.255",
		"loopback":      "127.0.0.1 127.1.2.3 ::1 ::ffff:127.0.0.1 64:ff9b::7f00:1",
		"protocols":     "192.0.0.1 192.0.0.170 2001:10::1 100::1",
		"measurements":  "198.18.0.1 198.19.255.255",
		"documentation": "192.0.2.1 198.51.100.7 203.0.113.9 2001:db8::1 3fff::1",
		"not of":        "4000::1 5f00::1 8000::1 1::1 200::1",
		"clouds":        "169.254.169.254 169.254.0.1 fe80::1 fe80::1%eth0 ::ffff:169.254.169.254 64:ff9b::a9fe:a9fe",
		"metadata":      "100.100.100.200 168.63.129.16 192.0.0.192 fd00:ec2::254 fd00:ec2::23 fd00:c1::a9fe:a9fe fd00:42::42 fd20:ce::254",
		"unspecified":   "0.0.0.0 0.1.2.3 ::",
		"multicast":     "224.0.0.1 239.1.1.1 ff02::1 ff0e::1",
		"reserved":      "240.0.0.1 255.255.255.255",
		"given up":      "192.88.99.1 fec0::1",
		"dress":         "::127.0.0.1 ::8.8.8.8 2002:7f00:1:: 2002:808:808::1 2001:0:1::1 64:ff9b:1::a00:1",
	} {
		both := strings.Contains(" clouds metadata multicast reserved given up dress ", " "+why+" ") && why != ""
		for text := range strings.FieldsSeq(addresses) {
			a := netip.MustParseAddr(text)
			checkRefusal(t, "a partner's "+text, partners.Check(a), why)
			if !both {
				why := ""
				checkRefusal(t, "the operator's "+text, operator.Check(a), why)
				continue
			}
			checkRefusal(t, "the operator's "+text, operator.Check(a), why)
		}
	}
}

// checkRefusal checks that an address is refused for a reason; the empty reason: that it is not.
func checkRefusal(t *testing.T, what string, err error, why string) {
	t.Helper()
	var refused *guard.Refused
	switch {
	case why == "" && err != nil:
		t.Errorf("%s: %v", what, err)
	case why != "" && (!errors.As(err, &refused) || !strings.Contains(refused.Why, why)):
		t.Errorf("%s: %v, want a refusal because it is %s", what, err, why)
	}
}

func TestAllowedNetworksOpenWhatIsInsideAndNothingElse(t *testing.T) {
	all := []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}
	wide := guard.ForPartners(guard.Options{Allow: all})
	one := guard.ForPartners(guard.Options{Allow: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("::1/128")}})
	for text, open := range map[string][2]bool{ // by everything, by the two networks
		"10.1.2.3": {true, true}, "10.2.0.1": {true, false}, "::ffff:10.1.2.3": {true, true}, "127.0.0.1": {true, false}, "::1": {true, true}, "fd00::1": {true, false},
		"169.254.169.254": {}, "fe80::1": {}, "100.100.100.200": {}, "0.0.0.0": {}, "2002:a01:203::1": {}, "192.0.2.1": {}, "255.255.255.255": {}, "8.8.8.8": {true, true},
	} {
		a := netip.MustParseAddr(text)
		if got := [2]bool{wide.Check(a) == nil, one.Check(a) == nil}; got != open {
			t.Errorf("%s: called %v, want %v", text, got, open)
		}
	}
}

func TestAHostIsRefusedBeforeItIsCalledWhenNoNameServerIsAsked(t *testing.T) {
	closed := guard.ForPartners(guard.Options{})
	v4 := guard.ForPartners(guard.Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	v6 := guard.ForPartners(guard.Options{Allow: []netip.Prefix{netip.MustParsePrefix("::1/128")}})
	for host, refused := range map[string][3]bool{ // by none allowed, by either loopback
		"127.0.0.1": {true, false, true}, "[::1]:8443": {true, true, false}, "10.1.2.3": {true, true, true}, "169.254.169.254": {true, true, true},
		"localhost": {true, false, false}, "LocalHost.": {true, false, false}, "a.localhost": {true, false, false},
		"8.8.8.8:80": {}, "[2606:4700::1111]": {}, "partner.example": {}, "notlocalhost": {}, "": {},
	} {
		url := "https://" + host + "/hook"
		if got := [3]bool{closed.CheckURL(url) != nil, v4.CheckURL(url) != nil, v6.CheckURL(url) != nil}; got != refused {
			t.Errorf("%s: refused %v, want %v", host, got, refused)
		}
	}
}

func TestNoAddressBelowASpecialNetworkSlipsThrough(t *testing.T) {
	partners := guard.ForPartners(guard.Options{})
	nets := rapid.SampledFrom([]string{"10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "0.0.0.0/8", "224.0.0.0/3",
		"198.18.0.0/15", "fc00::/7", "fe80::/10", "ff00::/8", "::/3", "4000::/2", "8000::/1", "2002::/16", "2001:db8::/32"})
	rapid.Check(t, func(t *rapid.T) {
		n := netip.MustParsePrefix(nets.Draw(t, "network"))
		raw := n.Addr().AsSlice()
		random := rapid.SliceOfN(rapid.Byte(), len(raw), len(raw)).Draw(t, "bits")
		for bit := n.Bits(); bit < 8*len(raw); bit++ {
			raw[bit/8] |= random[bit/8] & (0x80 >> (bit % 8))
		}
		a, _ := netip.AddrFromSlice(raw)
		if a.Is6() && netip.MustParsePrefix("64:ff9b::/96").Contains(a) || a.Is4In6() {
			return // these stand for another address
		}
		if partners.Check(a) == nil {
			t.Fatalf("%s of %s is called", a, n)
		}
	})
}

// canary is a listener on loopback that counts who comes.
func canary(t *testing.T) (address string, visits *atomic.Int32) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	visits = new(atomic.Int32)
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "inner") }),
		ConnState: func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				visits.Add(1)
			}
		}}
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
	return l.Addr().String(), visits
}

// resolver asks a DNS server of the test, which answers each question with the next of some addresses, the last again
// and again.
func resolver(t *testing.T, answers ...string) *net.Resolver {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	go func() {
		buffer, asked := make([]byte, 1500), 0
		for {
			n, from, err := server.ReadFrom(buffer)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buffer[:n]) != nil {
				continue
			}
			m.Response, m.Additionals = true, nil
			if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
				a := netip.MustParseAddr(answers[min(asked, len(answers)-1)]).As4()
				m.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class}, Body: &dnsmessage.AResource{A: a}}}
				asked++
			}
			packed, _ := m.Pack()
			server.WriteTo(packed, from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", server.LocalAddr().String())
	}}
}

func TestNoSpellingOfAnInnerAddressReachesIt(t *testing.T) {
	address, visits := canary(t)
	_, port, _ := net.SplitHostPort(address)
	g := guard.ForPartners(guard.Options{Resolver: resolver(t, "127.0.0.1")})
	client := &http.Client{Transport: g.Transport(), Timeout: 5 * time.Second}
	for _, host := range []string{"127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0", "0.0.0.0", "localhost", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::]",
		"[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[::127.0.0.1]", "inner.example", "127.0.0.1.", "127。0。0。1", "①②⑦.0.0.1"} {
		r, err := client.Get("http://" + host + ":" + port + "/")
		if err == nil {
			r.Body.Close()
			t.Errorf("%s was called", host)
		}
	}
	if n := visits.Load(); n != 0 {
		t.Errorf("the canary had %d visits", n)
	}
}

func TestANameThatChangesItsAnswerGainsNothing(t *testing.T) {
	address, visits := canary(t)
	_, port, _ := net.SplitHostPort(address)
	names := resolver(t, "203.0.113.1", "127.0.0.1")
	if first, err := names.LookupNetIP(t.Context(), "ip4", "changing.example"); err != nil || first[0].String() != "203.0.113.1" {
		t.Fatalf("the first answer is %v, %v", first, err)
	}
	_, err := guard.ForPartners(guard.Options{Resolver: names}).Dialer().DialContext(t.Context(), "tcp", "changing.example:"+port)
	var refused *guard.Refused
	if !errors.As(err, &refused) || refused.Address.String() != "127.0.0.1" {
		t.Errorf("got %v, want the second answer refused", err)
	}
	if n := visits.Load(); n != 0 {
		t.Errorf("the canary had %d visits", n)
	}
}

func TestWhatIsAllowedIsCalled(t *testing.T) {
	address, visits := canary(t)
	_, port, _ := net.SplitHostPort(address)
	allow := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	for name, g := range map[string]*guard.Guard{
		"partner":  guard.ForPartners(guard.Options{Allow: allow, Resolver: resolver(t, "127.0.0.1")}),
		"operator": guard.ForOperator(guard.Options{Resolver: resolver(t, "127.0.0.1")}),
	} {
		r, err := (&http.Client{Transport: g.Transport()}).Get("http://inner.example:" + port)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if body, _ := io.ReadAll(r.Body); string(body) != "inner" {
			t.Errorf("%s: the answer is %q", name, body)
		}
		r.Body.Close()
	}
	if visits.Load() != 2 {
		t.Errorf("%d calls, want 2", visits.Load())
	}
}

// net/http reads the environment once in a process, so that no test could set it for this.
func TestNoProxyOfTheEnvironmentStandsBetween(t *testing.T) {
	if guard.ForPartners(guard.Options{}).Transport().Proxy != nil {
		t.Error("a proxy could be called, whose address says nothing about whom it calls")
	}
}
