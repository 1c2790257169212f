package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"banksulutgo.co.id/servicedesk/store/internal/engine"
)

// Table is a table of the schema.
type Table struct {
	Name    string        `json:"name"`
	Columns []TableColumn `json:"columns"`
}

// TableColumn is a column of a table. No column holds NULL.
type TableColumn struct {
	Name string `json:"name"`
	Type string `json:"type"` // text, bigint or boolean
}

// row makes variables for the values of a row, in the order of the columns: *string, *int64 or *bool.
func (t Table) row() []any {
	values := make([]any, len(t.Columns))
	for i, c := range t.Columns {
		switch c.Type {
		case "text":
			values[i] = new(string)
		case "bigint":
			values[i] = new(int64)
		case "boolean":
			values[i] = new(bool)
		}
	}
	return values
}

func (t Table) columns() string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return strings.Join(names, ", ")
}

// schema is what the migrations up to a version make.
type schema struct {
	tables  []Table // in the order in which they are made: what a row refers to comes before it
	indexes []index // but those that belong to a table's own rules
}

type index struct{ name, text string }

// NewestVersion is the schema version of this program.
func NewestVersion() (int64, error) {
	steps, err := migrations()
	if err != nil {
		return 0, err
	}
	return steps[len(steps)-1].version, nil
}

// Tables lists the tables of a schema version, in an order in which their rows can be stored again. It asks a database
// that the migrations have just made, so that no table is forgotten.
func Tables(ctx context.Context, version int64) ([]Table, error) {
	made, err := schemaOf(ctx, version)
	return made.tables, err
}

// stepsTo are the migrations up to a version. A version that this program does not know is an error.
func stepsTo(version int64) ([]migration, error) {
	steps, err := migrations()
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(steps, func(m migration) bool { return m.version == version })
	if i < 0 {
		return nil, fmt.Errorf("this program does not know schema version %d", version)
	}
	return steps[:i+1], nil
}

// schemaOf makes a schema in memory and reads it back.
func schemaOf(ctx context.Context, version int64) (made schema, err error) {
	steps, err := stepsTo(version)
	if err != nil {
		return made, err
	}
	e, err := engine.OpenToBuild(ctx, ":memory:", slog.New(slog.DiscardHandler))
	if err != nil {
		return made, err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	open, err := e.Begin(ctx)
	if err != nil {
		return made, err
	}
	defer open.Rollback()
	for _, step := range steps {
		for _, statement := range step.statements {
			if err := open.Exec(nil, statement, nil); err != nil {
				return made, fmt.Errorf("migration %s: %w", step.name, err)
			}
		}
	}
	if made, err = readSchema(open); err != nil {
		return made, err
	}
	return made, open.Commit()
}

func readSchema(open engine.Session) (made schema, err error) {
	err = open.Query(`SELECT m.name, c.name, lower(c.type) FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY m.rowid, c.cid`, nil,
		func(scan func(dest ...any) error) error {
			var table string
			var c TableColumn
			if err := scan(&table, &c.Name, &c.Type); err != nil {
				return err
			}
			if n := len(made.tables); n == 0 || made.tables[n-1].Name != table {
				made.tables = append(made.tables, Table{Name: table})
			}
			last := &made.tables[len(made.tables)-1]
			last.Columns = append(last.Columns, c)
			return nil
		})
	if err != nil {
		return made, err
	}
	err = open.Query(`SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY rowid`, nil, func(scan func(dest ...any) error) error {
		var x index
		err := scan(&x.name, &x.text)
		made.indexes = append(made.indexes, x)
		return err
	})
	return made, err
}
