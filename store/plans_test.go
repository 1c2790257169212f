package store_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
	"banksulutgo.co.id/servicedesk/store/internal/sql"
)

// large are the tables that grow with use.
var large = []string{"ticket", "ticket_lookup", "event", "audit", "request", "comment", "attachment", "blob", "api_key", "target", "lane", "attempt", "forward"}

// rows is how many rows the large tables have when plans are looked at. PostgreSQL counts them and decides by that;
// SQLite decides by the indexes alone, for nobody counts there.
var rows = map[desktest.Engine]int{desktest.SQLite: 200, desktest.PostgreSQL: 3000}

// readsAll are statements that are there to read a whole table.
var readsAll = []string{`ORDER BY k.created_at, k.id`}

func TestNoStatementReadsALargeTableFromEndToEnd(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		p := newPlace(t, e)
		s := p.open(t, store.Options{})
		fill(t, s, e)
		r := recording(s)
		deliverMany(t, s, 2*sql.Most)
		exercise(t, s, int64(2*rows[e]))
		plans := p.open(t, store.Options{})
		explain := map[desktest.Engine]func(*testing.T, *store.Store, statement) []string{desktest.SQLite: explainSQLite, desktest.PostgreSQL: explainPostgres}[e]
		looked := 0
		for _, ran := range r.run() {
			if !touches(ran.text) || slices.ContainsFunc(readsAll, func(part string) bool { return strings.Contains(ran.text, part) }) {
				continue
			}
			looked++
			for _, step := range explain(t, plans, ran) {
				t.Errorf("%s: %s", step, ran.text)
			}
		}
		if looked < 35 {
			t.Errorf("only %d plans were looked at", looked)
		}
		bad := []statement{{`SELECT id FROM ticket WHERE title = $1`, []any{"x"}}}
		if e == desktest.PostgreSQL {
			bad = append(bad, statement{`SELECT id FROM ticket WHERE title = $1 ORDER BY number LIMIT 1`, []any{"x"}})
		}
		if e == desktest.SQLite {
			bad = append(bad, statement{`SELECT id FROM ticket WHERE partner_id = $1 AND title = $2`, []any{"p", "x"}})
		}
		for _, bad := range bad {
			if len(explain(t, plans, bad)) == 0 {
				t.Errorf("this check does not see that %s reads the whole table", bad.text)
			}
		}
	})
}

// deliverMany does what is done with each of many deliveries, so that the statements over the most rows run.
func deliverMany(t *testing.T, s *store.Store, tickets int) {
	t.Helper()
	target := desk.Target{ID: "many", Kind: desk.TicketTarget, PartnerID: "p", State: desk.TargetActive, Echo: true, Version: 1}
	write(t, s, func(tx *store.Tx) {
		tx.InsertTarget(target)
		for i := range tickets {
			id := fmt.Sprint("many-", i)
			tx.OpenLane(id, target.ID)
			tx.Record(event(id, "p", 1, desk.TicketCreated, desktest.Start), event(id, "p", 2, desk.CommentAdded, desktest.Start))
		}
	})
	sequence(t, s)
	turn := store.Turn{Wants: []store.Want{{Target: target, Most: tickets, Lease: time.Minute}}}
	for seq := range int64(2) {
		taken, err := s.Turn(t.Context(), turn)
		check(t, err)
		turn = store.Turn{}
		for n, l := range taken {
			turn.Settled = append(turn.Settled, store.Settled{LaneID: l.LaneID, Fence: l.Fence, Head: l.Event.Seq + 1, Keep: &store.Keep{Version: target.Version, Lease: time.Minute}})
			turn.Attempts = append(turn.Attempts, store.Attempt{LaneID: l.LaneID, Seq: l.Event.Seq, Fence: l.Fence, At: desktest.Start})
			if l.Event.Seq != seq+1 || l.Fence != 1 {
				t.Fatalf("delivery %d is of event %d, taken up %d times; want %d, once", n, l.Event.Seq, l.Fence, seq+1)
			}
		}
		if len(taken) != tickets {
			t.Errorf("%d of %d deliveries were taken", len(taken), tickets)
		}
	}
	if left, err := s.Turn(t.Context(), turn); err != nil || len(left) > 0 {
		t.Errorf("%d are left, %v", len(left), err)
	}
}

// touches reports whether a statement looks for rows of a large table.
func touches(text string) bool {
	return slices.ContainsFunc(large, func(table string) bool {
		return regexp.MustCompile(`(FROM|UPDATE|JOIN) ` + table + `\b`).MatchString(text)
	})
}

// fill fills the large tables with copies of a few rows.
func fill(t *testing.T, s *store.Store, e desktest.Engine) {
	t.Helper()
	write(t, s, func(tx *store.Tx) {
		tx.InsertPartner(desk.Partner{ID: "p", Name: "p"})
		tx.InsertPartner(desk.Partner{ID: "q", Name: "q"})
		model := plain(0, "p", desk.Closed, desktest.Start)
		model.Description, model.Sealed = strings.Repeat("kata ", 60), strings.Repeat("x", 300)
		model.Lookups = []desk.Lookup{{Kind: desk.ByEmail, Hash: "h"}}
		tx.InsertTicket(model)
		tx.Record(event(model.ID, "p", 0, desk.TicketCreated, desktest.Start))
		tx.InsertComment(desk.Comment{TicketID: model.ID, ID: "c", Public: true, Content: "isi"})
		tx.RegisterBlob("", desktest.Start)
		tx.InsertAttachments([]desk.Attachment{{TicketID: model.ID, ID: "a"}})
		tx.Audit(desk.AuditEntry{ID: "e", Action: "ticket.read"})
		tx.KeepRequest(store.Request{PartnerID: "p", ID: "x", Answer: strings.Repeat("x", 300)})
		tx.InsertKey(desk.APIKey{ID: "k", PartnerID: "p", Hash: "h"})
		tx.InsertTarget(desk.Target{ID: "w", Kind: desk.RegisteredTarget, PartnerID: "p", State: desk.TargetActive})
		tx.OpenLane("l", "w")
		store.Do(tx, `INSERT INTO forward (ticket_id, number, provider_id, provider_number, sent_status, doubtful, noted, edits, by_hand, queued_at, sent_at) VALUES ('l', 0, 'p', 1, '', FALSE, FALSE, '', '', 1, 1)`)
		store.Do(tx, `INSERT INTO attempt (ticket_id, target_id, seq, again, fence, at, took, class, status, said, doubtful) VALUES ('l', 'w', 1, '', 1, 1, 1, 'REFUSED', 400, '', FALSE)`)
	})
	id, partner := `'t-' || substr(CAST(1000000 + i AS text), 2)`, `CASE WHEN i % 3 = 0 THEN 'p' ELSE 'q' END`
	for table, with := range map[string]map[string]string{
		"ticket": {"id": id, "number": `i + 100000`, "partner_id": partner, "channel_reference": `'ref-' || CAST(i AS text)`, "updated_at": `updated_at - i`,
			"status": `CASE WHEN i % 50 = 0 THEN 'OPEN' WHEN i % 50 = 1 THEN 'RESOLVED' ELSE 'CLOSED' END`},
		"ticket_lookup": {"hash": `'h' || CAST(i AS text)`, "ticket_id": id},
		"event":         {"ticket_id": id, "partner_id": partner, "number": `i`, "feed_number": `i`},
		"comment":       {"ticket_id": id}, "attachment": {"ticket_id": id, "sha256": `CAST(i AS text)`},
		"target":  {"id": `'w-' || CAST(i AS text)`, "partner_id": partner, "kind": `CASE WHEN i % 30 = 0 THEN 'registered' ELSE 'ticket' END`, "deleted_at": `CASE WHEN i % 90 = 0 THEN 1 ELSE 0 END`},
		"lane":    {"ticket_id": id, "target_id": `CASE WHEN i % 20 = 0 THEN 'sociomile-create' ELSE 'w-' || CAST(i % 20 AS text) END`, "due": `CASE WHEN i % 4 = 0 THEN i ELSE 0 END`, "dead_at": `CASE WHEN i % 40 = 1 THEN i ELSE 0 END`, "tail": `CASE WHEN i % 4 = 0 THEN 9 ELSE 0 END`},
		"attempt": {"ticket_id": id, "target_id": `CASE WHEN i % 20 = 0 THEN 'sociomile-create' ELSE 'w-' || CAST(i % 20 AS text) END`, "at": `i`},
		"forward": {"ticket_id": id, "number": `i + 100000`, "queued_at": `i`, "sent_at": `CASE WHEN i % 2 = 0 THEN i ELSE 0 END`, "doubtful": `i % 40 = 0`},
		"blob":    {"name": `CAST(i AS text)`, "named": `TRUE`},
		"audit":   {"id": `'a' || CAST(i AS text)`, "number": `i`},
		"request": {"id": `'r-' || CAST(i AS text)`, "created_at": `1900000000000000 + i`}, "api_key": {"id": `'k-' || CAST(i AS text)`, "hash": `'h-' || CAST(i AS text)`},
	} {
		multiply(t, s, e, table, with)
	}
	write(t, s, func(tx *store.Tx) {
		rows := rows[e]
		store.Do(tx, `UPDATE event SET number = $1, feed_number = $1 WHERE seq = 0 AND number = 0`, rows+1)
		store.Do(tx, `UPDATE audit SET number = $1 WHERE number = 0`, rows+1)
		store.Do(tx, `UPDATE sequencer SET event_number = $1, audit_number = $1`, rows+1)
		store.Do(tx, `UPDATE partner SET feed_head = $1`, rows+1)
		if e == desktest.PostgreSQL {
			store.Do(tx, `ANALYZE`)
		}
	})
}

// multiply copies the only row of a table, each copy with some columns of its own.
func multiply(t *testing.T, s *store.Store, e desktest.Engine, table string, with map[string]string) {
	t.Helper()
	columns := `SELECT name FROM pragma_table_info('` + table + `')`
	if e == desktest.PostgreSQL {
		columns = `SELECT attname FROM pg_attribute WHERE attrelid = CAST('` + table + `' AS regclass) AND attnum > 0 AND NOT attisdropped`
	}
	check(t, s.Write(t.Context(), func(tx *store.Tx) error {
		names, err := store.Rows[string](tx, columns)
		values := make([]string, len(names))
		for i, name := range names {
			if values[i] = with[name]; values[i] == "" {
				values[i] = name
			}
		}
		store.Do(tx, fmt.Sprintf(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) INSERT INTO %s (%s) SELECT %s FROM %s, n`,
			rows[e], table, strings.Join(names, ", "), strings.Join(values, ", "), table))
		return err
	}))
}

// partial are indexes that may be gone through from end to end: they hold what waits or is in doubt, or a few tests.
var partial = regexp.MustCompile(`event_pending|audit_pending|blob_unnamed|forward_doubtful|ticket_simulated|ticket_test_age|ticket_test_resolved|partner_test`)

// explainSQLite returns the steps of a plan that go through a large table, or through all tickets of a partner. Going
// through a partial index is not one: it holds only what waits.
func explainSQLite(t *testing.T, s *store.Store, ran statement) []string {
	t.Helper()
	var found []string
	steps := regexp.MustCompile(`^SCAN (` + strings.Join(large, "|") + `|k|t|c|l|e|o|a|f|l\d)\b|ticket_partner_status \(partner_id=\?\)`)
	plan := explainWith(t, s, `EXPLAIN QUERY PLAN `+ran.text, ran.args, 3)
	for _, step := range plan {
		name, scan := strings.CutPrefix(step, "SCAN ")
		made := scan && slices.Contains(plan, "CO-ROUTINE "+name) // of the few rows of a query
		if steps.MatchString(step) && !partial.MatchString(step) && !made {
			found = append(found, step)
		}
	}
	return found
}

// explainPostgres returns the steps of a plan that go through a large table, of the plan for these arguments and of
// the one for any, to which a prepared statement may turn.
func explainPostgres(t *testing.T, s *store.Store, ran statement) []string {
	t.Helper()
	words := make([]string, len(ran.args))
	for i, arg := range ran.args {
		words[i] = literal(arg)
	}
	prepared := `EXECUTE looked`
	if len(words) > 0 {
		prepared += `(` + strings.Join(words, ", ") + `)`
	}
	var steps []string
	check(t, s.Write(t.Context(), func(tx *store.Tx) (err error) {
		store.Do(tx, `PREPARE looked AS `+ran.text)
		for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
			store.Do(tx, `SET LOCAL plan_cache_mode = `+mode)
			plan, failed := store.Rows[string](tx, `EXPLAIN `+prepared)
			if steps = append(steps, plan...); failed != nil {
				return failed
			}
		}
		store.Do(tx, `DEALLOCATE looked`)
		return nil
	}))
	return wholeReads(steps)
}

// wholeReads returns the steps of PostgreSQL's plans that go through a large table, or through the whole of an index of
// one. Going through a partial index is none: it holds only what waits.
func wholeReads(steps []string) (found []string) {
	table := `on (` + strings.Join(large, "|") + `)\b`
	scan, walk := regexp.MustCompile(`Seq Scan `+table), regexp.MustCompile(`Index (Only )?Scan (Backward )?using \w+ `+table)
	for i, step := range steps {
		if scan.MatchString(step) {
			found = append(found, step)
		}
		if walk.MatchString(step) && !strings.Contains(steps[min(i+1, len(steps)-1)], "Index Cond:") && !partial.MatchString(step) {
			found = append(found, step)
		}
	}
	return found
}

// explainWith returns a column of a plan.
func explainWith(t *testing.T, s *store.Store, text string, args []any, column int) []string {
	t.Helper()
	return read(t, s, func(tx *store.Tx) ([]string, error) { return store.Column(tx, text, args, column) })
}

// literal writes an argument into a text.
func literal(arg any) string {
	switch v := arg.(type) {
	case string:
		return `'` + strings.ReplaceAll(v, `'`, `''`) + `'`
	case bool:
		return strconv.FormatBool(v)
	case time.Time:
		panic("times are stored as numbers")
	}
	return fmt.Sprint(arg)
}
