package store

import "context"

// Tuning is what benchmarks vary; the zero Tuning varies nothing.
type Tuning struct {
	Committers int  // how many transactions for writing may be open at once
	Immediate  bool // every statement is sent at once; what statements expect is not checked
}

// OpenTuned opens a store that differs from others in its tuning.
func OpenTuned(ctx context.Context, o Options, t Tuning) (*Store, error) {
	e, err := openEngine(ctx, o)
	if err != nil {
		return nil, err
	}
	if t.Committers == 0 {
		t.Committers = e.committers()
	}
	return start(ctx, tuned{e, t}, o)
}

type tuned struct {
	engine
	tuning Tuning
}

func (e tuned) committers() int { return e.tuning.Committers }

func (e tuned) begin(ctx context.Context) (session, error) {
	open, err := e.engine.begin(ctx)
	if err != nil || !e.tuning.Immediate {
		return open, err
	}
	return immediate{open}, nil
}

// immediate is a session that queues nothing.
type immediate struct{ session }

func (s immediate) exec(_ error, text string, args []any) error {
	return s.session.query(text, args, func(func(dest ...any) error) error { return nil })
}

// SplitStatements cuts a text where a line ends with a semicolon.
func SplitStatements(text string) []string { return splitStatements(text) }
