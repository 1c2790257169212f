package engine

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
)

func (e *sqliteEngine) Snapshot(ctx context.Context, fn func(Query) error) (err error) {
	conn, err := e.openReader(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.close()) }()
	open, err := conn.begin("BEGIN")
	if err != nil {
		return err
	}
	defer open.Rollback()
	return fn(func(text string, args []any, row func(scan func(dest ...any) error) error) error {
		return open.Query(text, args, func(scan func(dest ...any) error) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return row(scan)
		})
	})
}

func (e *postgresEngine) Snapshot(ctx context.Context, fn func(Query) error) (err error) {
	config := e.pool.Config().ConnConfig
	config.RuntimeParams["idle_in_transaction_session_timeout"] = "0" // whoever takes the rows may be slow
	for _, plan := range forbidden {                                  // here whole tables are read
		delete(config.RuntimeParams, plan)
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }() // ends the transaction too
	if _, err := conn.Exec(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"); err != nil {
		return err
	}
	return fn(func(text string, args []any, row func(scan func(dest ...any) error) error) error {
		rows, err := conn.Query(ctx, text, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			if err := row(rows.Scan); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}
