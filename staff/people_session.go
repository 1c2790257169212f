package staff

import (
	"context"
	"errors"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store"
)

// SessionsOf lists the sessions of an employee, the oldest first, for who looks after people. The error is of code NotFound
// when there is nobody of that id.
func (s *Staff) SessionsOf(ctx context.Context, actor desk.Actor, id string) ([]Session, error) {
	if err := mayConfigure(actor); err != nil {
		return nil, err
	}
	var p store.Person
	var stored []store.Session
	err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
		if p, err = person(tx, id, false); err == nil {
			stored, err = tx.SessionsOf(id, s.now())
		}
		return err
	})
	shown := shownPerson(p)
	return s.living(stored, Session{Agent: shown.Agent, HasFactor: shown.HasFactor, MustChange: shown.MustChange}), err
}

// EndSessionOf ends one session of an employee. Errors are of code NotFound: nobody of that id, or no such session.
func (s *Staff) EndSessionOf(ctx context.Context, actor desk.Actor, id, session string) error {
	if err := mayConfigure(actor); err != nil {
		return err
	}
	now := s.now()
	err := s.store.WriteAlone(ctx, func(tx *store.Tx) error {
		if _, err := person(tx, id, false); err != nil {
			return err
		}
		if !desk.IsID(session) {
			return store.ErrNotFound
		}
		tx.EndSession(id, session)
		tx.Audit(desk.NewAudit(now, actor, "session.end", session, desk.OutcomeOK))
		return nil
	})
	if errors.Is(err, store.ErrNotFound) {
		return desk.Fail(desk.NotFound, desk.SessionNotFound)
	}
	return err
}

// living are the stored sessions of a person whose time is not over, as callers see them; own says whose they are, and
// which one asks.
func (s *Staff) living(stored []store.Session, own Session) (all []Session) {
	for _, other := range stored {
		if s.lives(other) {
			all = append(all, Session{ID: other.ID, Agent: own.Agent, Verified: other.Verified, HasFactor: own.HasFactor, MustChange: own.MustChange, CreatedAt: other.CreatedAt,
				SeenAt: other.SeenAt, EndsAt: other.ExpiresAt, Address: other.Address, Browser: other.Browser, Current: other.ID == own.ID})
		}
	}
	return all
}
