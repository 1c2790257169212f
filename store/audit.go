package store

import (
	"context"
	"net/netip"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store/internal/sql"
)

// Audit stores entries of the audit trail. They are sealed into the chain when the transaction is concluded, or by the
// sequencer behind the commit.
func (tx *Tx) Audit(entries ...desk.AuditEntry) {
	tx.records.entries = append(tx.records.entries, entries...)
}

// KeepAudit stores entries that belong to no other change, at least one, in a transaction of their own: to seal them in it
// is cheaper than behind it. It may be tried again with the same entries when nobody knows what became of a commit: what is
// stored is not stored twice.
func (s *Store) KeepAudit(ctx context.Context, entries []desk.AuditEntry) error {
	return s.writeAlone(ctx, func(tx *Tx) error {
		var stored int
		err := tx.sql.One(`SELECT COUNT(*) FROM audit WHERE id = $1`, []any{entries[0].ID}, &stored)
		if err == nil && stored == 0 { // one is stored with all the others
			tx.Audit(entries...)
		}
		return err
	})
}

var insertEntries = sql.Inserting("audit", auditColumns, ``)

func (tx *Tx) insertEntries(entries []desk.AuditEntry) {
	tx.sql.ExecRows(insertEntries, len(entries), func(n int) []any {
		e := &entries[n]
		address := ""
		if e.Actor.Address.IsValid() {
			address = e.Actor.Address.String()
		}
		return []any{e.ID, sql.Micros(e.At), string(e.Actor.Kind), e.Actor.ID, e.Actor.Name, e.Actor.PartnerID, address, e.Actor.RequestID,
			e.Action, e.Target, e.Outcome, e.Detail, e.Number, e.MAC}
	})
}

const auditColumns = `id, at, actor_kind, actor_id, actor_name, partner_id, address, request_id, action, target, outcome, detail, number, mac`

func scanAudit(scan func(dest ...any) error) (desk.AuditEntry, error) {
	var e desk.AuditEntry
	var when int64
	var address string
	err := scan(&e.ID, &when, &e.Actor.Kind, &e.Actor.ID, &e.Actor.Name, &e.Actor.PartnerID, &address, &e.Actor.RequestID,
		&e.Action, &e.Target, &e.Outcome, &e.Detail, &e.Number, &e.MAC)
	e.At = sql.At(when)
	if address != "" {
		e.Actor.Address, _ = netip.ParseAddr(address)
		if e.Actor.Address.String() != address {
			e.ID = "" // tampered with: what cannot be read back must not fit its seal
		}
	}
	return e, err
}

// Sealed reads sealed entries in the chain's order, from a number on.
func (tx *Tx) Sealed(from int64, limit int) ([]desk.AuditEntry, error) {
	return tx.auditEntries(`SELECT `+auditColumns+` FROM audit WHERE number >= $1 AND number > 0 ORDER BY number LIMIT $2`, from, limit)
}

// Unsealed counts the entries that wait for their seal.
func (tx *Tx) Unsealed() (int, error) {
	var n int
	err := tx.sql.One(`SELECT COUNT(*) FROM audit WHERE number = 0`, nil, &n)
	return n, err
}

func (tx *Tx) auditEntries(query string, args ...any) ([]desk.AuditEntry, error) {
	var found []desk.AuditEntry
	err := tx.sql.Each(query, args, func(scan func(dest ...any) error) error {
		e, err := scanAudit(scan)
		found = append(found, e)
		return err
	})
	return found, err
}

// ChainHead reads the newest seal as the sequencer remembers it.
func (tx *Tx) ChainHead() (desk.ChainHead, error) {
	var h desk.ChainHead
	err := tx.sql.One(`SELECT audit_number, audit_mac FROM sequencer WHERE id = 1`, nil, &h.Number, &h.MAC)
	return h, err
}
