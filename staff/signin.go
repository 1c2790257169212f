package staff

import (
	"context"
	"errors"
	"time"

	"banksulutgo.co.id/servicedesk/auth"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store"
)

// longestPassword is how many bytes of a password are looked at: what is longer is nobody's.
const longestPassword = 4096

// errNobody says, for the log, that an e-mail is of nobody who can sign in.
var errNobody = errors.New("there is nobody of this e-mail who can sign in")

// attempt is what somebody who wants to sign in is known by.
type attempt struct {
	person store.Person // zero: nobody who can sign in
	limits []limit
}

// nobody reports whether there is nobody to sign in.
func (a attempt) nobody() bool { return a.person.ID == "" }

// SignIn makes a session of somebody who has the e-mail and password of an active employee. When the person has a second
// factor, the session is not Verified until Verify.
//
// Whether the e-mail is unknown, the account not active or the password wrong, the same is done and the same Error of code
// Unauthorized returned. Other errors are of code TooMany after too many tries, and Unavailable when too many sign in at once.
func (s *Staff) SignIn(ctx context.Context, v Visitor, email, password string) (SignedIn, error) {
	a, err := s.attempt(ctx, v, email)
	if err != nil {
		return SignedIn{}, err
	}
	hash := a.person.Password
	if a.nobody() {
		hash = s.noPassword
	}
	right, err := s.hasher.Verify(ctx, hash, looked(password))
	switch {
	case err != nil: // nobody learned whether it was right
		return SignedIn{}, errors.Join(err, s.forgive(ctx, a.limits...))
	case !right || a.nobody():
		return SignedIn{}, s.refuse(v, a)
	}
	return s.begin(ctx, v, a)
}

// attempt finds who wants to sign in, and counts the try. A try with a browser that the account was used from before is
// counted for that browser alone; all others for the e-mail, and for the address.
func (s *Staff) attempt(ctx context.Context, v Visitor, email string) (a attempt, err error) {
	email = desk.ByEmail.Normalize(email)
	var wait time.Duration
	now := s.now()
	err = s.store.WriteAlone(ctx, func(tx *store.Tx) (err error) {
		if a.person, err = s.candidate(tx, email); err != nil {
			return err
		}
		a.limits = []limit{s.byAddress(v.Address), s.byAccount(email)}
		if mark := s.known(v.Device, a.person.ID); mark != "" {
			a.limits = []limit{s.byDevice(mark)}
		}
		wait, err = take(tx, now, a.limits)
		return err
	})
	if err != nil {
		return a, err
	}
	return a, tooOften(wait)
}

// candidate reads the person of an e-mail; the zero Person when there is none who can sign in.
func (s *Staff) candidate(tx *store.Tx, email string) (store.Person, error) {
	var faults desk.Faults
	if desk.CheckEmail(&faults, "email", email); len(faults) > 0 {
		email = "" // it may be what no column can hold; it is nobody's
	}
	p, err := tx.PersonByEmail(email)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return store.Person{}, nil
	case err != nil:
		return store.Person{}, err
	case !p.Active || p.Role == desk.RoleSystem || p.Password == "":
		return store.Person{}, nil
	}
	return p, nil
}

// refuse notes in the audit trail that a sign-in failed, and returns what is told.
func (s *Staff) refuse(v Visitor, a attempt) error {
	actor := desk.Actor{Kind: desk.ByAgent, ID: a.person.ID, Name: a.person.Name, Address: v.Address, RequestID: v.RequestID}
	s.app.NoteRefusal(actor, "session.begin", a.person.ID, desk.Unauthorized)
	refused := desk.Fail(desk.Unauthorized, desk.SignInFailed)
	if a.nobody() {
		refused.Err = errNobody
	}
	return refused
}

// begin makes the session of somebody who gave the right password. Who was changed meanwhile is refused.
func (s *Staff) begin(ctx context.Context, v Visitor, a attempt) (SignedIn, error) {
	now := s.now()
	token := auth.NewSessionToken()
	made := store.Session{ID: desk.NewID(now), Hash: token.Hash, Address: addressText(v), Browser: shortened(v.Browser), CreatedAt: now, SeenAt: now}
	var in SignedIn
	err := s.store.WriteAlone(ctx, func(tx *store.Tx) error {
		giveBack(tx, a.limits)
		p, err := tx.Person(a.person.ID, true)
		if err != nil {
			return err
		}
		if !p.Active || p.Password != a.person.Password {
			return desk.Fail(desk.Unauthorized, desk.SignInFailed)
		}
		made.Agent, made.Verified, made.ExpiresAt = p.Agent, p.Factor == "", now.Add(s.life)
		if !made.Verified {
			made.ExpiresAt = now.Add(min(pendingLife, s.life))
		}
		tx.InsertSession(made)
		tx.SawAgent(p.ID, now)
		in, err = s.signedIn(tx, token)
		tx.Audit(desk.NewAudit(now, in.Session.Actor(v), "session.begin", made.ID, desk.OutcomeOK))
		return err
	})
	if err == nil && in.Session.Verified {
		in.Device = s.remember(v.Device, in.Session.Agent.ID)
	}
	return in, err
}

// signedIn reads a session that was just made, as every later request does.
func (s *Staff) signedIn(tx *store.Tx, token auth.SessionToken) (SignedIn, error) {
	stored, roles, err := s.sessionOf(tx, token.Text)
	return SignedIn{Token: token.Text, Session: s.shown(stored, roles)}, err
}

// addressText is the address of a visitor as it is stored; empty when there is none.
func addressText(v Visitor) string {
	if !v.Address.IsValid() {
		return ""
	}
	return v.Address.String()
}
