package store

import (
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store/internal/sql"
)

// FactorRolesSetting names the setting that lists, with commas, the roles that must have a second factor.
const FactorRolesSetting = "second_factor_roles"

// Person is an employee with what only signing in is about.
type Person struct {
	desk.Agent
	Factor     string // secret of the second factor, sealed; empty: none
	FactorStep int64  // of the newest code that was taken
	MustChange bool   // somebody else knows the password
	SeenAt     time.Time
}

// InsertAgent stores an employee. The transaction fails with ErrExists when one of that e-mail exists. mustChange says
// that the password has to be changed first.
func (tx *Tx) InsertAgent(a desk.Agent, mustChange bool) {
	if a.Language == "" {
		a.Language = desk.Indonesian
	}
	tx.sql.Expect(ErrExists, `INSERT INTO agent (id, email, name, role, password, active, branch, language, away, created_at, must_change)
 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (email) DO NOTHING`,
		a.ID, a.Email, a.Name, string(a.Role), a.Password, a.Active, a.Branch, string(a.Language), a.Away, sql.Micros(a.Since), mustChange)
	tx.insertGroups(a)
}

func (tx *Tx) insertGroups(a desk.Agent) {
	for _, group := range a.Groups {
		tx.sql.Exec(`INSERT INTO agent_group (agent_id, group_code) VALUES ($1, $2) ON CONFLICT (agent_id, group_code) DO NOTHING`, a.ID, group)
	}
}

// UpdateAgent stores what a person is changed to: name, role, activity, branch, absence, language and groups.
func (tx *Tx) UpdateAgent(a desk.Agent) {
	tx.sql.Expect(ErrNotFound, `UPDATE agent SET name = $1, role = $2, active = $3, branch = $4, away = $5, language = $6 WHERE id = $7`,
		a.Name, string(a.Role), a.Active, a.Branch, a.Away, string(a.Language), a.ID)
	tx.sql.Exec(`DELETE FROM agent_group WHERE agent_id = $1`, a.ID)
	tx.insertGroups(a)
}

// ChangePassword stores the hash of a password that only the person knows. The transaction fails with ErrChanged unless the
// hash is still old.
func (tx *Tx) ChangePassword(agentID, old, hash string) {
	tx.sql.Expect(ErrChanged, `UPDATE agent SET password = $1, must_change = FALSE WHERE id = $2 AND password = $3`, hash, agentID, old)
}

// ResetPassword stores the hash of a new password, whatever the old one is.
func (tx *Tx) ResetPassword(agentID, hash string, mustChange bool) {
	tx.sql.Expect(ErrNotFound, `UPDATE agent SET password = $1, must_change = $2 WHERE id = $3`, hash, mustChange, agentID)
}

// SetLanguage stores in which language a person reads pages.
func (tx *Tx) SetLanguage(agentID string, l desk.Language) {
	tx.sql.Expect(ErrNotFound, `UPDATE agent SET language = $1 WHERE id = $2`, string(l), agentID)
}

// SetAway stores whether a person is absent.
func (tx *Tx) SetAway(agentID string, away bool) {
	tx.sql.Expect(ErrNotFound, `UPDATE agent SET away = $1 WHERE id = $2`, away, agentID)
}

// personColumns are read with a row for each group of the person, in the order of groups.
const personColumns = `a.id, a.email, a.name, a.role, a.password, a.active, a.branch, a.language, a.away, a.created_at,
 a.factor, a.factor_step, a.must_change, a.seen_at, COALESCE(g.group_code, '') FROM agent a LEFT JOIN agent_group g ON g.agent_id = a.id `

// persons reads the people whom the rest of a statement picks and orders, those of one id behind each other.
func (tx *Tx) persons(rest string, args ...any) ([]Person, error) {
	var found []Person
	err := tx.sql.Each(`SELECT `+personColumns+rest, args, func(scan func(dest ...any) error) error {
		var p Person
		var since, seen int64
		var group string
		err := scan(&p.ID, &p.Email, &p.Name, &p.Role, &p.Password, &p.Active, &p.Branch, &p.Language, &p.Away, &since,
			&p.Factor, &p.FactorStep, &p.MustChange, &seen, &group)
		if n := len(found); n == 0 || found[n-1].ID != p.ID {
			p.Since, p.SeenAt = sql.At(since), sql.At(seen)
			found = append(found, p)
		}
		if group != "" {
			last := &found[len(found)-1]
			last.Groups = append(last.Groups, group)
		}
		return err
	})
	return found, err
}

// person reads the one person whom a condition picks, or ErrNotFound.
func (tx *Tx) person(where string, args ...any) (Person, error) {
	found, err := tx.persons(`WHERE `+where+` ORDER BY g.group_code`, args...)
	switch {
	case err != nil:
		return Person{}, err
	case len(found) == 0:
		return Person{}, ErrNotFound
	}
	return found[0], nil
}

// People reads all employees without the system user, in the order in which they came: by names each engine sorts in a way
// of its own.
func (tx *Tx) People() ([]Person, error) {
	return tx.persons(`WHERE a.role <> 'system' ORDER BY a.id, g.group_code`)
}

// Members reads the active members of a support group in the same order, each with this group only.
func (tx *Tx) Members(group string) ([]Person, error) {
	return tx.persons(`WHERE g.group_code = $1 AND a.active AND a.role <> 'system' ORDER BY a.id`, group)
}

// StaffedGroups reads the codes of the support groups that have an active member who may work tickets: auditors only read.
func (tx *Tx) StaffedGroups() ([]string, error) {
	return tx.texts(`SELECT DISTINCT g.group_code FROM agent_group g JOIN agent a ON a.id = g.agent_id WHERE a.active AND a.role IN ('agent', 'supervisor', 'admin') ORDER BY g.group_code`)
}

// PersonByEmail reads an employee, or ErrNotFound.
func (tx *Tx) PersonByEmail(email string) (Person, error) { return tx.person(`a.email = $1`, email) }

// AgentByEmail is PersonByEmail for those who only want to know the employee.
func (tx *Tx) AgentByEmail(email string) (desk.Agent, error) {
	p, err := tx.PersonByEmail(email)
	return p.Agent, err
}

// Person reads an employee, or ErrNotFound. With forUpdate the person is not changed by others until the transaction ends,
// which must be one of WriteAlone.
func (tx *Tx) Person(id string, forUpdate bool) (Person, error) {
	if forUpdate { // on its own: what is outer joined cannot be locked
		var locked string
		if err := tx.sql.One(`SELECT id FROM agent WHERE id = $1`+tx.store.engine.Dialect().ForUpdate, []any{id}, &locked); err != nil {
			return Person{}, err
		}
	}
	return tx.person(`a.id = $1`, id)
}

// ActiveAdmins reads the ids of the administrators who can sign in. None is changed by others until the transaction ends,
// which must be one of WriteAlone: two who leave at once must not both count on the other one.
func (tx *Tx) ActiveAdmins() ([]string, error) {
	return tx.texts(`SELECT id FROM agent WHERE role = 'admin' AND active ORDER BY id` + tx.store.engine.Dialect().ForUpdate)
}

// GiveFactor stores the sealed secret of a person's second factor and the step of the code that confirmed it. The
// transaction fails with ErrExists when the person has one.
func (tx *Tx) GiveFactor(agentID, sealed string, step int64) {
	tx.sql.Expect(ErrExists, `UPDATE agent SET factor = $1, factor_step = $2 WHERE id = $3 AND factor = ''`, sealed, step, agentID)
}

// TakeCode notes that the code of a step was taken. The transaction fails with ErrChanged when that step, or a later one,
// was taken before, or the person has no second factor any more.
func (tx *Tx) TakeCode(agentID string, step int64) {
	tx.sql.Expect(ErrChanged, `UPDATE agent SET factor_step = $1 WHERE id = $2 AND factor_step < $1 AND factor <> ''`, step, agentID)
}

// RemoveFactor removes a person's second factor and the recovery codes. The transaction fails with ErrNotFound when there
// is none.
func (tx *Tx) RemoveFactor(agentID string) {
	tx.sql.Expect(ErrNotFound, `UPDATE agent SET factor = '', factor_step = 0 WHERE id = $1 AND factor <> ''`, agentID)
	tx.sql.Exec(`DELETE FROM recovery_code WHERE agent_id = $1`, agentID)
}

// SetRecoveryCodes stores the hashes of recovery codes in the place of the ones that the person had.
func (tx *Tx) SetRecoveryCodes(agentID string, hashes []string) {
	tx.sql.Exec(`DELETE FROM recovery_code WHERE agent_id = $1`, agentID)
	for _, hash := range hashes {
		tx.sql.Exec(`INSERT INTO recovery_code (agent_id, hash, used_at) VALUES ($1, $2, 0)`, agentID, hash)
	}
}

// TakeRecoveryCode notes that a recovery code was used. The transaction fails with ErrChanged when there is no such code, or
// it was used before.
func (tx *Tx) TakeRecoveryCode(agentID, hash string, when time.Time) {
	tx.sql.Expect(ErrChanged, `UPDATE recovery_code SET used_at = $1 WHERE agent_id = $2 AND hash = $3 AND used_at = 0`, sql.Micros(when), agentID, hash)
}

// HasRecoveryCode reports whether a person has a recovery code that was not used.
func (tx *Tx) HasRecoveryCode(agentID, hash string) (has bool, err error) {
	err = tx.sql.One(`SELECT COUNT(*) > 0 FROM recovery_code WHERE agent_id = $1 AND hash = $2 AND used_at = 0`, []any{agentID, hash}, &has)
	return has, err
}

// RecoveryCodesLeft counts the recovery codes that were not used.
func (tx *Tx) RecoveryCodesLeft(agentID string) (n int, err error) {
	err = tx.sql.One(`SELECT COUNT(*) FROM recovery_code WHERE agent_id = $1 AND used_at = 0`, []any{agentID}, &n)
	return n, err
}
