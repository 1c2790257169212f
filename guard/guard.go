// Package guard decides to which addresses the program may connect. Whatever it calls by HTTP, it calls through a guard: an
// address that a partner gave must not lead into the bank, and none may lead to what a cloud tells its own machines.
package guard

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Options are what the constructors need.
type Options struct {
	Allow    []netip.Prefix // inner networks that addresses given by partners may reach all the same; default none
	Resolver *net.Resolver  // default net.DefaultResolver
}

// Guard checks addresses. It is safe for concurrent use.
type Guard struct {
	partners bool
	allow    []netip.Prefix
	resolver *net.Resolver
}

// Refused says to which address the program does not connect, and why.
type Refused struct {
	Address netip.Addr
	Why     string // what kind of address it is: private, loopback, link-local, …
}

// Error tells the address and its kind.
func (r *Refused) Error() string {
	return fmt.Sprintf("the address %s is not called: it is %s", r.Address, r.Why)
}

// ForPartners makes the guard for addresses that partners give: only what the whole internet can reach, and the inner
// networks that the operator allows.
func ForPartners(o Options) *Guard {
	return &Guard{partners: true, allow: o.Allow, resolver: o.Resolver}
}

// ForOperator makes the guard for addresses that the operator configured: private ones are as good as others, but not
// those at which clouds tell a machine its secrets, nor those that are nobody's.
func ForOperator(o Options) *Guard { return &Guard{resolver: o.Resolver} }

// Check returns a Refused when an address must not be called.
func (g *Guard) Check(a netip.Addr) error {
	end := meant(a)
	k, special := kindOf(end)
	switch {
	case !special, k.use != nobody && !g.partners:
		return nil
	case k.use == inside && slices.ContainsFunc(g.allow, func(n netip.Prefix) bool { return n.Contains(end) }):
		return nil
	}
	return &Refused{Address: a, Why: k.name}
}

// CheckURL returns a Refused for a URL that must not be called whatever name servers say, because its host is an address, or
// the name of this machine. Any other name is resolved, and its address checked, when it is called.
func (g *Guard) CheckURL(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	if a, err := netip.ParseAddr(u.Hostname()); err == nil {
		return g.Check(a)
	}
	name := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	if name != "localhost" && !strings.HasSuffix(name, ".localhost") { // RFC 6761, section 6.3
		return nil
	}
	if g.Check(netip.IPv6Loopback()) == nil {
		return nil
	}
	return g.Check(netip.AddrFrom4([4]byte{127, 0, 0, 1}))
}

// Dialer makes a dialer that connects through the guard, within ten seconds. What is checked is the address at the moment
// of the connection, so that a name that changes its answer gains nothing; the error wraps a Refused.
func (g *Guard) Dialer() *net.Dialer {
	return &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second, Resolver: g.resolver, ControlContext: g.control}
}

// Transport makes a transport for HTTP that connects through the guard, past the proxies of the environment, and inflates
// nothing. Who uses it bounds the time of a request and what is read of an answer.
func (g *Guard) Transport() *http.Transport {
	return &http.Transport{DialContext: g.Dialer().DialContext, DisableCompression: true, ForceAttemptHTTP2: true,
		TLSHandshakeTimeout: 10 * time.Second, MaxResponseHeaderBytes: 64 << 10, IdleConnTimeout: 90 * time.Second}
}

func (g *Guard) control(_ context.Context, _, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%q is no address", address)
	}
	return g.Check(at.Addr())
}
