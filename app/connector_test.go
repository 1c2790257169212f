package app_test

import (
	"strconv"
	"strings"
	"testing"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

// forwarded makes a claim that is forwarded, and returns its number.
func forwarded(t *testing.T, d *desktest.Desk, actor desk.Actor) string {
	t.Helper()
	opened, err := d.App.OpenClaim(t.Context(), actor, claimDraft(), app.Once[app.Opened]{})
	must(t, err)
	d.Sequence(t)
	return strconv.FormatInt(opened.Ticket.Number, 10)
}

// forwards makes a desk forward claims, whose names may be edited.
func forwards(o *app.Options) {
	o.Forwarding.Services, o.ConnectorOn, o.ForwardFields = []string{"CLAIM"}, true, func() []string { return []string{"namaNasabah"} }
}

func TestEveryWriteOfTheConnectorIsAudited(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e, forwards)
		number, console := forwarded(t, d, allOf(t, d, "partner")), bank(t, d)
		again := func(_ app.ForwardedTicket, err error) { t.Helper(); must(t, err) }
		again(d.App.RetryForward(t.Context(), console, number, desk.ForwardEdits{"namaNasabah": "Budi Santoso"}, app.Once[app.ForwardedTicket]{}))
		again(d.App.ParkForward(t.Context(), console, number, "x", app.Once[app.ForwardedTicket]{}))
		again(d.App.FinishForward(t.Context(), console, number, "id", 7, app.Once[app.ForwardedTicket]{}))
		_, err := d.App.RetryForwards(t.Context(), console, desk.ClassParked, app.Once[app.SentAgain]{})
		must(t, err)
		for _, step := range []app.ConnectorStep{app.PauseConnector, app.ProbeConnector, app.ResumeConnector} {
			_, err := d.App.SteerConnector(t.Context(), console, step, "create", "why", app.Once[app.SteeredConnector]{})
			must(t, err)
		}
		got := strings.Join(behind(t, d).rows(t, `SELECT action, target, detail FROM audit WHERE action LIKE 'connector.%' AND actor_id = $1 ORDER BY id`, console.ID), "\n")
		for _, want := range []string{"connector.retry|" + number + "|edited: namaNasabah", "connector.park|" + number + "|", "connector.done|" + number + "|", "connector.retry|PARKED|",
			"connector.pause|create|why", "connector.probe|create|", "connector.resume|create|"} {
			if !strings.Contains(got+"\n", want) {
				t.Errorf("%q is not in the audit trail:\n%s", want, got)
			}
		}
		if strings.Contains(got, "Budi") {
			t.Error("the audit trail tells what was edited")
		}
		if edits := behind(t, d).one(t, `SELECT edits FROM forward`); edits == "" || strings.Contains(edits, "Budi") {
			t.Errorf("the edits are stored as %q", edits)
		}
	})
}

func TestTheConnectorIsForThoseWhoManage(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e, forwards)
		owner := allOf(t, d, "partner")
		number, ctx := forwarded(t, d, owner), t.Context()
		for what, do := range map[string]func() error{
			"state": func() error { return second(d.App.Connector(ctx, owner)) },
			"list": func() error {
				return second(d.App.Forwards(ctx, owner, store.ForwardsWaiting, "create", app.LanePlace{}, 10))
			},
			"ticket": func() error { return second(d.App.ForwardedTicket(ctx, owner, number)) },
			"retry": func() error {
				return second(d.App.RetryForward(ctx, owner, number, nil, app.Once[app.ForwardedTicket]{}))
			},
			"all": func() error { return second(d.App.RetryForwards(ctx, owner, "", app.Once[app.SentAgain]{})) },
			"steer": func() error {
				return second(d.App.SteerConnector(ctx, owner, app.PauseConnector, "", "x", app.Once[app.SteeredConnector]{}))
			},
		} {
			mustFail(t, do(), desk.Forbidden, what)
		}
	})
}

func TestOneRequestTriesAtMostSoManyParkedTickets(t *testing.T) {
	t.Parallel()
	d := desktest.NewDesk(t, desktest.SQLite, forwards)
	console := bank(t, d)
	const parked = 10_300
	must(t, d.Store.MakeConnector(t.Context()))
	behind(t, d).do(t, `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < `+strconv.Itoa(parked)+`)
 INSERT INTO lane (ticket_id, target_id, again, first, head, tail, tries, due, fence, lease, dead_at) SELECT 't' || i, '`+desk.ConnectorCreates+`', '', 1, 1, 1, 9, 0, 1, 0, i FROM n`)
	total := 0
	for _, want := range []bool{true, false, false} {
		did, err := d.App.RetryForwards(t.Context(), console, "", app.Once[app.SentAgain]{})
		must(t, err)
		if total += did.Tickets; did.More != want || did.Tickets > app.MostSentAgain+300 {
			t.Errorf("%d are tried, more: %v", did.Tickets, did.More)
		}
	}
	if total != parked {
		t.Errorf("%d are tried in all, want %d", total, parked)
	}
	state, err := d.App.Connector(t.Context(), console)
	must(t, err)
	if state.Routes[0].Waiting != store.ForwardsCounted || state.Routes[0].Parked != 0 {
		t.Errorf("%d wait and %d are parked", state.Routes[0].Waiting, state.Routes[0].Parked)
	}
}

func second[T any](_ T, err error) error { return err }
