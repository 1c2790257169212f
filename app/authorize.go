package app

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store"
)

// refusals are what somebody without a permission is told (API document, Authentication Errors).
var refusals = map[desk.Permission]desk.Text{
	desk.MayCreate: desk.CannotCreate,
	desk.MayRead:   desk.CannotRead,
	desk.MayUpdate: desk.CannotUpdate,
	desk.MayManage: desk.CannotUpdate,
	desk.MayWork:   desk.CannotUpdate,

	desk.MayIntegrate: desk.CannotUpdate,
}

// Authorize returns an Error of code Forbidden unless the actor has the permission.
func Authorize(actor desk.Actor, p desk.Permission) error {
	if actor.Permissions.Allow(p) {
		return nil
	}
	refusal, known := refusals[p]
	if !known || actor.Role != "" {
		refusal = desk.RoleCannot
	}
	return desk.Fail(desk.Forbidden, refusal)
}

// authorizeIntegration returns an Error of code Forbidden unless the actor may do something about what leaves the desk: an
// employee by desk.MayIntegrate, an API key by a permission.
func authorizeIntegration(actor desk.Actor, key desk.Permission) error {
	if actor.Role != "" {
		key = desk.MayIntegrate
	}
	return Authorize(actor, key)
}

// authorizeLook returns an Error of code Forbidden unless the actor may see what leaves the desk: who may do something about
// it, and auditors.
func authorizeLook(actor desk.Actor, key desk.Permission) error {
	if actor.Permissions.Allow(desk.MayAudit) {
		return nil
	}
	return authorizeIntegration(actor, key)
}

// outward is which tickets' deliveries the actor sees. Employees who look after them see those of every real ticket: that a
// partner is not reached is no matter of the group that has the ticket, and what is in a ticket is not told with them.
func outward(actor desk.Actor) desk.Sight {
	if actor.Role != "" && authorizeLook(actor, "") == nil {
		return desk.Sight{All: true}
	}
	return actor.Sight()
}

// nobody is the id of no partner.
const nobody = "-"

// sees is the partner whose tickets the actor sees; empty: every partner's, but no tests. Whoever belongs to no partner, and does not
// manage, sees none.
func sees(actor desk.Actor) string { return partnerIn(actor.Sight()) }

// partnerIn is the partner of whom a sight is; empty: every partner.
func partnerIn(sight desk.Sight) string {
	switch {
	case sight.All:
		return ""
	case sight.Partner == "":
		return nobody
	}
	return sight.Partner
}

// role is what the actor counts as in the lifecycle: a key that manages may do what an agent may.
func role(actor desk.Actor) desk.Actor {
	if actor.Works() && actor.Kind == desk.ByPartner {
		actor.Kind = desk.ByAgent
	}
	return actor
}

// Pick reads the ticket that an actor means: an own ticket of that number, else the newest own ticket with that
// channel reference. A ticket of somebody else is not told from none: the same statements run, the same Error of code
// NotFound comes back.
func Pick(tx *store.Tx, actor desk.Actor, reference string, forUpdate bool) (*desk.Ticket, error) {
	return pick(tx, actor.Sight(), reference, forUpdate)
}

// pick is Pick for a sight.
func pick(tx *store.Tx, sight desk.Sight, reference string, forUpdate bool) (*desk.Ticket, error) {
	if number, ok := ticketNumber(reference); ok {
		t, err := tx.TicketByNumber(number, forUpdate)
		switch {
		case err == nil && sight.Sees(t):
			return t, nil
		case err != nil && err != store.ErrNotFound:
			return nil, err
		}
	}
	return findReferred(tx, sight, reference, forUpdate)
}

// findReferred reads the newest own ticket with a channel reference.
func findReferred(tx *store.Tx, sight desk.Sight, reference string, forUpdate bool) (*desk.Ticket, error) {
	if !storable(reference) {
		return nil, desk.Fail(desk.NotFound, desk.TicketNotFound)
	}
	t, err := tx.TicketByReference(reference, referrers(sight), forUpdate)
	if err == store.ErrNotFound || err == nil && !sight.Sees(t) {
		return nil, desk.Fail(desk.NotFound, desk.TicketNotFound)
	}
	return t, err
}

// referrers is the partner among whose references a ticket is looked for; empty: everybody's. Of an employee's sight the
// rest is asked of what was found.
func referrers(sight desk.Sight) string {
	if len(sight.Groups) > 0 || sight.Branch != "" {
		return ""
	}
	return partnerIn(sight)
}

// storable reports whether a text can be in the database at all. A path may hold what no text there does: PostgreSQL
// fails at NUL and at broken UTF-8, which would look like a database that is out of order.
func storable(text string) bool { return utf8.ValidString(text) && !strings.Contains(text, "\x00") }

func mine(actor desk.Actor, t *desk.Ticket) bool { return actor.Sight().Sees(t) }

// ticketNumber reads a ticket number in its one spelling.
func ticketNumber(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n > 0 && strconv.FormatInt(n, 10) == s
}
