package store

import (
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store/internal/sql"
)

// InsertComment stores a comment.
func (tx *Tx) InsertComment(c desk.Comment) {
	tx.sql.Exec(`INSERT INTO comment (ticket_id, seq, id, author, content, public, from_support, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		c.TicketID, c.Seq, c.ID, c.Author, c.Content, c.Public, c.FromSupport, sql.Micros(c.At))
}

const commentColumns = `ticket_id, seq, id, author, content, public, from_support, at`

// PublicComments reads the comments of a ticket that may be seen outside the bank, oldest first.
func (tx *Tx) PublicComments(ticketID string) ([]desk.Comment, error) {
	return tx.comments(`SELECT `+commentColumns+` FROM comment WHERE ticket_id = $1 AND public ORDER BY seq`, ticketID)
}

// Comments reads all comments of a ticket, internal ones too, oldest first.
func (tx *Tx) Comments(ticketID string) ([]desk.Comment, error) {
	return tx.comments(`SELECT `+commentColumns+` FROM comment WHERE ticket_id = $1 ORDER BY seq`, ticketID)
}

func (tx *Tx) comments(query, ticketID string) ([]desk.Comment, error) {
	var found []desk.Comment
	err := tx.sql.Each(query, []any{ticketID}, func(scan func(dest ...any) error) error {
		c, err := scanComment(scan)
		found = append(found, c)
		return err
	})
	return found, err
}

// scanComment reads a row of commentColumns.
func scanComment(scan func(dest ...any) error) (c desk.Comment, err error) {
	var when int64
	err = scan(&c.TicketID, &c.Seq, &c.ID, &c.Author, &c.Content, &c.Public, &c.FromSupport, &when)
	c.At = sql.At(when)
	return c, err
}

// InsertAttachments stores the rows that name files. The files themselves must be durable before the commit, and
// registered before that: the transaction fails with ErrCondemned when the register has one no more.
func (tx *Tx) InsertAttachments(files []desk.Attachment) {
	for _, f := range files {
		// A blob that is named already is not locked: many tickets may carry the same file at once.
		tx.sql.Exec(`UPDATE blob SET named = TRUE WHERE name = $1 AND NOT named AND condemned = ''`, f.SHA256)
		tx.sql.Expect(ErrCondemned, `INSERT INTO attachment (ticket_id, id, filename, mime, size, sha256, description, uploaded_by, uploaded_at)
 SELECT $1, $2, $3, $4, CAST($5 AS bigint), name, $6, $7, CAST($8 AS bigint) FROM blob WHERE name = $9 AND named`,
			f.TicketID, f.ID, f.Filename, f.MIME, f.Size, f.Description, f.UploadedBy, sql.Micros(f.UploadedAt), f.SHA256)
	}
}

// Attachments reads the files of a ticket, in the order in which they came.
func (tx *Tx) Attachments(ticketID string) ([]desk.Attachment, error) {
	var found []desk.Attachment
	err := tx.sql.Each(`SELECT id, filename, mime, size, sha256, description, uploaded_by, uploaded_at FROM attachment WHERE ticket_id = $1 ORDER BY uploaded_at, id`,
		[]any{ticketID}, func(scan func(dest ...any) error) error {
			f := desk.Attachment{TicketID: ticketID}
			var when int64
			err := scan(&f.ID, &f.Filename, &f.MIME, &f.Size, &f.SHA256, &f.Description, &f.UploadedBy, &when)
			f.UploadedAt = sql.At(when)
			found = append(found, f)
			return err
		})
	return found, err
}
