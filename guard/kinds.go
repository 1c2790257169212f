package guard

import "net/netip"

// use says who may call addresses of a kind.
type use int

const (
	nobody  use = iota // has a reason to
	inside             // the operator, and partners where the operator allows the network
	outside            // the operator only
)

// kind is a network of addresses that are special.
type kind struct {
	name string
	use  use
	net  netip.Prefix
}

// kinds are the special addresses (IANA IPv4 and IPv6 Special-Purpose Address Registries; the documentation of clouds for
// their metadata services). Of those that hold an address the smallest counts.
var kinds = []kind{
	{"link-local, where clouds tell a machine its secrets", nobody, netip.MustParsePrefix("169.254.0.0/16")},
	{"link-local, where clouds tell a machine its secrets", nobody, netip.MustParsePrefix("fe80::/10")},
	{"the metadata service of a cloud", nobody, netip.MustParsePrefix("100.100.100.200/32")},
	{"the metadata service of a cloud", nobody, netip.MustParsePrefix("168.63.129.16/32")},
	{"the metadata service of a cloud", nobody, netip.MustParsePrefix("192.0.0.192/32")},
	{"the metadata service of a cloud", nobody, netip.MustParsePrefix("fd00:ec2::/32")},
	{"the metadata service of a cloud", nobody, netip.MustParsePrefix("fd00:c1::a9fe:a9fe/128")},
	{"the metadata service of a cloud", nobody, netip.MustParsePrefix("fd00:42::42/128")},
	{"the metadata service of a cloud", nobody, netip.MustParsePrefix("fd20:ce::254/128")},
	{"multicast", nobody, netip.MustParsePrefix("224.0.0.0/4")},
	{"multicast", nobody, netip.MustParsePrefix("ff00::/8")},
	{"reserved", nobody, netip.MustParsePrefix("240.0.0.0/4")},
	{"of a scheme that was given up", nobody, netip.MustParsePrefix("192.88.99.0/24")},
	{"of a scheme that was given up", nobody, netip.MustParsePrefix("fec0::/10")},
	{"an IPv4 address in the dress of IPv6", nobody, netip.MustParsePrefix("::/96")},
	{"an IPv4 address in the dress of IPv6", nobody, netip.MustParsePrefix("64:ff9b:1::/48")},
	{"an IPv4 address in the dress of IPv6", nobody, netip.MustParsePrefix("2001::/32")},
	{"an IPv4 address in the dress of IPv6", nobody, netip.MustParsePrefix("2002::/16")},

	{"private", inside, netip.MustParsePrefix("10.0.0.0/8")},
	{"private", inside, netip.MustParsePrefix("172.16.0.0/12")},
	{"private", inside, netip.MustParsePrefix("192.168.0.0/16")},
	{"private", inside, netip.MustParsePrefix("fc00::/7")},
	{"private, shared by the customers of a provider", inside, netip.MustParsePrefix("100.64.0.0/10")},
	{"loopback", inside, netip.MustParsePrefix("127.0.0.0/8")},
	{"loopback", inside, netip.MustParsePrefix("::1/128")},

	{"unspecified, which means this machine", outside, netip.MustParsePrefix("0.0.0.0/8")},
	{"unspecified, which means this machine", outside, netip.MustParsePrefix("::/128")},
	{"for protocols", outside, netip.MustParsePrefix("192.0.0.0/24")},
	{"for protocols", outside, netip.MustParsePrefix("2001::/23")},
	{"for protocols", outside, netip.MustParsePrefix("100::/64")},
	{"for measurements", outside, netip.MustParsePrefix("198.18.0.0/15")},
	{"for documentation", outside, netip.MustParsePrefix("192.0.2.0/24")},
	{"for documentation", outside, netip.MustParsePrefix("198.51.100.0/24")},
	{"for documentation", outside, netip.MustParsePrefix("203.0.113.0/24")},
	{"for documentation", outside, netip.MustParsePrefix("2001:db8::/32")},
	{"for documentation", outside, netip.MustParsePrefix("3fff::/20")},
	{"not of the internet", outside, netip.MustParsePrefix("::/3")},
	{"not of the internet", outside, netip.MustParsePrefix("4000::/2")},
	{"not of the internet", outside, netip.MustParsePrefix("8000::/1")},
}

// kindOf is the kind of a special address; special is false for one that the whole internet can reach.
func kindOf(a netip.Addr) (found kind, special bool) {
	for _, k := range kinds {
		if k.net.Contains(a) && (!special || k.net.Bits() > found.net.Bits()) {
			found, special = k, true
		}
	}
	return found, special
}

// translated is the prefix of IPv4 addresses that a gateway translates (NAT64, RFC 6052).
var translated = netip.MustParsePrefix("64:ff9b::/96")

// meant is the address that is called in the end.
func meant(a netip.Addr) netip.Addr {
	a = a.Unmap().WithZone("")
	if translated.Contains(a) {
		b := a.As16()
		return netip.AddrFrom4([4]byte(b[12:]))
	}
	return a
}
