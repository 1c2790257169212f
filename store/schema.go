package store

import (
	"context"

	"banksulutgo.co.id/servicedesk/store/internal/schema"
)

// Table is a table of the schema.
type Table = schema.Table

// NewestVersion is the schema version of this program.
func NewestVersion() (int64, error) { return schema.Newest() }

// Tables lists the tables of a schema version, in an order in which their rows can be stored again. It asks a database
// that the migrations have just made, so that no table is forgotten.
func Tables(ctx context.Context, version int64) ([]Table, error) {
	made, err := schema.Of(ctx, version)
	return made.Tables, err
}
