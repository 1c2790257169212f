// Package schema holds the steps that make the desk's tables, and reads back what they make.
package schema

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"banksulutgo.co.id/servicedesk/store/internal/engine"
)

//go:embed migrations/*.sql migrations/postgresql/*.sql migrations/sqlite/*.sql
var migrationFiles embed.FS

// Step is one step of the schema.
type Step struct {
	Version    int64
	Name       string
	Statements []string
	// After them, where there is no other way: how an engine keeps the tables, and what it keeps to find their rows by.
	// Tables of one engine are in no backup.
	PostgreSQL, SQLite []string
}

// Steps reads the embedded steps in order.
func Steps() ([]Step, error) {
	files, err := migrationFiles.ReadDir("migrations")
	if err != nil {
		return nil, err
	}
	var steps []Step
	for _, f := range files {
		if f.IsDir() {
			continue
		}
		text, err := migrationFiles.ReadFile(path.Join("migrations", f.Name()))
		if err != nil {
			return nil, err
		}
		number, _, _ := strings.Cut(f.Name(), "_")
		version, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("migration %s has no number", f.Name())
		}
		step := Step{Version: version, Name: f.Name(), Statements: Statements(string(text))}
		for folder, own := range map[string]*[]string{"postgresql": &step.PostgreSQL, "sqlite": &step.SQLite} {
			if text, err = migrationFiles.ReadFile(path.Join("migrations", folder, f.Name())); err == nil {
				*own = Statements(string(text))
			}
		}
		steps = append(steps, step)
	}
	slices.SortFunc(steps, func(a, b Step) int { return cmp.Compare(a.Version, b.Version) })
	return steps, nil
}

// comments are the lines of a migration that only tell.
var comments = regexp.MustCompile(`(?m)^--.*\n?`)

// Statements cuts a migration where a line ends with a semicolon.
func Statements(text string) []string {
	var statements []string
	for part := range strings.SplitSeq(comments.ReplaceAllString(text, ""), ";\n") {
		if part = strings.TrimSpace(part); part != "" {
			statements = append(statements, strings.TrimSuffix(part, ";"))
		}
	}
	return statements
}

// Table is a table of the schema.
type Table struct {
	Name    string   `json:"name"`
	Columns []Column `json:"columns"`
}

// Column is a column of a table. No column holds NULL.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"` // text, bigint or boolean
}

// Row makes variables for the values of a row, in the order of the columns: *string, *int64 or *bool.
func (t Table) Row() []any {
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

// ColumnList lists the names of the columns, with commas.
func (t Table) ColumnList() string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return strings.Join(names, ", ")
}

// Schema is what the migrations up to a version make.
type Schema struct {
	Tables  []Table // in the order in which they are made: what a row refers to comes before it
	Indexes []Index // but those that belong to a table's own rules
}

// Index is an index and what makes it.
type Index struct{ Name, Text string }

// Newest is the schema version of this program.
func Newest() (int64, error) {
	steps, err := Steps()
	if err != nil {
		return 0, err
	}
	return steps[len(steps)-1].Version, nil
}

// To are the steps up to a version. A version that this program does not know is an error.
func To(version int64) ([]Step, error) {
	steps, err := Steps()
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(steps, func(m Step) bool { return m.Version == version })
	if i < 0 {
		return nil, fmt.Errorf("this program does not know schema version %d", version)
	}
	return steps[:i+1], nil
}

// Of makes a schema in memory and reads it back.
func Of(ctx context.Context, version int64) (made Schema, err error) {
	steps, err := To(version)
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
		for _, statement := range step.Statements {
			if err := open.Exec(nil, statement, nil); err != nil {
				return made, fmt.Errorf("migration %s: %w", step.Name, err)
			}
		}
	}
	if made, err = read(open); err != nil {
		return made, err
	}
	return made, open.Commit()
}

func read(open engine.Session) (made Schema, err error) {
	err = open.Query(`SELECT m.name, c.name, lower(c.type) FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY m.rowid, c.cid`, nil,
		func(scan func(dest ...any) error) error {
			var table string
			var c Column
			if err := scan(&table, &c.Name, &c.Type); err != nil {
				return err
			}
			if n := len(made.Tables); n == 0 || made.Tables[n-1].Name != table {
				made.Tables = append(made.Tables, Table{Name: table})
			}
			last := &made.Tables[len(made.Tables)-1]
			last.Columns = append(last.Columns, c)
			return nil
		})
	if err != nil {
		return made, err
	}
	err = open.Query(`SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY rowid`, nil, func(scan func(dest ...any) error) error {
		var x Index
		err := scan(&x.Name, &x.Text)
		made.Indexes = append(made.Indexes, x)
		return err
	})
	return made, err
}
