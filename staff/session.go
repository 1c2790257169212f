package staff

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"

	"banksulutgo.co.id/servicedesk/auth"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store"
)

const (
	seenEvery     = time.Minute      // how exactly it is known when somebody was last there
	pendingLife   = 10 * time.Minute // of a session that waits for its second factor
	browserLength = 200              // characters that are kept of what a browser says of itself
)

// Visitor is who asks for a page, before anybody knows who it is.
type Visitor struct {
	Address   netip.Addr
	Browser   string // what it says of itself
	Device    string // text of the device cookie; empty: none
	RequestID string
}

// Session is somebody who signed in with a browser.
type Session struct {
	ID         string
	Agent      desk.Agent // as the person is now, without the password
	Verified   bool       // the second factor was given, or there is none
	MustEnrol  bool       // the role must have a second factor and there is none: nothing else may be done
	MustChange bool       // somebody else knows the password: it has to be changed before anything else
	HasFactor  bool
	CreatedAt  time.Time
	SeenAt     time.Time // to a minute
	EndsAt     time.Time // at the latest
	Address    string
	Browser    string
	Current    bool // the one that asks
}

// Ready reports whether the person may work: nothing is left to be given, set up or changed first.
func (s Session) Ready() bool { return s.Verified && !s.MustEnrol && !s.MustChange }

// Actor is who acts with the session. Until the session is Ready it may do nothing and sees no ticket.
func (s Session) Actor(v Visitor) desk.Actor {
	actor := desk.Actor{Kind: desk.ByAgent, ID: s.Agent.ID, Name: s.Agent.Name}
	if s.Ready() {
		actor = s.Agent.Actor()
	}
	actor.Address, actor.RequestID = v.Address, v.RequestID
	return actor
}

// SignedIn is a session with what the browser is to keep.
type SignedIn struct {
	Token   string // of the session
	Device  string // for the device cookie; empty: leave it as it is
	Session Session
}

// sessionEnded is what whoever has no session is told.
func sessionEnded() error { return desk.Fail(desk.Unauthorized, desk.SessionEnded) }

// Session returns the session of a token, with the person as he is at this moment. It returns an Error of code Unauthorized
// when there is none, or no more.
func (s *Staff) Session(ctx context.Context, token string) (Session, error) {
	var stored store.Session
	var roles string
	err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
		stored, roles, err = s.sessionOf(tx, token)
		return err
	})
	if err != nil {
		return Session{}, err
	}
	if now := s.now(); now.Sub(stored.SeenAt) >= seenEvery {
		if err := s.store.SawSession(ctx, stored, now); err != nil {
			s.log.Warn("it could not be noted when an employee was last there", "agent", stored.Agent.ID, "error", err)
		}
	}
	return s.shown(stored, roles), nil
}

// sessionOf reads the session of a token, with the roles that must have a second factor. The error is of code Unauthorized
// when there is none that is still good.
func (s *Staff) sessionOf(tx *store.Tx, token string) (stored store.Session, roles string, err error) {
	hash, ok := auth.ParseSessionToken(token)
	if !ok {
		return stored, "", sessionEnded()
	}
	stored, roles, err = tx.SessionByHash(hash, standardFactorRoles)
	if errors.Is(err, store.ErrNotFound) || err == nil && (!s.lives(stored) || !stored.Agent.Active || stored.Agent.Role == desk.RoleSystem) {
		err = sessionEnded()
	}
	return stored, roles, err
}

// lives reports whether the time of a session is not over.
func (s *Staff) lives(stored store.Session) bool {
	now := s.now()
	return now.Before(stored.ExpiresAt) && now.Sub(stored.SeenAt) < s.idle
}

// shown is a stored session as callers see it.
func (s *Staff) shown(stored store.Session, roles string) Session {
	return Session{ID: stored.ID, Agent: stored.Agent, Verified: stored.Verified || !stored.HasFactor, HasFactor: stored.HasFactor,
		MustEnrol: !stored.HasFactor && slices.Contains(strings.Split(roles, ","), string(stored.Agent.Role)), MustChange: stored.MustChange,
		CreatedAt: stored.CreatedAt, SeenAt: stored.SeenAt, EndsAt: stored.ExpiresAt, Address: stored.Address, Browser: stored.Browser, Current: true}
}

// SignOut ends the session of a token. One that has ended already is no error.
func (s *Staff) SignOut(ctx context.Context, v Visitor, token string) error {
	now := s.now()
	err := s.store.WriteAlone(ctx, func(tx *store.Tx) error {
		stored, roles, err := s.sessionOf(tx, token)
		if err != nil {
			return err
		}
		tx.EndSession(stored.Agent.ID, stored.ID)
		tx.Audit(desk.NewAudit(now, s.shown(stored, roles).Actor(v), "session.end", stored.ID, desk.OutcomeOK))
		return nil
	})
	if desk.Is(err, desk.Unauthorized) || errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// Sessions lists the person's own sessions, the oldest first.
func (s *Staff) Sessions(ctx context.Context, own Session) ([]Session, error) {
	if err := settled(own); err != nil {
		return nil, err
	}
	var stored []store.Session
	err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
		stored, err = tx.SessionsOf(own.Agent.ID, s.now())
		return err
	})
	return s.living(stored, own), err
}

// settled is an Error of code Forbidden unless the session may be used for the person's own account: the second factor
// comes first.
func settled(own Session) error {
	if own.Verified && !own.MustEnrol {
		return nil
	}
	return desk.Fail(desk.Forbidden, desk.RoleCannot)
}

// EndSession ends one of the person's own sessions. It returns an Error of code NotFound when there is none of that id.
func (s *Staff) EndSession(ctx context.Context, v Visitor, own Session, id string) error {
	err := s.change(ctx, own, v, "session.end", id, func(tx *store.Tx) error {
		if !desk.IsID(id) {
			return store.ErrNotFound
		}
		tx.EndSession(own.Agent.ID, id)
		return nil
	})
	if errors.Is(err, store.ErrNotFound) {
		return desk.Fail(desk.NotFound, desk.SessionNotFound)
	}
	return err
}

// EndOtherSessions ends the person's own sessions, but for this one.
func (s *Staff) EndOtherSessions(ctx context.Context, v Visitor, own Session) error {
	return s.change(ctx, own, v, "session.end_others", own.Agent.ID, func(tx *store.Tx) error {
		tx.EndSessions(own.Agent.ID, own.ID)
		return nil
	})
}

// SetLanguage stores in which language the person reads pages: also before a second factor is set up, whose page is to be
// read too.
func (s *Staff) SetLanguage(ctx context.Context, own Session, l desk.Language) error {
	if l != desk.Indonesian && l != desk.English {
		return desk.Faults{{Path: "language", Text: desk.MustBeOneOf, Args: []string{"id, en"}}}.Err()
	}
	own.MustEnrol = false
	return s.change(ctx, own, Visitor{}, "agent.language", own.Agent.ID, func(tx *store.Tx) error {
		tx.SetLanguage(own.Agent.ID, l)
		return nil
	})
}

// SetAway says whether the person is absent.
func (s *Staff) SetAway(ctx context.Context, v Visitor, own Session, away bool) error {
	return s.change(ctx, own, v, "agent.away", own.Agent.ID, func(tx *store.Tx) error {
		tx.SetAway(own.Agent.ID, away)
		return nil
	})
}

// change does what a person does to the own account, and notes it in the audit trail.
func (s *Staff) change(ctx context.Context, own Session, v Visitor, action, target string, do func(*store.Tx) error) error {
	if err := settled(own); err != nil {
		return err
	}
	now := s.now()
	return s.store.WriteAlone(ctx, func(tx *store.Tx) error {
		if err := do(tx); err != nil {
			return err
		}
		tx.Audit(desk.NewAudit(now, own.Actor(v), action, target, desk.OutcomeOK))
		return nil
	})
}

// forgetSessions removes what is kept of sessions that ended and of tries that are forgotten.
func (s *Staff) forgetSessions(ctx context.Context) error {
	now := s.now()
	for sessions, tries := forgetAtOnce, forgetAtOnce; sessions == forgetAtOnce || tries == forgetAtOnce; {
		err := s.store.WriteAlone(ctx, func(tx *store.Tx) (err error) {
			if sessions, err = tx.PurgeSessions(now, forgetAtOnce); err == nil {
				tries, err = tx.PurgeThrottles(now, forgetAtOnce)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// shortened makes what a browser says fit to be stored and shown in a list.
func shortened(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	if r := []rune(text); len(r) > browserLength {
		return string(r[:browserLength])
	}
	return text
}
