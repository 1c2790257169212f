package store_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/store"
)

// statement is one that a store ran, with what it was run with.
type statement struct {
	text string
	args []any
}

// recorder keeps the statements that a store runs.
type recorder struct {
	mu  sync.Mutex
	all []statement
}

func recording(s *store.Store) *recorder {
	r := &recorder{}
	store.Tap(s, func(text string, args []any) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.all = append(r.all, statement{text, args})
	})
	return r
}

// run returns the statements that were run so far, each text once.
func (r *recorder) run() []statement {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := map[string]bool{}
	var once []statement
	for _, s := range r.all {
		if !seen[s.text] {
			seen[s.text] = true
			once = append(once, s)
		}
	}
	return once
}

// exercise does everything that a store can do, about one ticket of partner p that n names, so that every statement
// runs.
func exercise(t *testing.T, s *store.Store, n int64) {
	t.Helper()
	one := plain(n, "p", desk.Open, desktest.Start)
	one.ChannelReference = fmt.Sprint("ref", n)
	one.Lookups = []desk.Lookup{{Kind: desk.ByEmail, Hash: fmt.Sprint("e", n)}, {Kind: desk.ByPhone, Hash: fmt.Sprint("h", n)}}
	key := desk.APIKey{ID: fmt.Sprint("k", n), PartnerID: "p", Hash: fmt.Sprint("hash", n)}
	write(t, s, func(tx *store.Tx) {
		tx.InsertPartner(desk.Partner{ID: "p", Name: "p"})
		tx.InsertKey(key)
		tx.InsertAgent(desk.Agent{ID: fmt.Sprint("a", n), Email: fmt.Sprint("a", n), Role: desk.RoleAgent}, false)
		tx.ClaimSetting(fmt.Sprint("s", n), "x")
		tx.InsertDataKey(store.DataKey{ID: n, Purpose: "x"})
		tx.StartNumbers(10001)
		tx.KeepRequest(store.Request{PartnerID: "p", ID: fmt.Sprint("r", n)})
		tx.InsertTicket(one)
		tx.RegisterBlob("", desktest.Start)
		tx.RegisterBlob("left", desktest.Start.Add(-time.Hour))
		tx.InsertAttachments([]desk.Attachment{{TicketID: one.ID, ID: "a"}})
		tx.InsertComment(desk.Comment{TicketID: one.ID, ID: "c", Seq: 1, Public: true})
		tx.Record(event(one.ID, "p", 1, desk.TicketCreated, desktest.Start))
		tx.Audit(desk.AuditEntry{ID: fmt.Sprint("e", n)})
		tx.ConfigurationChanged()
	})
	check(t, s.Write(t.Context(), (*store.Tx).SeedReference))
	take(t, s, 1)
	for _, find := range []func(tx *store.Tx) (*desk.Ticket, error){
		func(tx *store.Tx) (*desk.Ticket, error) { return tx.TicketByNumber(n, true) },
		func(tx *store.Tx) (*desk.Ticket, error) { return tx.TicketByID(one.ID, true) },
		func(tx *store.Tx) (*desk.Ticket, error) {
			return tx.TicketByReference(one.ChannelReference, "p", true)
		},
	} {
		check(t, s.Write(t.Context(), func(tx *store.Tx) error {
			found, err := find(tx)
			if err == nil {
				found.Version++
				tx.UpdateTicket(found)
				tx.Reseal(found)
			}
			return err
		}))
	}
	check(t, s.Read(t.Context(), func(tx *store.Tx) error { return look(tx, one, key) }))
	for count := 1; count <= 64; count *= 2 {
		asked := slices.Repeat([]store.Wanted{{Number: one.Number}, {Reference: one.ChannelReference, Partner: "p"}}, count)
		_, errs := store.Answered(s, asked)
		check(t, errors.Join(errs...))
	}
	write(t, s, func(tx *store.Tx) {
		tx.RevokeKey(key.ID, desktest.Start)
		tx.ReplaceSetting(fmt.Sprint("s", n), "x", "y")
		tx.RewrapDataKey(store.DataKey{ID: n, Purpose: "x", Wrapped: "anew"})
	})
	check(t, s.KeepAudit(t.Context(), []desk.AuditEntry{{ID: fmt.Sprint("f", n)}}))
	sequence(t, s)
	exerciseDeliveries(t, s, one)
	check(t, s.Beat(t.Context()))
	check(t, second(s.CondemnBlobs(t.Context(), "run", desktest.Start, desktest.Start, 10)))
	check(t, s.ForgetBlob(t.Context(), "gone", "run"))
	check(t, second(s.ForgetRequests(t.Context(), desktest.Start.Add(-time.Hour), 10)))
	exerciseForwards(t, s, one)
	exerciseTests(t, s, n)
	exerciseThrottles(t, s)
	exercisePeople(t, s, n)
	exerciseConsole(t, s, one)
	exerciseSearch(t, s, one)
	check(t, s.Close())
}

// exerciseDeliveries does everything that a store can do about deliveries of two events of a ticket.
func exerciseDeliveries(t *testing.T, s *store.Store, one *desk.Ticket) {
	t.Helper()
	target := desk.Target{ID: "endpoint" + one.ID, Kind: desk.RegisteredTarget, PartnerID: "p", State: desk.TargetActive, Events: []desk.EventType{desk.CommentAdded}, Version: 1}
	named := desk.Target{ID: "address" + one.ID, Kind: desk.TicketTarget, PartnerID: "p", State: desk.TargetActive, Echo: true, Version: 1}
	write(t, s, func(tx *store.Tx) {
		tx.InsertTarget(target)
		tx.InsertTarget(named)
		tx.OpenLane(one.ID, named.ID)
		tx.Record(event(one.ID, "p", 2, desk.CommentAdded, desktest.Start), event(one.ID, "p", 3, desk.CommentAdded, desktest.Start))
	})
	sequence(t, s)
	turn := func(turn store.Turn) []store.Taken {
		taken, err := s.Turn(t.Context(), turn)
		check(t, err)
		return taken
	}
	for _, of := range []desk.Target{target, named} {
		take := store.Turn{Wants: []store.Want{{Target: of, Most: 10, Lease: time.Minute}}}
		for _, version := range []int64{of.Version + 1, of.Version} { // given back, and kept
			for _, l := range turn(take) {
				take.Settled = []store.Settled{{LaneID: l.LaneID, Fence: l.Fence, Head: l.Event.Seq, Keep: &store.Keep{Version: version, Lease: time.Minute}}}
			}
		}
		for _, l := range turn(take) {
			settled := store.Settled{LaneID: l.LaneID, Fence: l.Fence, Head: l.Event.Seq, Tries: 1, Dead: desktest.Start}
			turn(store.Turn{Settled: []store.Settled{settled}, Attempts: []store.Attempt{{LaneID: l.LaneID, Seq: l.Event.Seq, Fence: l.Fence, At: desktest.Start}}})
		}
	}
	again := store.LaneID{TicketID: one.ID, TargetID: target.ID, Again: "1"}
	write(t, s, func(tx *store.Tx) { tx.SendAgain(one.ID, target.ID, 1, desktest.Start) })
	turn(store.Turn{Settled: []store.Settled{{LaneID: again, Head: 2}}})
	for _, m := range []store.Mark{{TargetID: target.ID, Opened: desktest.Start, Probe: desktest.Start}, {TargetID: target.ID}, {TargetID: target.ID, Opened: desktest.Start, Probe: desktest.Start}, {TargetID: named.ID, Gone: true, Version: 1}} {
		turn(store.Turn{Marks: []store.Mark{m}})
	}
	nothing := target
	nothing.Events, nothing.Version, nothing.OpenedAt, nothing.ProbeAt = []desk.EventType{desk.TicketClosed}, 2, desktest.Start, desktest.Start
	write(t, s, func(tx *store.Tx) { tx.UpdateTarget(nothing) })
	check(t, second(s.ReviveAll(t.Context(), target.ID, 10)))
	turn(store.Turn{Wants: []store.Want{{Target: nothing, Most: 10, Probe: desktest.Start.Add(time.Hour), Lease: time.Minute}}})
	check(t, second(s.DueTargets(t.Context())))
	check(t, s.Write(t.Context(), func(tx *store.Tx) error {
		if _, err := tx.SendRangeAgain(target, 1, 5, desktest.Start); err != nil {
			return err
		}
		if _, err := tx.SendRangeAgain(named, 1, 5, desktest.Start); err != nil {
			return err
		}
		lane, err := tx.LaneOf(named, one.ID, 2)
		if err == nil {
			tx.Revive(lane.LaneID, desktest.Start)
			tx.SkipNext(lane, desktest.Start)
		}
		tx.ProbeAt(named.ID, desktest.Start)
		if _, err := tx.LaneAgain(target, one.ID, 99); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("a lane that nobody asked for: %v", err)
		}
		return errors.Join(err, second(tx.CountRegistered("p")))
	}))
	check(t, s.Read(t.Context(), func(tx *store.Tx) error {
		_, _, _, waiting := tx.Undelivered(named, store.DeliveryPending, store.LanePlace{}, 10)
		_, _, _, dead := tx.Undelivered(named, store.DeliveryFailed, store.LanePlace{}, 10)
		_, _, all := tx.Deliveries(named, 0, 10)
		_, _, ofTicket := tx.TicketDeliveries(named, one.ID, 0, 10)
		return errors.Join(waiting, dead, all, ofTicket, second(tx.Backlog(named)), second(tx.Targets("", "", 5)), second(tx.Targets("p", "", 5)), second(tx.TargetPartners("")), second(tx.TicketTargets("t")),
			second(tx.Event(one.ID, 1)), second(tx.OldAttempts(named.ID, desktest.Start)), second(tx.Target(named.ID, "", false)))
	}))
	check(t, second(s.AttemptTargets(t.Context())))
	check(t, second(s.ForgetAttempts(t.Context(), named.ID, desktest.Start.Add(time.Hour), 10)))
	check(t, s.Write(t.Context(), func(tx *store.Tx) error {
		found, err := tx.Target(target.ID, "p", true)
		found.Version++
		tx.UpdateTarget(found)
		tx.DeleteTarget(target.ID, desktest.Start)
		return err
	}))
	deleted := read(t, s, func(tx *store.Tx) (desk.Target, error) { return tx.DeletedTarget(desktest.Start.Add(time.Hour)) })
	for place, end := int64(0), false; !end; place += 1000 {
		var err error
		_, end, err = s.ForgetTarget(t.Context(), deleted, place, 1000)
		check(t, err)
	}
}

// exerciseForwards does everything that a store can do about a ticket that is forwarded.
func exerciseForwards(t *testing.T, s *store.Store, one *desk.Ticket) {
	t.Helper()
	check(t, s.MakeConnector(t.Context()))
	write(t, s, func(tx *store.Tx) { tx.OpenForward(one.ID, one.Number, desktest.Start) })
	check(t, s.Write(t.Context(), func(tx *store.Tx) error {
		tx.Doubted(one.ID)
		tx.SentStatus(one.ID, "Open")
		return tx.Sent(one.ID, "p", 1, false, desktest.Start)
	}))
	check(t, second(s.ConnectorRoutes(t.Context())))
	check(t, second(s.NewestAttempts(t.Context(), desk.ConnectorCreates)))
	check(t, s.Write(t.Context(), func(tx *store.Tx) error {
		tx.RewindForward(one.ID, desktest.Start)
		return second(tx.OpenForwards([]desk.Ticket{*one, {ID: "later", Number: one.Number + 1}}, desktest.Start))
	}))
	check(t, s.Read(t.Context(), func(tx *store.Tx) error {
		return errors.Join(second(tx.Forward(one.ID, false)), second(tx.Candidates("", "", 50)), second(tx.Candidates("a", "z", 50)), second(tx.ForwardsByNumber(5, 50)))
	}))
	check(t, s.Write(t.Context(), func(tx *store.Tx) error {
		lane, err := tx.LaneOf(desk.Target{ID: desk.ConnectorCreates}, one.ID, 0)
		tx.Park(lane, "x", desktest.Start)
		store.Do(tx, `UPDATE attempt SET class = 'REFUSED' WHERE ticket_id = $1`, one.ID)
		return errors.Join(err, second(tx.ConnectorTargets(desktest.Start, true)))
	}))
	check(t, s.Read(t.Context(), func(tx *store.Tx) error { return lookAtForwards(tx, one) }))
	_, _, err := s.ReviveParked(t.Context(), desk.ConnectorCreates, "REFUSED", store.LanePlace{}, 10)
	check(t, err)
}

// lookAtForwards reads everything that a store can read of what is forwarded.
func lookAtForwards(tx *store.Tx, one *desk.Ticket) error {
	faults := []error{second(tx.Forward(one.ID, false)), second(tx.Forwarded(desk.ConnectorCreates, one.ID)), second(tx.ForwardAttempts(one.ID)),
		second(tx.DoubtfulForwards()), second(tx.RouteState(desk.Target{ID: desk.ConnectorCreates}, desktest.Start.Add(time.Minute)))}
	for _, list := range []store.ForwardList{store.ForwardsWaiting, store.ForwardsParked, store.ForwardsDoubtful, store.ForwardsSent} {
		_, _, err := tx.Forwards(desk.ConnectorCreates, list, store.LanePlace{}, 50)
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

// exerciseTests does what a store can do with tickets for tests.
func exerciseTests(t *testing.T, s *store.Store, n int64) {
	t.Helper()
	one := plain(desk.FirstTestNumber+n, "q", desk.Open, desktest.Start)
	one.CreatedAt = desktest.Start.Add(-time.Hour)
	one.Lookups = []desk.Lookup{{Kind: desk.ByEmail, Hash: fmt.Sprint("e", n)}}
	write(t, s, func(tx *store.Tx) {
		tx.InsertPartner(desk.Partner{ID: fmt.Sprint("q", n), Name: fmt.Sprint("q", n), TestOf: fmt.Sprint("p", n)})
		tx.InsertTicket(one)
		tx.RegisterBlob("test", desktest.Start)
		tx.InsertAttachments([]desk.Attachment{{TicketID: one.ID, ID: "a", SHA256: "test"}})
		tx.KeepRequest(store.Request{PartnerID: fmt.Sprint("q", n), ID: "r", CreatedAt: desktest.Start.Add(-time.Hour)})
	})
	check(t, second(s.TakeTestNumber(t.Context())))
	check(t, s.Read(t.Context(), func(tx *store.Tx) error {
		return errors.Join(second(tx.PartnerOfTests(fmt.Sprint("p", n))), second(tx.Simulated(desktest.Start, 50)), second(tx.OldTests(desktest.Start)),
			second(tx.OldTestRequests(desktest.Start, desktest.Start)), second(tx.TestsUpTo("q", 5)))
	}))
	check(t, second(s.ForgetTests(t.Context(), desktest.Start, 10, func(t *desk.Ticket) ([]desk.Lookup, error) { return one.Lookups, nil })))
	check(t, second(s.ForgetTestRequests(t.Context(), desktest.Start, 10)))
}

// look reads everything that a store can read.
func look(tx *store.Tx, one *desk.Ticket, key desk.APIKey) error {
	looks := []func() error{
		func() error { return second(tx.TicketByNumber(one.Number, false)) },
		func() error { return second(tx.TicketByID(one.ID, false)) },
		func() error { return second(tx.TicketByReference(one.ChannelReference, "", false)) },
		func() error { return second(tx.TicketByReference(one.ChannelReference, "p", false)) },
		func() error { return second(tx.ResolvedBefore(desktest.Start, 50)) },
		func() error { return second(tx.Comments(one.ID)) },
		func() error { return second(tx.PublicComments(one.ID)) },
		func() error { return second(tx.Attachments(one.ID)) },
		func() error { return second(tx.TicketEvents(one.ID)) },
		func() error { return second(tx.Feed("", 5, 50)) },
		func() error { return second(tx.Feed("p", 5, 50)) },
		func() error { return second(tx.Request("p", "r"+strings.TrimPrefix(key.ID, "k"))) },
		func() error { return second(tx.KeyByHash(key.Hash)) },
		func() error { return second(tx.KeyByID(key.ID)) },
		func() error { return second(tx.Keys()) },
		func() error { return second(tx.PartnerByName("p")) },
		func() error { return second(tx.AgentByEmail("a" + strings.TrimPrefix(key.ID, "k"))) },
		func() error { return second(tx.Setting("s" + strings.TrimPrefix(key.ID, "k"))) },
		func() error { return second(tx.DataKeys()) },
		func() error { return second(tx.Configuration()) },
		func() error { return second(tx.Sealed(1, 100)) },
		func() error { return second(tx.Unsealed()) },
		func() error { return second(store.Feeds(tx, []desk.Event{{PartnerID: "p"}})) },
		func() error { return second(tx.ChainHead()) },
		func() error { return second(tx.Reference()) },
		func() error { return second(tx.BlobNamed("x")) },
		func() error { return second(tx.IdleBlobs(desktest.Start, desktest.Start)) },
		func() error { return second(tx.OldRequests(desktest.Start)) },
		func() error { return second(tx.FilesOf("x")) },
	}
	for _, partner := range []string{"", "p"} {
		for _, statuses := range [][]desk.Status{nil, {desk.Open}, {desk.Closed, desk.Pending}} {
			looks = append(looks, func() error {
				return second(tx.ListTickets(store.TicketFilter{PartnerID: partner, Statuses: statuses, Since: desktest.Start, Limit: 50}))
			})
		}
		for n := range len(one.Lookups) + 1 {
			looks = append(looks, func() error { return second(tx.FindTickets(partner, one.Lookups[:n], "", 50)) },
				func() error { return second(tx.FindTickets(partner, one.Lookups[:n], "z", 50)) })
		}
	}
	for _, look := range looks {
		if err := look(); err != nil {
			return err
		}
	}
	return nil
}

func second[T any](_ T, err error) error { return err }

// literals returns the texts of SQL in the sources of a folder, by file.
func literals(t *testing.T, folder string) map[string][]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	check(t, err)
	sql := regexp.MustCompile(`\b(SELECT|INSERT|UPDATE|DELETE|FROM|WHERE|VALUES|ORDER BY|CREATE|SET)\b`)
	found := map[string][]string{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		check(t, err)
		for node := range ast.Preorder(file) {
			if lit, ok := node.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if text, _ := strconv.Unquote(lit.Value); sql.MatchString(text) {
					found[name] = append(found[name], text)
				}
			}
		}
	}
	return found
}

func TestEveryStatementRunsOnBothEngines(t *testing.T) {
	t.Parallel()
	// What runs where nothing records: on a database that is not open yet, or beside it. Tests of their own run those on
	// both engines.
	own := []string{"migrate.go", "inspect.go", "schema.go", "dump.go", "load.go"}
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := newPlace(t, e).open(t, store.Options{})
		r := recording(s)
		exercise(t, s, 1)
		ran := r.run()
		for file, texts := range literals(t, ".") {
			for _, text := range texts {
				if !slices.Contains(own, file) && !slices.ContainsFunc(ran, func(s statement) bool { return strings.Contains(s.text, text) }) {
					t.Errorf("%s: no test runs %q", file, text)
				}
			}
		}
		for _, s := range ran {
			if fault := portability(s.text); fault != "" && !strings.Contains(s.text, "ticket_words ") { // which each engine keeps in its own way
				t.Errorf("%s: %s", fault, s.text)
			}
			if n := len(placeholder.FindAllString(s.text, -1)); n > 0 && len(s.args) == 0 {
				t.Errorf("run without its %d arguments: %s", n, s.text)
			}
		}
	})
}

var placeholder = regexp.MustCompile(`\$(\d+)`)

// oneEngineOnly matches what only one of the engines understands, or understands in its own way.
var oneEngineOnly = regexp.MustCompile(`(?i)::|\bnow\(\)|\bcurrent_timestamp\b|\blike\b|\bilike\b|returning \*|\bany\s*\(|\barray\b|\bserial\b|autoincrement|` +
	`insert or |replace into|\bstrftime\b|\bdatetime\(|\bnextval\b|\boffset\b|\bregexp\b|~|->|\brandom\(|\browid\b|\bctid\b|"|\?`)

// columnTypes matches a column's type in a migration.
var columnTypes = regexp.MustCompile(`(?m)^  [a-z_0-9]+ +([a-z]+)`)

// portability returns what keeps a text from meaning the same on both engines.
func portability(text string) string {
	next := 1
	for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
		switch n, _ := strconv.Atoi(m[1]); {
		case n > next:
			return fmt.Sprintf("$%d comes before $%d", n, next)
		case n == next:
			next++
		}
	}
	if word := oneEngineOnly.FindString(strings.ReplaceAll(text, "pg_notify", "")); word != "" {
		return fmt.Sprintf("%q is not the same on both engines", word)
	}
	if strings.Contains(text, "SELECT *") && !strings.Contains(text, "SELECT * FROM (SELECT "+"id, number") {
		return "names no columns"
	}
	for _, m := range columnTypes.FindAllStringSubmatch(text, -1) {
		if strings.HasPrefix(text, "CREATE TABLE") && !slices.Contains([]string{"text", "bigint", "boolean"}, m[1]) {
			return fmt.Sprintf("%q is a type of one engine", m[1])
		}
	}
	return ""
}

func TestMigrationsAreWrittenInWordsOfBothEngines(t *testing.T) {
	t.Parallel()
	statements, err := store.MigrationStatements()
	check(t, err)
	comment := regexp.MustCompile(`--[^\n]*`)
	for _, s := range statements {
		s = strings.TrimSpace(comment.ReplaceAllString(s, ""))
		if fault := portability(s); fault != "" {
			t.Errorf("%s: %s", fault, s)
		}
	}
}

func TestTheCheckOfStatementsFindsWhatItShould(t *testing.T) {
	t.Parallel()
	for text, good := range map[string]bool{
		`SELECT a FROM t WHERE b = $1 AND c = $2 AND d = $1`:          true,
		`SELECT a FROM t WHERE b = $2 AND c = $1`:                     false,
		`SELECT a FROM t WHERE b = $1 AND c = $3`:                     false,
		`SELECT a::text FROM t`:                                       false,
		`SELECT a FROM t WHERE at < now()`:                            false,
		`SELECT a FROM t WHERE a ILIKE $1`:                            false,
		`SELECT a FROM t WHERE a = ANY($1)`:                           false,
		`INSERT INTO t (a) VALUES ($1) RETURNING *`:                   false,
		`SELECT * FROM t`:                                             false,
		`SELECT a FROM t WHERE a = ?`:                                 false,
		"CREATE TABLE t (\n  a text NOT NULL,\n  b bigint NOT NULL)":  true,
		"CREATE TABLE t (\n  a text NOT NULL,\n  b integer NOT NULL)": false,
		"CREATE TABLE t (\n  a timestamp NOT NULL)":                   false,
		`UPDATE t SET a = $1 WHERE b = $2 RETURNING a`:                true,
	} {
		if fault := portability(text); (fault == "") != good {
			t.Errorf("%s: found %q", text, fault)
		}
	}
}

func TestSQLStandsInThisPackageOnly(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("internal/schema/migrations/0001_desk.sql"); err != nil {
		t.Fatal(err) // the tests do not run where they look for the sources
	}
	if n := len(literals(t, ".")); n < 8 {
		t.Errorf("SQL was found in %d files, want more: the search does not work", n)
	}
}

func TestTheEnginesKnowNoTableOfTheDesk(t *testing.T) {
	t.Parallel()
	tables, err := store.Tables(t.Context(), newest(t))
	check(t, err)
	theirs := literals(t, "internal/engine")
	if len(theirs) < 2 {
		t.Errorf("SQL was found in %d files, want more: the search does not work", len(theirs))
	}
	for file, texts := range theirs {
		for _, table := range tables {
			named := regexp.MustCompile(`\b(FROM|JOIN|INTO|UPDATE|TABLE) ` + table.Name + `\b`)
			if i := slices.IndexFunc(texts, named.MatchString); i >= 0 {
				t.Errorf("%s has words about %s: %s", file, table.Name, texts[i])
			}
		}
	}
}
