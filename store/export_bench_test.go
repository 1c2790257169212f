package store

import (
	"context"

	"banksulutgo.co.id/servicedesk/store/internal/engine"
	"banksulutgo.co.id/servicedesk/store/internal/schema"
)

// Tuning is what benchmarks vary; the zero Tuning varies nothing.
type Tuning struct {
	Committers int  // how many transactions for writing may be open at once
	Immediate  bool // every statement is sent at once; what statements expect is not checked
}

// OpenTuned opens a store that differs from others in its tuning.
func OpenTuned(ctx context.Context, o Options, t Tuning) (*Store, error) {
	e, err := engine.Open(ctx, o.place())
	if err != nil {
		return nil, err
	}
	if t.Committers == 0 {
		t.Committers = e.Committers()
	}
	return start(ctx, tuned{e, t}, o)
}

type tuned struct {
	engine.Engine
	tuning Tuning
}

func (e tuned) Committers() int { return e.tuning.Committers }

func (e tuned) Begin(ctx context.Context) (engine.Session, error) {
	open, err := e.Engine.Begin(ctx)
	if err != nil || !e.tuning.Immediate {
		return open, err
	}
	return immediate{open}, nil
}

// immediate is a session that queues nothing.
type immediate struct{ engine.Session }

func (s immediate) Exec(_ error, text string, args []any) error {
	return s.Session.Query(text, args, func(func(dest ...any) error) error { return nil })
}

// SplitStatements cuts a text where a line ends with a semicolon.
func SplitStatements(text string) []string { return schema.Statements(text) }
