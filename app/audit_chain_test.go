package app_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

// chained makes a desk whose audit trail has n sealed entries.
func chained(t *testing.T, e desktest.Engine, n int) (*desktest.Desk, database) {
	t.Helper()
	d := desktest.NewDesk(t, e)
	d.Clock.Advance(time.Second)
	note(t, d, n-1) // the first entry tells of the installation
	d.Sequence(t)
	return d, behind(t, d)
}

// note puts n entries into the trail, each with something in every column.
func note(t *testing.T, d *desktest.Desk, n int) {
	t.Helper()
	must(t, d.Store.Write(t.Context(), func(tx *store.Tx) error {
		for i := range n {
			at := d.Clock.Now().Add(time.Duration(i) * time.Millisecond) // ids sort by time
			entry := desk.NewAudit(at, desk.Actor{Kind: desk.ByPartner, ID: "key", Name: "name", PartnerID: "partner", Address: home, RequestID: "request"},
				"ticket.read", strconv.Itoa(i), desk.OutcomeOK)
			entry.Detail = "detail"
			tx.Audit(entry)
		}
		return nil
	}))
	d.Clock.Advance(time.Duration(n+1) * time.Millisecond)
}

func verify(t *testing.T, d *desktest.Desk, heads ...desk.ChainHead) app.Verified {
	t.Helper()
	v, err := d.App.VerifyAudit(t.Context(), heads, func(int64) {})
	must(t, err)
	return v
}

// mustBreak fails the test unless the trail is found broken at an entry, the entries before it being true.
func mustBreak(t *testing.T, what string, v app.Verified, at int64) {
	t.Helper()
	if v.Broken == nil || v.Broken.Number != at || v.Broken.Why == "" {
		t.Errorf("%s: %+v %+v, want broken at entry %d", what, v, v.Broken, at)
	}
}

func mustHold(t *testing.T, what string, v app.Verified, entries int64, unsealed int) {
	t.Helper()
	if v.Broken != nil || v.Entries != entries || v.Unsealed != unsealed {
		t.Errorf("%s: %+v %+v, want %d true entries and %d that are not sealed", what, v, v.Broken, entries, unsealed)
	}
}

func TestAWholeTrailHoldsAndItsUnsealedTailIsReported(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d, _ := chained(t, e, 502) // more than is read at once
		var progress []int64
		v, err := d.App.VerifyAudit(t.Context(), nil, func(done int64) { progress = append(progress, done) })
		must(t, err)
		mustHold(t, "a whole trail", v, 502, 0)
		if diff := cmp.Diff([]int64{500, 502}, progress); diff != "" {
			t.Error(diff)
		}
		note(t, d, 3)
		mustHold(t, "an unsealed tail", verify(t, d), 502, 3)
		d.Sequence(t)
		mustHold(t, "a sealed tail", verify(t, d), 505, 0)
		mustHold(t, "on another node", verify(t, d.Node(t)), 505, 0)
	})
}

// Every byte of every column counts, in the first entries, in the middle and at the end.
func TestAChangeInAnyColumnIsFoundAtItsEntry(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d, db := chained(t, e, 8)
		columns := []string{"id", "at", "actor_kind", "actor_id", "actor_name", "partner_id", "address", "request_id", "action", "target", "outcome", "detail", "mac"}
		if n := len(strings.Split(db.one(t, `SELECT * FROM audit WHERE number = 2`), "|")); n != len(columns)+1 {
			t.Fatalf("the table has %d columns; those tried and the number are %d", n, len(columns)+1)
		}
		for _, number := range []int64{1, 2, 8} {
			for _, column := range columns {
				where := fmt.Sprintf(` WHERE number = %d`, number)
				old := db.one(t, `SELECT `+column+` FROM audit`+where)
				for _, changed := range tampered(column, old) {
					db.do(t, `UPDATE audit SET `+column+` = `+changed+where)
					mustBreak(t, fmt.Sprintf("%s of entry %d is %s instead of %q", column, number, changed, old), verify(t, d), number)
				}
				db.do(t, `UPDATE audit SET `+column+` = `+quoted(column, old)+where)
			}
		}
		mustHold(t, "all put right again", verify(t, d), 8, 0)
	})
}

// tampered are other values of a column: the first and the last byte changed, one more, one less, nothing.
func tampered(column, old string) []string {
	if column == "at" {
		n, _ := strconv.ParseInt(old, 10, 64)
		return []string{strconv.FormatInt(n+1, 10), strconv.FormatInt(n-1, 10), "0", "-1"}
	}
	if old == "" {
		return []string{quoted(column, "x"), quoted(column, " ")}
	}
	flip := func(c byte) string { return string(c ^ 1) }
	end := len(old) - 1
	var values []string
	for _, v := range []string{flip(old[0]) + old[1:], old[:end] + flip(old[end]), old + "x", old + " ", old[:end], "", strings.ToUpper(old)} {
		if v != old {
			values = append(values, quoted(column, v))
		}
	}
	return values
}

func quoted(column, value string) string {
	if column == "at" {
		return value
	}
	return "'" + value + "'"
}

func TestWhatIsTakenPutInOrMovedIsFoundAtTheFirstEntryConcerned(t *testing.T) {
	copied := `INSERT INTO audit SELECT id || 'x', at, actor_kind, actor_id, actor_name, partner_id, address, request_id, action, target, outcome, detail, %s, mac FROM audit WHERE number = %d`
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d, db := chained(t, e, 10)
		for _, c := range []struct {
			name     string
			tamper   []string
			brokenAt int64
		}{
			{"the first deleted", []string{`DELETE FROM audit WHERE number = 1`}, 1},
			{"one deleted", []string{`DELETE FROM audit WHERE number = 4`}, 4},
			{"two deleted", []string{`DELETE FROM audit WHERE number IN (7, 4)`}, 4},
			{"one made unsealed", []string{`UPDATE audit SET number = 0 WHERE number = 4`}, 4},
			{"one given a number below all", []string{`UPDATE audit SET number = -4 WHERE number = 4`}, 4},
			{"the last deleted", []string{`DELETE FROM audit WHERE number = 10`}, 10},
			{"the tail deleted", []string{`DELETE FROM audit WHERE number > 6`}, 7},
			{"the tail made unsealed", []string{`UPDATE audit SET number = 0, mac = '' WHERE number > 6`}, 7},
			{"all deleted", []string{`DELETE FROM audit`}, 1},
			{"all deleted and forgotten", []string{`DELETE FROM audit`, `UPDATE sequencer SET audit_number = 0, audit_mac = ''`}, 1},
			{"the memory set back", []string{`UPDATE sequencer SET audit_number = 6`}, 7},
			{"the memory set on", []string{`UPDATE sequencer SET audit_number = 11`}, 11},
			{"the memory changed", []string{`UPDATE sequencer SET audit_mac = 'x'`}, 10},
			{"the memory deleted", []string{`DELETE FROM sequencer`}, 1},
			{"a pair swapped", []string{`UPDATE audit SET number = 99 WHERE number = 4`, `UPDATE audit SET number = 4 WHERE number = 7`, `UPDATE audit SET number = 7 WHERE number = 99`}, 4},
			{"one moved and its gap closed", []string{`UPDATE audit SET number = 99 WHERE number = 4`, `DROP INDEX audit_chain`, `UPDATE audit SET number = number - 1 WHERE number BETWEEN 5 AND 98`}, 4},
			{"one put at the end", []string{fmt.Sprintf(copied, "11", 10)}, 11},
			{"one put at the end and remembered", []string{fmt.Sprintf(copied, "11", 10), `UPDATE sequencer SET audit_number = 11`}, 11},
			{"one put in between", []string{`DROP INDEX audit_chain`, `UPDATE audit SET number = number + 1 WHERE number > 5`, fmt.Sprintf(copied, "6", 5)}, 6},
			{"one twice", []string{`DROP INDEX audit_chain`, fmt.Sprintf(copied, "number", 5)}, 5},
			{"one with another's seal", []string{`UPDATE audit SET mac = (SELECT mac FROM audit WHERE number = 3) WHERE number = 4`}, 4},
		} {
			db.do(t, `CREATE TABLE saved AS SELECT * FROM audit`, `CREATE TABLE memory AS SELECT * FROM sequencer`)
			db.do(t, c.tamper...)
			mustBreak(t, c.name, verify(t, d), c.brokenAt)
			db.do(t, `DELETE FROM audit`, `DELETE FROM sequencer`, `INSERT INTO sequencer SELECT * FROM memory`, `INSERT INTO audit SELECT * FROM saved`,
				`DROP TABLE saved`, `DROP TABLE memory`, `CREATE UNIQUE INDEX IF NOT EXISTS audit_chain ON audit (number) WHERE number > 0`)
			mustHold(t, "all put right after "+c.name, verify(t, d), 10, 0)
		}
	})
}

// With yesterday's head from outside the database, cutting the tail is found however well the database was prepared.
func TestExportedHeadsShowWhatTheDatabaseAloneCannot(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d, db := chained(t, e, 10)
		file := filepath.Join(d.Folder, "outside", "heads.jsonl")
		_, err := d.App.ExportHead(t.Context(), file)
		must(t, err)
		heads, err := app.ReadHeads(file)
		must(t, err)
		mustHold(t, "nothing done", verify(t, d, heads...), 10, 0)
		db.do(t, `UPDATE sequencer SET audit_number = 6, audit_mac = (SELECT mac FROM audit WHERE number = 6)`, `DELETE FROM audit WHERE number > 6`)
		mustHold(t, "the tail cut and the memory set back, without heads", verify(t, d), 6, 0)
		mustBreak(t, "the tail cut and the memory set back", verify(t, d, heads...), 7)
		note(t, d, 10) // the desk goes on
		d.Sequence(t)
		mustHold(t, "the tail grown again, without heads", verify(t, d), 16, 0)
		mustBreak(t, "the tail grown again", verify(t, d, heads...), 10)
		now, err := d.App.ExportHead(t.Context(), file)
		must(t, err)
		heads, err = app.ReadHeads(file)
		must(t, err)
		mustBreak(t, "the tail grown again and exported", verify(t, d, heads...), 10)
		same := desk.ChainHead{Number: 10, MAC: db.one(t, `SELECT mac FROM audit WHERE number = 10`)}
		mustBreak(t, "a false head beside the true one", verify(t, d, heads[0], same), 10)
		mustBreak(t, "a false head before the true one", verify(t, d, same, heads[0]), 10)
		mustHold(t, "the false heads alone", verify(t, d, same, now), 16, 0)
	})
}

func TestHeadsAreAppendedAndADamagedFileIsRefused(t *testing.T) {
	d := desktest.NewDesk(t, desktest.SQLite)
	file := filepath.Join(t.TempDir(), "a", "b", "heads.jsonl")
	if heads, err := app.ReadHeads(file); len(heads) > 0 || err != nil {
		t.Errorf("no file holds %v, %v", heads, err)
	}
	if head, err := d.App.ExportHead(t.Context(), file); head.Number != 0 || err != nil {
		t.Errorf("of a trail without seals %+v was exported, %v", head, err)
	}
	var want []desk.ChainHead
	for range 3 {
		note(t, d, 1)
		d.Sequence(t)
		head, err := d.App.ExportHead(t.Context(), file)
		must(t, err)
		want = append(want, head)
	}
	got, err := app.ReadHeads(file)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v: %s", err, diff)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file has mode %v (%v), want 0600", info.Mode(), err)
	}
	whole, err := os.ReadFile(file)
	must(t, err)
	line, _, _ := strings.Cut(string(whole), "\n")
	for name, text := range map[string]string{
		"cut in a line": string(whole[:len(whole)-10]), "cut before the last line end": string(whole[:len(whole)-1]), "an empty line": string(whole) + "\n",
		"not JSON": "x\n" + string(whole), "a line twice in one": line + line + "\n", "another member": strings.Replace(line, "{", `{"x":1,`, 1) + "\n",
		"no seal": `{"at":"2024-12-19T10:30:00Z","number":5}` + "\n", "no number": strings.Replace(line, `"number":2`, `"number":0`, 1) + "\n",
		"a short seal": strings.Replace(line, `"mac":"`, `"mac":"00`, 1) + "\n", "NUL": "\x00\x00\n", "more behind": line + "}\n",
	} {
		must(t, os.WriteFile(file, []byte(text), 0o600))
		if heads, err := app.ReadHeads(file); err == nil || !strings.Contains(err.Error(), file) || strings.Contains(err.Error(), "line 0") {
			t.Errorf("%s: %v, %v", name, heads, err)
		}
	}
}
