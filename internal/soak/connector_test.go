package soak_test

import (
	"encoding/json"
	"math/rand/v2"
	"net/http/httptest"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	nouns "banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/sociomile"
	"banksulutgo.co.id/servicedesk/sociomile/fake"
)

// newForwardingDesk makes a desk that forwards its claims to a stand-in for the provider, which tells no duplicates: whoever
// sends a ticket twice is seen.
func newForwardingDesk(t *testing.T, in desktest.Installation) (*desk, *fake.Provider) {
	t.Helper()
	provider := fake.New(fake.Options{})
	must(t, provider.Set(fake.Settings{Scenario: fake.Working, Auth: fake.Both}))
	server := httptest.NewServer(provider)
	t.Cleanup(server.Close)
	in.Env = append(in.Env, "OMNI_ENABLED=true", "OMNI_API_URL="+server.URL+fake.CreatePath, "OMNI_API_TOKEN="+fake.DefaultToken, "OMNI_CONNECT_ID=bank@example.test",
		"OMNI_PROBE=100ms", "OMNI_RETRY=50ms,200ms", "OMNI_TIMEOUT=5s")
	return newDesk(t, in), provider
}

// moods are what the provider plays while the program dies.
var moods = []fake.Settings{
	{Scenario: fake.Working, Latency: 20 * time.Millisecond}, {Scenario: fake.Working, DropEvery: 5}, {Scenario: fake.Working, FailEvery: 3}, {Scenario: fake.RouteMissing},
	{Scenario: fake.Gateway}, {Scenario: fake.Slow, Latency: 200 * time.Millisecond}, {Scenario: fake.RouteMissingStatus}, {Scenario: fake.Working},
}

// turn lets the provider behave in another way.
func turnMood(t *testing.T, p *fake.Provider) {
	t.Helper()
	mood := moods[rand.IntN(len(moods))]
	mood.Auth = fake.Both
	must(t, p.Set(mood))
}

// forwarded is a claim with what the provider has to be told of it, and what the desk says of it.
type forwarded struct {
	number   int64
	statuses []string // the provider's words, without those that repeat the one before
	doubtful bool     // it may exist twice
	id       string   // the provider's
	repeated bool     // a call of a status was in doubt
}

// claims reads which tickets had to be forwarded.
func (d *desk) claims(t *testing.T, p *desktest.Process) []*forwarded {
	t.Helper()
	byNumber := map[string]*forwarded{}
	var all []*forwarded
	words := sociomile.DefaultMap()
	for _, e := range d.feed(t, p) {
		var body struct {
			Event string
			Data  struct{ ServiceType, NewStatus string }
		}
		must(t, json.Unmarshal([]byte(e.body), &body))
		f := byNumber[e.ticket]
		switch {
		case body.Event == string(nouns.TicketCreated) && body.Data.ServiceType == "CLAIM":
			number, err := strconv.ParseInt(e.ticket, 10, 64)
			must(t, err)
			f = &forwarded{number: number}
			byNumber[e.ticket] = f
			all = append(all, f)
		case body.Event == string(nouns.StatusChanged) && f != nil:
			if word := words.StatusFor(nouns.Status(body.Data.NewStatus)); len(f.statuses) == 0 || f.statuses[len(f.statuses)-1] != word {
				f.statuses = append(f.statuses, word)
			}
		}
	}
	return all
}

// known reads what the desk says of a forwarded ticket: what it is called, and whether a call for it was in doubt.
func (d *desk) known(t *testing.T, all []*forwarded) {
	t.Helper()
	byNumber := map[int64]*forwarded{}
	for _, f := range all {
		byNumber[f.number] = f
	}
	db := d.SQL(t)
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), `SELECT f.number, f.provider_id, f.doubtful, EXISTS (SELECT 1 FROM attempt a WHERE a.ticket_id = f.ticket_id AND a.target_id = 'sociomile-status'
 AND (a.doubtful OR a.class = 'UNKNOWN_OUTCOME')) FROM forward f`)
	must(t, err)
	for rows.Next() {
		var number int64
		var id string
		var doubtful, again bool
		must(t, rows.Scan(&number, &id, &doubtful, &again))
		if f := byNumber[number]; f != nil {
			f.id, f.doubtful = id, doubtful
			f.repeated = again
		}
	}
	must(t, rows.Err())
}

// owingToProvider counts the lanes of the connector in which something is owed.
func (d *desk) owingToProvider(t *testing.T) (n int) {
	t.Helper()
	db := d.SQL(t)
	must(t, db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM lane WHERE target_id IN ('sociomile-create', 'sociomile-status') AND (due > 0 AND head <= tail OR dead_at > 0)`).Scan(&n))
	must(t, db.Close())
	return n
}

// reconcile waits until everything was told, and compares what the provider has with what was acknowledged.
func (d *desk) reconcile(t *testing.T, p *fake.Provider, rounds int, nodes ...*desktest.Process) (twice int) {
	t.Helper()
	d.check(t, nodes[0])
	must(t, p.Set(fake.Settings{Scenario: fake.Working, Auth: fake.Both}))
	all := d.claims(t, nodes[0])
	desktest.Await(t, 2*lease+time.Minute, "the provider was told everything", func() bool {
		<-time.After(100 * time.Millisecond)
		return d.owingToProvider(t) == 0
	})
	for _, n := range nodes {
		n.Stop(t)
	}
	d.known(t, all)
	got := p.Received()
	twice = compareWithProvider(t, all, got)
	if len(all) < 3*rounds {
		t.Errorf("%d claims: too few to prove anything", len(all))
	}
	t.Logf("%d rounds: %d writes acknowledged, %d claims, %d tickets and %d statuses at the provider, %d claims there twice, each shown as such", rounds, d.ledger.told(), len(all), got.Created, got.Updated, twice)
	return twice
}

// compareWithProvider reports what is missing at the provider, and what is there more often without being shown as such.
func compareWithProvider(t *testing.T, all []*forwarded, got fake.Received) (twice int) {
	t.Helper()
	ids, told := map[int64][]string{}, map[string][]string{}
	for _, ticket := range got.Tickets {
		ids[ticket.Helpdesk] = append(ids[ticket.Helpdesk], ticket.ID)
	}
	for _, u := range got.Updates {
		told[u.Helpdesk] = append(told[u.Helpdesk], u.Status)
	}
	for _, f := range all {
		there := ids[f.number]
		switch {
		case len(there) == 0:
			t.Errorf("%d is missing at the provider", f.number)
		case !slices.Contains(there, f.id):
			t.Errorf("%d is called %q by the desk and %v by the provider", f.number, f.id, there)
		case len(there) > 1 && !f.doubtful:
			t.Errorf("%d is %d times at the provider and not shown as such", f.number, len(there))
		case len(there) > 1:
			twice++
		}
		said := told[strconv.FormatInt(f.number, 10)]
		if once := slices.Compact(slices.Clone(said)); !slices.Equal(once, f.statuses) || len(said) > len(once) && !f.repeated {
			t.Errorf("of %d the provider was told %v, want %v", f.number, said, f.statuses)
		}
	}
	return twice
}

func TestTheProviderHasEveryClaimWheneverTheProgramDies(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d, provider := newForwardingDesk(t, desktest.NewInstallation(t, e))
		rounds := size(3, 100)
		p := d.Serve(t)
		for range rounds {
			turnMood(t, provider)
			d.harm(t, p, p.Kill)
			d.endLeases(t)
			p = d.Serve(t)
		}
		if twice := d.reconcile(t, provider, rounds, p); inFull() && twice == 0 {
			t.Error("no call was in doubt: this proves little")
		}
	})
}

func TestTheProviderHasEveryClaimThoughANodeStandsStill(t *testing.T) {
	t.Parallel()
	d, provider := newForwardingDesk(t, desktest.NewInstallation(t, desktest.PostgreSQL))
	other := d.Node(t)
	first, second := d.Serve(t), other.Serve(t)
	rounds := size(1, 3)
	for range rounds {
		must(t, provider.Set(fake.Settings{Scenario: fake.Slow, Auth: fake.Both, Latency: 100 * time.Millisecond}))
		d.atWork(t, first, second, func() {
			must(t, syscall.Kill(first.PID(), syscall.SIGSTOP))
			<-time.After(time.Duration(size(1, 70)) * time.Second)
			d.endLeases(t)
			desktest.Await(t, 2*lease, "the other node has told all", func() bool {
				<-time.After(100 * time.Millisecond)
				return d.owingToProvider(t) == 0
			})
			must(t, syscall.Kill(first.PID(), syscall.SIGCONT))
		})
	}
	d.reconcile(t, provider, rounds, first, second)
}
