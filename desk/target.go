package desk

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"banksulutgo.co.id/servicedesk/mask"
)

// TargetKind says how a target came to be.
type TargetKind string

// The kinds of targets (the spec, section 6).
const (
	RegisteredTarget TargetKind = "registered" // an endpoint that a partner registered, with a secret of its own
	TicketTarget     TargetKind = "ticket"     // what tickets name as integration.webhookUrl; signed with the creating key's secret
)

// TargetState says whether a target is called.
type TargetState string

// The states of targets. What happens meanwhile for a disabled one is held, not dropped.
const (
	TargetActive   TargetState = "active"
	TargetDisabled TargetState = "disabled"
)

// Why a target is disabled.
const (
	DisabledByPartner = "REQUESTED" // its partner said so
	DisabledAsGone    = "GONE"      // it answered 410
)

// Target is where events are sent to.
type Target struct {
	ID          string
	Kind        TargetKind
	PartnerID   string
	PartnerName string      // for those who see targets of several; not stored with it
	KeyID       string      // of a ticket's target: the key whose secret signs
	Description string      // of the connector's: who disabled it
	URL         string      // in clear; never stored
	SealedURL   string      // as it is stored
	Secret      string      // sealed; of a ticket's target that of the key
	OldSecret   string      // sealed; the one before, for as long as both are good; else empty
	OldUntil    time.Time   // when OldSecret ends
	Events      []EventType // which types are sent; empty: all
	Echo        bool        // the partner's own changes are sent too
	State       TargetState
	Why         string    // it is disabled; of the connector's in the words of who did it
	StateAt     time.Time // since when State is so
	OpenedAt    time.Time // since when its circuit is open, because nothing reached it; zero: closed
	ProbeAt     time.Time // while the circuit is open: when a single delivery is tried next
	Version     int64     // moves with every change of what it is, not with its circuit
	CreatedAt   time.Time
}

// PublicEvents lists the types that partners hear of (API document, Webhook Events).
var PublicEvents = []EventType{TicketCreated, StatusChanged, CommentAdded, TicketResolved, TicketClosed}

// Wants reports whether the target is told of events of a type.
func (t Target) Wants(e EventType) bool {
	return e.Public() && (len(t.Events) == 0 || slices.Contains(t.Events, e))
}

// MaxTargets is how many endpoints a partner can register.
const MaxTargets = 20

// TargetChange is what somebody wants of a target; what is nil stays as it is.
type TargetChange struct {
	URL         *string
	Description *string
	Events      *[]EventType
	Echo        *bool
	Active      *bool
	Faults      Faults // what the door found wrong already
}

// Change changes the target. It returns an Error of code Invalid that names everything that is wrong; then nothing has
// changed. The address and the rules of a ticket's target are those of the tickets: it can be enabled and disabled.
func (t *Target) Change(c TargetChange, at time.Time) error {
	faults := c.Faults
	for _, field := range []struct {
		path  string
		given bool
	}{{"url", c.URL != nil}, {"description", c.Description != nil}, {"events", c.Events != nil}, {"echo", c.Echo != nil}} {
		if field.given && t.Kind == TicketTarget {
			faults.Add(field.path, NotForTicketTarget)
		}
	}
	c.check(&faults)
	if err := faults.Err(); err != nil {
		return err
	}
	assign(&t.URL, c.URL)
	assign(&t.Description, c.Description)
	assign(&t.Events, c.Events)
	assign(&t.Echo, c.Echo)
	switch {
	case c.Active == nil:
	case *c.Active:
		t.Enable(at)
	default:
		t.Disable(DisabledByPartner, at)
	}
	return nil
}

// MaskCards masks full card numbers in what is kept as it was written, and tells the path of each field that had one (the
// spec, section 5). An address that has one is refused instead: masked it would lead nowhere.
func (c *TargetChange) MaskCards(masked func(path string)) {
	if c.Description == nil {
		return
	}
	if clean, found := mask.Cards(*c.Description); found {
		c.Description = &clean
		masked("description")
	}
}

// Check returns an Error of code Invalid that names everything that is wrong with the change whatever target it is of.
func (c TargetChange) Check() error {
	c.check(&c.Faults)
	return c.Faults.Err()
}

func (c TargetChange) check(faults *Faults) {
	if c.URL != nil && !faults.Has("url") {
		switch _, card := mask.Cards(*c.URL); {
		case *c.URL == "":
			faults.Add("url", Required)
		case card:
			faults.Add("url", MustNotBeCard)
		default:
			checkTargetURL(faults, "url", *c.URL)
		}
	}
	if c.Events != nil && !faults.Has("events") {
		for i, e := range *c.Events {
			oneOf(faults, "events."+strconv.Itoa(i), e, PublicEvents, true)
		}
		if len(*c.Events) > len(PublicEvents) {
			faults.Add("events", TooManyItems, strconv.Itoa(len(PublicEvents)))
		}
	}
}

func assign[T any](to *T, value *T) {
	if value != nil {
		*to = *value
	}
}

// Disable stops calling the target. It changes nothing when it is disabled already.
func (t *Target) Disable(why string, at time.Time) {
	if t.State != TargetDisabled {
		t.State, t.Why, t.StateAt = TargetDisabled, why, at
	}
}

// Enable calls the target again, with its circuit closed.
func (t *Target) Enable(at time.Time) {
	if t.State != TargetActive {
		t.State, t.Why, t.StateAt = TargetActive, "", at
		t.OpenedAt, t.ProbeAt = time.Time{}, time.Time{}
	}
}

// Rotate gives the target a new sealed secret at a time. The one that receivers have stays good until another: during an
// overlap that is still the old one, and the newest, which nobody may have got to know, is replaced.
func (t *Target) Rotate(sealed string, at, until time.Time) {
	old := t.Secrets(at)[0]
	t.Secret, t.OldSecret, t.OldUntil = sealed, old, until
}

// EndOverlap ends the secret before the newest.
func (t *Target) EndOverlap() { t.OldSecret, t.OldUntil = "", time.Time{} }

// Secrets are the sealed secrets that sign at a time, first the one of X-Webhook-Signature: during an overlap the old one
// (the spec, section 6).
func (t Target) Secrets(at time.Time) []string {
	if t.OldSecret != "" && at.Before(t.OldUntil) {
		return []string{t.OldSecret, t.Secret}
	}
	return []string{t.Secret}
}

// checkTargetURL notes what is wrong with a URL at a path that a partner gives to be called: it has to be http or https with
// a host, a port that exists if any, and neither user information nor a fragment, which no request carries.
func checkTargetURL(faults *Faults, path, given string) {
	u, err := url.Parse(given)
	switch {
	case strings.ContainsFunc(given, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		faults.Add(path, MustHaveNoSpaces)
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil:
		faults.Add(path, MustBeURL)
	case u.Port() != "" && !validPort(u.Port()):
		faults.Add(path, MustHavePort)
	case strings.Contains(given, "#"):
		faults.Add(path, MustHaveNoFragment)
	}
}

func validPort(s string) bool {
	port, err := strconv.ParseUint(s, 10, 16)
	return err == nil && port > 0
}
