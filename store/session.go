package store

import (
	"context"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store/internal/sql"
)

// Session is somebody who signed in with a browser.
type Session struct {
	ID         string
	Hash       string     // of the token that the browser has
	Agent      desk.Agent // as the person is now, without the password
	HasFactor  bool
	MustChange bool // somebody else knows the password
	Verified   bool // the second factor was given, or none was asked for
	Address    string
	Browser    string
	CreatedAt  time.Time
	SeenAt     time.Time // to a minute
	ExpiresAt  time.Time
}

// WriteAlone is Write in a transaction of its own, for what takes locks that others wait for. Nobody who waits for events is
// told of it.
func (s *Store) WriteAlone(ctx context.Context, fn func(*Tx) error) error {
	return s.writeAlone(ctx, fn)
}

// InsertSession stores a new session of an agent, of whom only the id is stored.
func (tx *Tx) InsertSession(s Session) {
	tx.sql.Exec(`INSERT INTO session (id, hash, agent_id, verified, address, browser, created_at, seen_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		s.ID, s.Hash, s.Agent.ID, s.Verified, s.Address, s.Browser, sql.Micros(s.CreatedAt), sql.Micros(s.SeenAt), sql.Micros(s.ExpiresAt))
}

// SessionByHash reads the session whose token has a hash, with its person and the setting of the roles that must have a
// second factor (standard when it was never set), in one statement: every request asks this. The error is ErrNotFound when
// there is none.
func (tx *Tx) SessionByHash(hash, standard string) (s Session, factorRoles string, err error) {
	found := false
	err = tx.sql.Each(`SELECT COALESCE((SELECT value FROM setting WHERE name = 'second_factor_roles'), $1), s.id, s.verified, s.address, s.browser, s.created_at, s.seen_at, s.expires_at,
 a.id, a.email, a.name, a.role, a.active, a.branch, a.language, a.away, a.created_at, a.factor <> '', a.must_change, COALESCE(g.group_code, '')
 FROM session s JOIN agent a ON a.id = s.agent_id LEFT JOIN agent_group g ON g.agent_id = a.id WHERE s.hash = $2 ORDER BY g.group_code`,
		[]any{standard, hash}, func(scan func(dest ...any) error) error {
			var created, seen, expires, since int64
			var group string
			a := &s.Agent
			err := scan(&factorRoles, &s.ID, &s.Verified, &s.Address, &s.Browser, &created, &seen, &expires,
				&a.ID, &a.Email, &a.Name, &a.Role, &a.Active, &a.Branch, &a.Language, &a.Away, &since, &s.HasFactor, &s.MustChange, &group)
			s.Hash, s.CreatedAt, s.SeenAt, s.ExpiresAt, a.Since = hash, sql.At(created), sql.At(seen), sql.At(expires), sql.At(since)
			if group != "" {
				a.Groups = append(a.Groups, group)
			}
			found = true
			return err
		})
	if err == nil && !found {
		err = ErrNotFound
	}
	return s, factorRoles, err
}

// SessionsOf reads an agent's sessions that have not expired, the oldest first, without who the agent is.
func (tx *Tx) SessionsOf(agentID string, now time.Time) ([]Session, error) {
	var found []Session
	err := tx.sql.Each(`SELECT id, verified, address, browser, created_at, seen_at, expires_at FROM session WHERE agent_id = $1 AND expires_at > $2 ORDER BY id`,
		[]any{agentID, sql.Micros(now)}, func(scan func(dest ...any) error) error {
			var s Session
			var created, seen, expires int64
			err := scan(&s.ID, &s.Verified, &s.Address, &s.Browser, &created, &seen, &expires)
			s.CreatedAt, s.SeenAt, s.ExpiresAt = sql.At(created), sql.At(seen), sql.At(expires)
			found = append(found, s)
			return err
		})
	return found, err
}

// VerifySession gives a session another token, which counts as verified from now on. The transaction fails with ErrChanged
// unless the session still has the token of the old hash.
func (tx *Tx) VerifySession(id, old, hash string, expires time.Time) {
	tx.sql.Expect(ErrChanged, `UPDATE session SET hash = $1, verified = TRUE, expires_at = $2 WHERE id = $3 AND hash = $4`, hash, sql.Micros(expires), id, old)
}

// EndSession ends a session of an agent. The transaction fails with ErrNotFound when there is none of that id.
func (tx *Tx) EndSession(agentID, id string) {
	tx.sql.Expect(ErrNotFound, `DELETE FROM session WHERE agent_id = $1 AND id = $2`, agentID, id)
}

// EndSessions ends the sessions of an agent, but for the one of an id (empty: all).
func (tx *Tx) EndSessions(agentID, but string) {
	tx.sql.Exec(`DELETE FROM session WHERE agent_id = $1 AND id <> $2`, agentID, but)
}

// SawSession notes that an agent was there with a session, unless that was noted since the session was read.
func (s *Store) SawSession(ctx context.Context, seen Session, now time.Time) error {
	return s.writeAlone(ctx, func(tx *Tx) error {
		tx.SawAgent(seen.Agent.ID, now)
		tx.sql.Exec(`UPDATE session SET seen_at = $1 WHERE id = $2 AND seen_at = $3`, sql.Micros(now), seen.ID, sql.Micros(seen.SeenAt))
		return nil
	})
}

// SawAgent notes that a person was there.
func (tx *Tx) SawAgent(agentID string, now time.Time) {
	tx.sql.Exec(`UPDATE agent SET seen_at = $1 WHERE id = $2 AND seen_at < $1`, sql.Micros(now), agentID)
}

// PurgeSessions removes sessions that have expired at a time, some rows at a time, and returns how many.
func (tx *Tx) PurgeSessions(now time.Time, limit int) (int, error) {
	ids, err := tx.texts(`SELECT id FROM session WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2`, sql.Micros(now), limit)
	for _, id := range ids {
		tx.sql.Exec(`DELETE FROM session WHERE id = $1`, id)
	}
	return len(ids), err
}
