package store

import (
	"context"
	"time"

	"banksulutgo.co.id/servicedesk/store/internal/sql"
)

// The register of files says which blobs may be removed. Who stores one has it in the register first, in a
// transaction of its own; the transaction that names it in an attachment then fails if the purge was faster. See
// docs/decisions/0012.

// BlobNamed reports whether an attachment names a blob, so that nothing removes it.
func (tx *Tx) BlobNamed(name string) (bool, error) {
	var n int
	err := tx.sql.One(`SELECT COUNT(*) FROM blob WHERE name = $1 AND named`, []any{name}, &n)
	return n > 0, err
}

// RegisterBlob says that a blob is about to be stored. The transaction fails with ErrCondemned while the purge removes
// one of that name.
func (tx *Tx) RegisterBlob(name string, at time.Time) {
	tx.sql.Expect(ErrCondemned, `INSERT INTO blob (name, used_at, named, condemned) VALUES ($1, $2, FALSE, '')
 ON CONFLICT (name) DO UPDATE SET used_at = excluded.used_at WHERE blob.condemned = ''`, name, sql.Micros(at))
}

// CondemnBlobs gives a run of the purge the blobs to remove: those that nobody wanted since idle and no attachment
// names, and those that another run condemned before abandoned and left. It returns at most limit of their names.
func (s *Store) CondemnBlobs(ctx context.Context, run string, idle, abandoned time.Time, limit int) ([]string, error) {
	now := s.Now()
	var names []string
	err := s.writeAlone(ctx, func(tx *Tx) error {
		idleNames, err := tx.texts(`SELECT name FROM blob WHERE NOT named AND (condemned = '' AND used_at < $1 OR condemned <> '' AND used_at < $2)
 AND NOT EXISTS (SELECT 1 FROM attachment WHERE attachment.sha256 = blob.name) ORDER BY used_at LIMIT $3`, sql.Micros(idle), sql.Micros(abandoned), limit)
		if err != nil {
			return err
		}
		for _, name := range idleNames { // which may have been wanted or named since they were read
			tx.sql.Exec(`UPDATE blob SET condemned = $1, used_at = $2
 WHERE name = $3 AND NOT named AND (condemned = '' AND used_at < $4 OR condemned <> '' AND used_at < $5)`, run, sql.Micros(now), name, sql.Micros(idle), sql.Micros(abandoned))
		}
		names, err = tx.texts(`SELECT name FROM blob WHERE NOT named AND condemned = $1 ORDER BY used_at`, run)
		return err
	})
	return names, err
}

// ForgetBlob takes a blob out of the register, after the run that condemned it has removed it.
func (s *Store) ForgetBlob(ctx context.Context, name, run string) error {
	return s.writeAlone(ctx, func(tx *Tx) error {
		tx.sql.Exec(`DELETE FROM blob WHERE name = $1 AND condemned = $2`, name, run)
		return nil
	})
}

// IdleBlobs counts the blobs that CondemnBlobs would give to a run.
func (tx *Tx) IdleBlobs(idle, abandoned time.Time) (int, error) {
	var n int
	err := tx.sql.One(`SELECT COUNT(*) FROM blob WHERE NOT named AND (condemned = '' AND used_at < $1 OR condemned <> '' AND used_at < $2)
 AND NOT EXISTS (SELECT 1 FROM attachment WHERE attachment.sha256 = blob.name)`, []any{sql.Micros(idle), sql.Micros(abandoned)}, &n)
	return n, err
}

// NamedFile is an attachment as an operator knows it.
type NamedFile struct {
	Ticket   int64 // number
	Filename string
}

// FilesOf reads the attachments that name a blob, at most ten of them.
func (tx *Tx) FilesOf(blob string) ([]NamedFile, error) {
	var files []NamedFile
	err := tx.sql.Each(`SELECT t.number, a.filename FROM attachment a JOIN ticket t ON t.id = a.ticket_id WHERE a.sha256 = $1 ORDER BY t.number LIMIT 10`,
		[]any{blob}, func(scan func(dest ...any) error) error {
			var f NamedFile
			err := scan(&f.Ticket, &f.Filename)
			files = append(files, f)
			return err
		})
	return files, err
}

// ForgetRequests forgets at most limit requests that were answered before a time, and returns how many.
func (s *Store) ForgetRequests(ctx context.Context, before time.Time, limit int) (int, error) {
	return s.forgetRequests(ctx, `SELECT partner_id, id FROM request WHERE created_at < $1 ORDER BY created_at LIMIT $2`, before, limit)
}

func (s *Store) forgetRequests(ctx context.Context, which string, before time.Time, limit int) (int, error) {
	type key struct{ partner, id string }
	var old []key
	err := s.writeAlone(ctx, func(tx *Tx) error {
		old = nil
		err := tx.sql.Each(which, []any{sql.Micros(before), limit},
			func(scan func(dest ...any) error) error {
				var k key
				err := scan(&k.partner, &k.id)
				old = append(old, k)
				return err
			})
		for _, k := range old {
			tx.sql.Exec(`DELETE FROM request WHERE partner_id = $1 AND id = $2`, k.partner, k.id)
		}
		return err
	})
	return len(old), err
}

// OldRequests counts the requests that were answered before a time.
func (tx *Tx) OldRequests(before time.Time) (int, error) {
	var n int
	err := tx.sql.One(`SELECT COUNT(*) FROM request WHERE created_at < $1`, []any{sql.Micros(before)}, &n)
	return n, err
}

// texts reads the only column of all rows that a statement returns.
func (tx *Tx) texts(text string, args ...any) ([]string, error) {
	var found []string
	err := tx.sql.Each(text, args, func(scan func(dest ...any) error) error {
		var value string
		err := scan(&value)
		found = append(found, value)
		return err
	})
	return found, err
}
