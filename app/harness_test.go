package app_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
	"banksulutgo.co.id/servicedesk/web"
)

// partner is a partner's key and who it acts as, with everything that an audit entry shall tell.
func partner(t testing.TB, d *desktest.Desk, name string, permissions ...desk.Permission) desk.Actor {
	t.Helper()
	actor := d.Actor(d.NewKey(t, name, permissions...))
	actor.Address, actor.RequestID = netip.MustParseAddr("192.0.2.7"), "request-of-"+name
	return actor
}

// allOf is a partner that may do what partners may.
func allOf(t testing.TB, d *desktest.Desk, name string) desk.Actor {
	t.Helper()
	return partner(t, d, name, "omnichannel:*")
}

// bank is an internal system, whose key may do what an agent may.
func bank(t testing.TB, d *desktest.Desk) desk.Actor {
	t.Helper()
	return partner(t, d, "Core Banking", desk.MayManage)
}

func claimDraft() desk.ClaimDraft {
	return desk.ClaimDraft{NamaNasabah: "Ahmad Suryanto", MediaTransaksi: "ATM", JenisTransaksi: "PEMBAYARAN",
		Nominal: desk.Rupiahs(150_000), NominalGiven: true, Description: "Uang tidak keluar"}
}

func ticketDraft() desk.TicketDraft {
	return desk.TicketDraft{Channel: "EMAIL", ServiceType: "MOBILE_BANKING", Description: "App crashes",
		Customer: desk.Customer{Name: "Sarah Johnson", Email: "sarah.j@email.com", Phone: "+628123456789", Identifier: "CIF789123"},
		Metadata: desk.Metadata{JSON: "{}"}}
}

// openedTicket makes a ticket of an actor.
func openedTicket(t testing.TB, d *desktest.Desk, actor desk.Actor) *desk.Ticket {
	t.Helper()
	opened, err := d.App.OpenTicket(t.Context(), actor, ticketDraft(), app.Once[app.Opened]{})
	must(t, err)
	return opened.Ticket
}

// of begins a change of a ticket.
func of(ticket *desk.Ticket) app.Change {
	return app.Change{Ticket: strconv.FormatInt(ticket.Number, 10)}
}

// once asks that a body is known again under an id; the answer tells the ticket's number and what else word says.
func once[T any](t testing.TB, id, operation, body string, word func(T) string) app.Once[T] {
	t.Helper()
	value, err := web.ParseJSON([]byte(body))
	must(t, err)
	return app.Once[T]{ID: id, Operation: operation, Content: maps.Collect(value.Leaves()), Word: func(result T) (app.Answer, error) {
		return app.Answer{Status: 200, Body: []byte(word(result))}, nil
	}}
}

func wordOpened(o app.Opened) string {
	return fmt.Sprintf("ticket %d, code %s", o.Ticket.Number, o.TrackingCode)
}

// answered is what a caller is told: the answer to a result, or the replayed one.
func answered[T any](result T, err error, word func(T) string) (body string, replayed bool, other error) {
	var before *app.Replay
	switch {
	case errors.As(err, &before):
		return string(before.Answer.Body), true, nil
	case err != nil:
		return "", false, err
	}
	return word(result), false, nil
}

// mustFail fails the test unless err is an Error of the code.
func mustFail(t testing.TB, err error, code desk.Code, what string) {
	t.Helper()
	if !desk.Is(err, code) {
		t.Errorf("%s: got %v, want an error of code %s", what, err, code)
	}
}

// faultPaths are the fields that an error names.
func faultPaths(err error) []string {
	var e *desk.Error
	var paths []string
	if errors.As(err, &e) {
		for _, f := range e.Fields {
			paths = append(paths, f.Path)
		}
	}
	return paths
}

// database is a desk's database seen from behind, as somebody would who damages it.
type database struct {
	*sql.DB
	engine desktest.Engine
}

func behind(t testing.TB, d *desktest.Desk) database {
	t.Helper()
	driver, address := "sqlite", "file:"+filepath.Join(d.Folder, store.SQLiteFile)+"?_pragma=busy_timeout(10000)"
	if d.Engine == desktest.PostgreSQL {
		driver, address = "pgx", d.Database
	}
	db, err := sql.Open(driver, address)
	must(t, err)
	db.SetMaxOpenConns(1) // one snapshot after the other, and statements of one connection
	t.Cleanup(func() { must(t, db.Close()) })
	return database{db, d.Engine}
}

// do runs statements.
func (db database) do(t testing.TB, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// rows reads rows as texts, columns parted by a bar.
func (db database) rows(t testing.TB, query string, args ...any) []string {
	t.Helper()
	found, err := db.QueryContext(t.Context(), query, args...)
	must(t, err)
	defer found.Close()
	columns, err := found.Columns()
	must(t, err)
	var lines []string
	for found.Next() {
		values, cells := make([]any, len(columns)), make([]string, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		must(t, found.Scan(values...))
		for i, v := range values {
			cells[i] = fmt.Sprint(*v.(*any))
		}
		lines = append(lines, strings.Join(cells, "|"))
	}
	must(t, found.Err())
	return lines
}

// one reads one text.
func (db database) one(t testing.TB, query string, args ...any) string {
	t.Helper()
	lines := db.rows(t, query, args...)
	if len(lines) != 1 {
		t.Fatalf("%s: %d rows, want one", query, len(lines))
	}
	return lines[0]
}

// tables lists the tables of the desk.
func (db database) tables(t testing.TB) []string {
	t.Helper()
	query := `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name`
	if db.engine == desktest.PostgreSQL {
		query = `SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() ORDER BY 1`
	}
	return db.rows(t, query)
}

// stored is everything that a request can leave behind: how many rows each of these tables has.
func (db database) stored(t testing.TB) map[string]string {
	t.Helper()
	counts := map[string]string{}
	for _, table := range []string{"ticket", "ticket_lookup", "comment", "attachment", "event", "request", "audit", "api_key", "partner", "agent"} {
		counts[table] = db.one(t, `SELECT COUNT(*) FROM `+table)
	}
	return counts
}

// audited are the audit entries of an action, oldest first: who, where from, which request, what to, how it ended.
func (db database) audited(t testing.TB, action string) []string {
	t.Helper()
	return db.rows(t, `SELECT actor_kind, actor_id, actor_name, partner_id, address, request_id, target, outcome FROM audit WHERE action = $1 ORDER BY id`, action)
}

// entry is what audited tells of an actor's success.
func entry(actor desk.Actor, target string) string {
	address := ""
	if actor.Address.IsValid() {
		address = actor.Address.String()
	}
	return strings.Join([]string{string(actor.Kind), actor.ID, actor.Name, actor.PartnerID, address, actor.RequestID, target, desk.OutcomeOK}, "|")
}

// eventTypes are the types of a ticket's events in their order.
func eventTypes(t testing.TB, d *desktest.Desk, ticketID string) []desk.EventType {
	t.Helper()
	var types []desk.EventType
	for _, e := range ticketEvents(t, d, ticketID) {
		types = append(types, e.Type)
	}
	return types
}

func ticketEvents(t testing.TB, d *desktest.Desk, ticketID string) (events []desk.Event) {
	t.Helper()
	must(t, d.Store.Read(t.Context(), func(tx *store.Tx) (err error) {
		events, err = tx.TicketEvents(ticketID)
		return err
	}))
	return events
}

// data reads a member of an event's data.
func data(t testing.TB, e desk.Event, name string) any {
	t.Helper()
	var body struct {
		Data map[string]any `json:"data"`
	}
	must(t, json.Unmarshal(e.Body, &body))
	return body.Data[name]
}

// blobs lists the attachments' files.
func blobs(t testing.TB, d *desktest.Desk) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(d.Folder, "blobs", "??", "??", "*"))
	must(t, err)
	for i, f := range files {
		files[i] = filepath.Base(f)
	}
	slices.Sort(files)
	return files
}

// until calls done again and again until it is true, at the latest until the test's context ends.
func until(t testing.TB, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := newTicker(t)
	for !done() {
		select {
		case <-tick:
		case <-ctx.Done():
			t.Fatalf("%s did not happen", what)
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// patience is how long a test waits for what must happen soon.
const patience = 30 * time.Second

// newTicker gives a moment to look again, until the test ends.
func newTicker(t testing.TB) <-chan time.Time {
	tick := time.NewTicker(2 * time.Millisecond)
	t.Cleanup(tick.Stop)
	return tick.C
}

// readsWritten waits until every read that was noted so far is in the audit trail: they are written in their order.
func readsWritten(t testing.TB, d *desktest.Desk, db database) {
	t.Helper()
	marker := desk.Actor{Kind: desk.ByPartner, ID: "marker", PartnerID: "marker", Permissions: desk.Permissions{desk.MayRead}, RequestID: rand.Text()}
	_, err := d.App.ListTickets(t.Context(), marker, app.List{Limit: 1})
	must(t, err)
	until(t, "the writing of noted reads", func() bool {
		return len(db.rows(t, `SELECT id FROM audit WHERE request_id = $1`, marker.RequestID)) > 0
	})
}

// inParallel runs something n times at once and waits for all.
func inParallel(n int, do func(i int)) {
	var group sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		group.Go(func() {
			<-start
			do(i)
		})
	}
	close(start)
	group.Wait()
}
