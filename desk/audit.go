package desk

import (
	"net/netip"
	"strconv"
	"time"
)

// AuditEntry says who did what to what, when, from where and with which outcome. Entries are sealed into a chain
// behind the commit: Number and MAC are zero until then.
type AuditEntry struct {
	ID      string
	At      time.Time
	Actor   Actor // Kind, ID, Name, PartnerID, Address and RequestID are kept
	Action  string
	Target  string // what it was done to: a ticket number, a key's id
	Outcome string // "ok", or why it was refused
	Detail  string // what else a reader of the trail wants; never a personal value
	Number  int64
	MAC     string
}

// OutcomeOK is the outcome of what was done as asked.
const OutcomeOK = "ok"

// NewAudit makes an entry of something that an actor did.
func NewAudit(at time.Time, actor Actor, action, target, outcome string) AuditEntry {
	return AuditEntry{ID: NewID(at), At: at, Actor: actor, Action: action, Target: target, Outcome: outcome}
}

// Sealed returns the bytes that the chain seals: every kept field, with its length, so that no two entries look alike.
func (e AuditEntry) Sealed() []byte {
	b := make([]byte, 0, 256)
	for _, part := range []string{
		strconv.FormatInt(e.Number, 10), e.ID, strconv.FormatInt(e.At.UnixMicro(), 10),
		string(e.Actor.Kind), e.Actor.ID, e.Actor.Name, e.Actor.PartnerID, addressText(e.Actor.Address), e.Actor.RequestID,
		e.Action, e.Target, e.Outcome, e.Detail,
	} {
		b = strconv.AppendInt(b, int64(len(part)), 10)
		b = append(b, ':')
		b = append(b, part...)
	}
	return b
}

// addressText is the address as it is stored: empty when there is none.
func addressText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// ChainHead is the newest sealed entry of the audit chain.
type ChainHead struct {
	Number int64
	MAC    string
	At     time.Time // when the head was read
}
