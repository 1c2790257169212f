package app

import (
	"context"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
)

// Flow says how a part of the desk does.
type Flow string

// How a part can do.
const (
	Working Flow = "working"
	Delayed Flow = "delayed"
	Down    Flow = "down"
)

// Part is how a part of the desk does: it says nothing of whom it concerns.
type Part struct {
	Name  desk.Text
	Flow  Flow
	Since time.Time // zero: it works
}

// lateAfter is how long something may be due before its part counts as delayed.
const lateAfter = 5 * time.Minute

// Status tells everybody how the desk does, without a key (the spec, section 8). The rules:
//   - The API works when the database answers; the error says that it does not, and then nothing is known of the rest.
//   - Webhooks are delayed when events have been due for more than five minutes at a receiver that is enabled and can be reached,
//     since the first of them was due. A receiver that cannot be reached (its circuit is open) or is disabled counts for
//     nothing: it is its partner's. One that was enabled again counts from then.
//   - The connector is down while the circuit of a route is open, since the first one opened. It is delayed while it is paused,
//     since then, and when something has been waiting for more than five minutes. Where it is not wanted it is no part.
func (a *App) Status(ctx context.Context) ([]Part, error) {
	owed, err := a.store.DueTargets(ctx)
	if err != nil {
		return nil, err
	}
	now := a.now()
	webhooks := Part{Name: desk.WebhookPart, Flow: Working}
	for _, t := range owed {
		if t.Kind == desk.SociomileTarget || t.State != desk.TargetActive || !t.OpenedAt.IsZero() || t.Due.IsZero() {
			continue
		}
		if t.Due.Before(t.StateAt) {
			t.Due = t.StateAt
		}
		if now.Sub(t.Due) > lateAfter {
			webhooks.worse(Delayed, t.Due)
		}
	}
	parts := []Part{{Name: desk.APIPart, Flow: Working}, webhooks}
	if len(a.forwards.Services) == 0 {
		return parts, nil
	}
	connector, err := a.connectorStatus(ctx, now)
	return append(parts, connector), err
}

func (a *App) connectorStatus(ctx context.Context, now time.Time) (Part, error) {
	p := Part{Name: desk.OmniPart, Flow: Working}
	routes, err := a.store.ConnectorRoutes(ctx)
	for _, r := range routes {
		switch {
		case !r.OpenedAt.IsZero():
			p.worse(Down, r.OpenedAt)
		case r.State != desk.TargetActive:
			p.worse(Delayed, r.StateAt)
		case !r.Oldest.IsZero() && now.Sub(r.Oldest) > lateAfter:
			p.worse(Delayed, r.Oldest)
		}
	}
	return p, err
}

// worse notes how a part does unless it does worse, or as badly for longer.
func (p *Part) worse(f Flow, since time.Time) {
	if p.Flow == Working || f == Down && p.Flow == Delayed || f == p.Flow && since.Before(p.Since) {
		p.Flow, p.Since = f, since
	}
}
