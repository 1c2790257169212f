package staff

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"banksulutgo.co.id/servicedesk/auth"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store"
)

// standardFactorRoles are the roles that must have a second factor until an administrator says otherwise.
const standardFactorRoles = "supervisor,admin,auditor"

const (
	recoveryCodes = 10
	planLife      = 15 * time.Minute // between BeginFactor and ConfirmFactor
)

// FactorPlan is a second factor that is not set up yet: nothing of it is stored.
type FactorPlan struct {
	Secret string // to be typed into an app: base32 in groups of four
	URI    string // likewise, for a QR code: otpauth://
	Sealed string // what ConfirmFactor wants back; nobody else can read it or use it for somebody else
}

// BeginFactor makes the secret of a second factor for the person. The error is of code Conflict when there is one.
func (s *Staff) BeginFactor(_ context.Context, own Session) (FactorPlan, error) {
	if err := mayEnrol(own); err != nil {
		return FactorPlan{}, err
	}
	factor := auth.NewFactor()
	plan := append(binary.BigEndian.AppendUint64(nil, uint64(s.now().Unix())), factor.Bytes()...)
	return FactorPlan{Secret: factor.Text(), URI: factor.URI(s.issuer, own.Agent.Email),
		Sealed: s.keyring.Seal(plan, "agent", "factor_plan", own.Agent.ID)}, nil
}

// mayEnrol is an error for who may not set up a second factor.
func mayEnrol(own Session) error {
	switch {
	case !own.Verified:
		return desk.Fail(desk.Forbidden, desk.RoleCannot)
	case own.HasFactor:
		return desk.Fail(desk.Conflict, desk.FactorExists)
	}
	return nil
}

// ConfirmFactor sets up the second factor that BeginFactor planned, with a code that shows that the app has it. It returns
// recovery codes, which are told this once, and the session with a new token; the person's other sessions end. Errors are
// of code Invalid when the code is wrong (CodeWrong) or the plan too old, Conflict when there is a second factor already, TooMany after
// too many codes, Unauthorized without a session.
func (s *Staff) ConfirmFactor(ctx context.Context, v Visitor, token, sealed, code string) (codes []string, in SignedIn, err error) {
	own, err := s.Session(ctx, token)
	if err == nil {
		err = mayEnrol(own)
	}
	if err != nil {
		return nil, in, err
	}
	factor, err := s.planned(own, sealed)
	if err != nil {
		return nil, in, err
	}
	tries := s.byFactor(own.Agent.ID)
	if err := s.try(ctx, tries); err != nil {
		return nil, in, err
	}
	step, right := factor.Verify(code, s.now(), 0)
	if !right {
		return nil, in, desk.Fail(desk.Invalid, desk.CodeWrong)
	}
	codes = auth.NewRecoveryCodes(recoveryCodes)
	in, err = s.enrol(ctx, v, token, codes, func(tx *store.Tx) {
		giveBack(tx, []limit{tries})
		tx.GiveFactor(own.Agent.ID, s.keyring.Seal(factor.Bytes(), "agent", "factor", own.Agent.ID), step)
	})
	if errors.Is(err, store.ErrExists) {
		err = desk.Fail(desk.Conflict, desk.FactorExists)
	}
	if err != nil {
		return nil, SignedIn{}, err
	}
	return codes, in, nil
}

// planned reads what BeginFactor sealed for the person.
func (s *Staff) planned(own Session, sealed string) (auth.Factor, error) {
	plan, err := s.keyring.Open(sealed, "agent", "factor_plan", own.Agent.ID)
	if err != nil || len(plan) < 8 {
		return auth.Factor{}, desk.Fail(desk.Invalid, desk.FactorPlanOver)
	}
	begun := time.Unix(int64(binary.BigEndian.Uint64(plan)), 0)
	if age := s.now().Sub(begun); age > planLife || age < -planLife {
		return auth.Factor{}, desk.Fail(desk.Invalid, desk.FactorPlanOver)
	}
	return auth.ParseFactor(plan[8:])
}

// enrol stores a second factor with its recovery codes, and gives the session another token.
func (s *Staff) enrol(ctx context.Context, v Visitor, token string, codes []string, give func(*store.Tx)) (in SignedIn, err error) {
	now, fresh := s.now(), auth.NewSessionToken()
	err = s.store.WriteAlone(ctx, func(tx *store.Tx) error {
		stored, _, err := s.sessionOf(tx, token)
		if err != nil {
			return err
		}
		give(tx)
		tx.SetRecoveryCodes(stored.Agent.ID, s.hashes(stored.Agent.ID, codes))
		in, err = s.verified(tx, stored, fresh)
		tx.EndSessions(stored.Agent.ID, stored.ID)
		tx.Audit(desk.NewAudit(now, in.Session.Actor(v), "factor.create", stored.Agent.ID, desk.OutcomeOK))
		return err
	})
	return in, err
}

// verified gives a session another token and all its rights.
func (s *Staff) verified(tx *store.Tx, stored store.Session, fresh auth.SessionToken) (SignedIn, error) {
	tx.VerifySession(stored.ID, stored.Hash, fresh.Hash, stored.CreatedAt.Add(s.life))
	return s.signedIn(tx, fresh)
}

// hashes are what is stored of recovery codes.
func (s *Staff) hashes(agentID string, codes []string) []string {
	hashes := make([]string, len(codes))
	for i, code := range codes {
		hashes[i] = s.keyring.Hash("recovery code", agentID+" "+code)
	}
	return hashes
}

// Verify takes the code of the second factor, or a recovery code in its place, of somebody who gave the right password. The
// session gets another token. Errors are of code Unauthorized without a session, Invalid when the code is wrong or was taken before
// (CodeWrong), TooMany after too many codes.
func (s *Staff) Verify(ctx context.Context, v Visitor, token, code string) (SignedIn, error) {
	var given outcome
	now, fresh := s.now(), auth.NewSessionToken()
	err := s.store.WriteAlone(ctx, func(tx *store.Tx) error {
		given = outcome{}
		stored, roles, err := s.sessionOf(tx, token)
		if err != nil {
			return err
		}
		given.in.Session = s.shown(stored, roles)
		tries := []limit{s.byFactor(stored.Agent.ID)}
		if given.wait, err = take(tx, now, tries); err != nil || given.wait > 0 {
			return err
		}
		if given.right, err = s.takeCode(tx, given.in.Session, code, now); err != nil || !given.right {
			return err // the try counts
		}
		giveBack(tx, tries)
		given.in, err = s.verified(tx, stored, fresh)
		tx.SawAgent(stored.Agent.ID, now)
		tx.Audit(desk.NewAudit(now, given.in.Session.Actor(v), "session.verify", stored.ID, desk.OutcomeOK))
		return err
	})
	return s.concluded(v, given, err)
}

// outcome is what came of a code.
type outcome struct {
	wait  time.Duration
	right bool
	in    SignedIn
}

// concluded says what came of a code.
func (s *Staff) concluded(v Visitor, given outcome, err error) (SignedIn, error) {
	own := given.in.Session
	switch {
	case err != nil:
		return SignedIn{}, err
	case given.wait > 0:
		return SignedIn{}, tooOften(given.wait)
	case !given.right:
		s.app.NoteRefusal(own.Actor(v), "session.verify", own.ID, desk.Invalid)
		return SignedIn{}, desk.Fail(desk.Invalid, desk.CodeWrong)
	}
	given.in.Device = s.remember(v.Device, own.Agent.ID)
	return given.in, nil
}

// takeCode reports whether a code of the second factor, or a recovery code, is right and was not taken before. It is taken
// from now on: the person is locked, so that nobody takes it at the same time.
func (s *Staff) takeCode(tx *store.Tx, own Session, typed string, now time.Time) (right bool, err error) {
	p, err := tx.Person(own.Agent.ID, true)
	if err != nil || p.Factor == "" || own.Verified {
		return false, err
	}
	if code, ok := auth.NormalizeTrackingCode(typed); ok {
		hash := s.hashes(p.ID, []string{code})[0]
		if right, err = tx.HasRecoveryCode(p.ID, hash); right {
			tx.TakeRecoveryCode(p.ID, hash, now)
		}
		return right, err
	}
	secret, err := s.keyring.Open(p.Factor, "agent", "factor", p.ID)
	if err != nil {
		return false, err
	}
	factor, err := auth.ParseFactor(secret)
	if err != nil {
		return false, err
	}
	step, right := factor.Verify(typed, now, p.FactorStep)
	if right {
		tx.TakeCode(p.ID, step)
	}
	return right, nil
}

// RemoveFactor removes the person's second factor. Errors are of code Invalid when the password is wrong (PasswordWrong),
// NotFound when there is none, TooMany after too many tries.
func (s *Staff) RemoveFactor(ctx context.Context, v Visitor, own Session, password string) error {
	return s.withFactor(ctx, v, own, password, "factor.remove", func(tx *store.Tx) { tx.RemoveFactor(own.Agent.ID) })
}

// NewRecoveryCodes makes recovery codes in the place of the ones that the person has. Errors are those of RemoveFactor.
func (s *Staff) NewRecoveryCodes(ctx context.Context, v Visitor, own Session, password string) ([]string, error) {
	codes := auth.NewRecoveryCodes(recoveryCodes)
	err := s.withFactor(ctx, v, own, password, "factor.recovery_codes", func(tx *store.Tx) {
		tx.SetRecoveryCodes(own.Agent.ID, s.hashes(own.Agent.ID, codes))
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// withFactor changes the second factor of somebody who gives the password again.
func (s *Staff) withFactor(ctx context.Context, v Visitor, own Session, password, action string, do func(*store.Tx)) error {
	if err := settled(own); err != nil {
		return err
	}
	if _, err := s.confirm(ctx, own, password); err != nil {
		return err
	}
	return s.change(ctx, own, v, action, own.Agent.ID, func(tx *store.Tx) error {
		p, err := tx.Person(own.Agent.ID, true)
		if err == nil && p.Factor == "" {
			err = desk.Fail(desk.NotFound, desk.FactorMissing)
		}
		do(tx)
		return err
	})
}

// RecoveryCodesLeft counts the recovery codes of the person that were not used.
func (s *Staff) RecoveryCodesLeft(ctx context.Context, own Session) (n int, err error) {
	err = s.store.Read(ctx, func(tx *store.Tx) (err error) {
		n, err = tx.RecoveryCodesLeft(own.Agent.ID)
		return err
	})
	return n, err
}
