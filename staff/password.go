package staff

import (
	"context"
	"errors"

	"banksulutgo.co.id/servicedesk/auth"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store"
)

// ChangePassword gives the person another password and ends all other sessions. The error is of code Invalid when the old
// password is wrong (PasswordWrong) or the new one is too short, too long or the old one; TooMany after too many tries;
// Unavailable when too many passwords wait to be hashed.
func (s *Staff) ChangePassword(ctx context.Context, v Visitor, own Session, old, fresh string) error {
	if err := settled(own); err != nil {
		return err
	}
	if err := auth.CheckPassword(fresh); err != nil {
		return err
	}
	p, err := s.confirm(ctx, own, old)
	if err != nil {
		return err
	}
	if old == fresh {
		return desk.Faults{{Path: "password", Text: desk.PasswordSame}}.Err()
	}
	hash, err := s.hasher.Hash(ctx, fresh)
	if err != nil {
		return err
	}
	err = s.change(ctx, own, v, "agent.password", own.Agent.ID, func(tx *store.Tx) error {
		tx.ChangePassword(own.Agent.ID, p.Password, hash)
		tx.EndSessions(own.Agent.ID, own.ID)
		return nil
	})
	return passwordChanged(err)
}

// passwordChanged words that somebody else was faster with another password.
func passwordChanged(err error) error {
	if errors.Is(err, store.ErrChanged) {
		return desk.Fail(desk.Invalid, desk.PasswordWrong)
	}
	return err
}

// confirm verifies the password of somebody who is signed in.
func (s *Staff) confirm(ctx context.Context, own Session, password string) (p store.Person, err error) {
	tries := s.byPassword(own.Agent.ID)
	if err := s.try(ctx, tries); err != nil {
		return p, err
	}
	err = s.store.Read(ctx, func(tx *store.Tx) (err error) {
		p, err = tx.Person(own.Agent.ID, false)
		return err
	})
	if err != nil {
		return p, err
	}
	right, err := s.hasher.Verify(ctx, p.Password, looked(password))
	if err == nil && !right {
		return p, desk.Fail(desk.Invalid, desk.PasswordWrong)
	}
	return p, errors.Join(err, s.forgive(ctx, tries))
}

// looked is the password as it is looked at: one that is too long is nobody's.
func looked(password string) string {
	if len(password) > longestPassword {
		return ""
	}
	return password
}

// hashed checks a new password and hashes it. An empty one is made.
func (s *Staff) hashed(ctx context.Context, given string) (password, hash string, err error) {
	if password = given; password == "" {
		password = auth.NewPassword()
	}
	if err := auth.CheckPassword(password); err != nil {
		return "", "", err
	}
	hash, err = s.hasher.Hash(ctx, password)
	return password, hash, err
}
