package store

import (
	"context"
	"errors"

	"banksulutgo.co.id/servicedesk/store/internal/engine"
)

// Inspection is what Inspect saw of a database.
type Inspection struct {
	engine.Inspection
	Schema int64 // version of the schema; 0: nothing is installed
	Known  int64 // the newest version of the schema that this program knows
}

// Inspect looks at a database without changing or creating anything, also while a desk runs on it; deep has every page
// of SQLite compared with its indexes, which takes long on a large file. look is called over a snapshot when the schema
// is this program's own; nil: nothing more is looked at. The error wraps fs.ErrNotExist when there is no file.
func Inspect(ctx context.Context, o Options, deep bool, look func(*Tx) error) (Inspection, error) {
	o = o.withDefaults()
	e, err := engine.OpenToInspect(ctx, o.place())
	if err != nil {
		return Inspection{}, err
	}
	i, err := inspect(ctx, &Store{engine: e, clock: o.Clock, log: o.Log, metrics: newMetrics(nil)}, deep, look)
	return i, errors.Join(err, e.Close())
}

func inspect(ctx context.Context, s *Store, deep bool, look func(*Tx) error) (Inspection, error) {
	known, err := NewestVersion()
	if err != nil {
		return Inspection{}, err
	}
	seen, installed, err := s.engine.Inspect(ctx, deep, s.clock)
	i := Inspection{Inspection: seen, Known: known}
	if err != nil || !installed {
		return i, err
	}
	err = s.Read(ctx, func(tx *Tx) error {
		if err := tx.sql.One(`SELECT COALESCE(MAX(version), 0) FROM schema_version`, nil, &i.Schema); err != nil || i.Schema != i.Known || look == nil {
			return err
		}
		return look(tx)
	})
	return i, err
}
