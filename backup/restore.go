package backup

import (
	"context"
	"crypto/sha256"
	"fmt"

	"banksulutgo.co.id/servicedesk/blob"
	"banksulutgo.co.id/servicedesk/store"
)

// RestoreBlobs stores the blobs of a backup in a place, each after it was opened and its content compared with its name.
// It may be called again.
func RestoreBlobs(ctx context.Context, file string, to blob.Store, progress func(Progress)) error {
	_, err := walk(ctx, file, visitor{progress: progress, blob: func(name string, sealed []byte) error {
		if err := to.PutSealed(ctx, name, sealed); err != nil {
			return fmt.Errorf("restore the file %s: %w", name, err)
		}
		return nil
	}})
	return err
}

// VerifyBlobs opens the blobs of a backup and compares the content of each with its name, which its attachments have as
// their SHA-256.
func VerifyBlobs(ctx context.Context, file string, o blob.Options, progress func(Progress)) error {
	_, err := walk(ctx, file, visitor{progress: progress, blob: func(name string, sealed []byte) error { return o.CheckSealed(name, sealed) }})
	return err
}

// RestoreRows makes the database of a backup, on either engine: whole or not at all. finish may add to it before that;
// it finds the schema of this program. The error wraps store.ErrOccupied when there is a database already.
func RestoreRows(ctx context.Context, file string, c *Contents, to store.Options, finish func(*store.Tx) error, progress func(Progress)) error {
	return store.Load(ctx, to, c.Schema, func(l *store.Loader) error {
		_, err := walk(ctx, file, visitor{progress: progress, row: func(t store.Table, values []any) error { return l.Insert(t, values...) }})
		return err
	}, finish)
}

// VerifyRows makes the database of a backup in an empty folder, reads its rows back and compares them with the sums.
func VerifyRows(ctx context.Context, file string, c *Contents, folder string, progress func(Progress)) error {
	return store.Load(ctx, store.Options{Folder: folder}, c.Schema, func(l *store.Loader) error {
		if _, err := walk(ctx, file, visitor{progress: progress, row: func(t store.Table, values []any) error { return l.Insert(t, values...) }}); err != nil {
			return err
		}
		for i, t := range l.Tables() {
			back, err := readBack(l, t)
			if err != nil {
				return err
			}
			if back != c.Sums.Tables[i] {
				return fmt.Errorf("the table %s is not read back as it was stored: %d rows, want %d", t.Name, back.Rows, c.Sums.Tables[i].Rows)
			}
		}
		return nil
	}, nil)
}

// readBack sums up a table as it was stored.
func readBack(l *store.Loader, t store.Table) (TableSum, error) {
	sums := tally{hash: sha256.New()}
	var raw []byte
	err := l.Rows(t, func(values []any) error {
		raw = appendRow(raw[:0], values)
		sums.hash.Write(raw)
		sums.rows++
		return nil
	})
	return sums.sum(t.Name), err
}
