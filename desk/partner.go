package desk

import (
	"net/netip"
	"time"
)

// Partner is an external system that talks to the OMNI API. It owns API keys and sees only its own tickets.
type Partner struct {
	ID        string
	Name      string
	Sociomile bool   // the partner is the provider itself: its tickets are not forwarded back
	TestOf    string // id of the partner whose tests these are; empty: its tickets are real
	CreatedAt time.Time
}

// APIKey is a key of a partner as it is stored: the key's own text is not in it, only its hash.
type APIKey struct {
	ID            string
	PartnerID     string
	PartnerName   string // of a test key: of the partner that it tests for
	Provider      bool   // the partner is Sociomile itself
	Test          bool   // works on tickets for tests, and on nothing else
	Name          string
	Prefix        string // the first characters of the key, to tell keys apart in a list
	Hash          string // hex SHA-256 of the key's text
	Permissions   Permissions
	WebhookSecret string         // sealed
	AllowNets     []netip.Prefix // empty: from anywhere
	Rate          int            // requests a second; 0 = no limit
	CreatedAt     time.Time
	ExpiresAt     time.Time // zero: never
	RevokedAt     time.Time // zero: in use
}

// Usable reports whether the key may be used at a time from an address. Networks count for IPv4 addresses in IPv6 form
// too; the zero address is in no network.
func (k APIKey) Usable(at time.Time, from netip.Addr) bool {
	switch {
	case !k.RevokedAt.IsZero() && !at.Before(k.RevokedAt):
		return false
	case !k.ExpiresAt.IsZero() && !at.Before(k.ExpiresAt):
		return false
	}
	if len(k.AllowNets) == 0 {
		return true
	}
	for _, n := range k.AllowNets {
		if n.Contains(from.Unmap().WithZone("")) {
			return true
		}
	}
	return false
}

// Burst returns how many requests the key may make at once: five seconds of its rate, and always one whole batch.
func (k APIKey) Burst() int { return max(100, 5*k.Rate) }

// ConsolePartner is the id of the partner that stands for the bank itself: the tickets that employees make are its.
const ConsolePartner = "console"
