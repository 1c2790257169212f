package bench

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/staff"
	"banksulutgo.co.id/servicedesk/store"
)

// What is searched: two of three tickets are claims, of one group; one in smallOf belongs to a small group, the others to
// one of groups and one of branches.
const (
	smallOf  = 4000
	groups   = 9
	branches = 50
)

// labels are words that very many tickets have, as those of a partner's form.
const labels = "Detail klaim Nama nasabah Media transaksi Jenis transaksi Produk Nominal Nomor rekening Informasi transaksi Tanggal Alasan klaim ID transaksi Nomor referensi ATM Deskripsi masalah "

// wordy is the n-th ticket that is searched: the labels of a claim and numbers that no other ticket has, a few words that
// are everywhere and many that are rare.
func wordy(n int64) *desk.Ticket {
	at := desktest.Start.Add(time.Duration(n) * time.Millisecond)
	t := &desk.Ticket{ID: desk.NewID(at), Number: n, PartnerID: "p", Version: 1, Events: 1, ServiceType: "CLAIM", Status: desk.Open, Priority: "MEDIUM",
		Branch: desk.Branch{Code: desk.OmniBranch}, Title: "KLAIM - OMNI - ATM - TRANSFER", Metadata: "{}", Sealed: strings.Repeat("x", 200), CreatedAt: at, UpdatedAt: at}
	r := rand.New(rand.NewPCG(uint64(n), 1))
	switch {
	case n%smallOf == 77:
		t.Group.Code = "SMALL"
	case n%3 > 0:
		t.Group.Code, t.Description = "CLAIMS", labels+fmt.Sprintf("TRX%09d REF%09d ", n, n)
	default:
		t.Group.Code, t.Branch.Code = fmt.Sprint("GROUP", r.IntN(groups)), fmt.Sprintf("%03d", r.IntN(branches))
	}
	zipf := rand.NewZipf(r, 1.2, 4, 30_000)
	for range 25 {
		t.Description += word(zipf.Uint64()) + " "
	}
	t.Customer.Name = word(30_000+r.Uint64N(5000)) + " " + word(35_000+r.Uint64N(5000))
	return t
}

// word is the n-th word of a language.
func word(n uint64) string {
	text := ""
	for n += 50; n > 0; n /= 50 {
		text += "btdkgmnlrs"[n%10:n%10+1] + "aiueo"[n/10%5:n/10%5+1]
	}
	return text
}

// queries are what is searched for, by how usual it is; i is the turn.
func queries(tickets int) map[string]func(i int) string {
	return map[string]func(i int) string{
		"usual":   func(i int) string { return word(uint64(i % 5)) },
		"two":     func(i int) string { return word(uint64(i%5)) + " " + word(uint64(5+i%7)) },
		"labels":  func(i int) string { return "nasabah transaksi" },
		"rare":    func(i int) string { return word(uint64(20_000 + 31*i)) },
		"one":     func(i int) string { return fmt.Sprintf("trx%09d", 3*(i*tickets/300)+1) },
		"letters": func(i int) string { return word(uint64(i))[:2] },
		"none":    func(i int) string { return "xyzzy" },
		"unheard": func(i int) string { return "xyzzy " + word(uint64(i%5)) },
		"number":  func(i int) string { return fmt.Sprint(i*tickets/100 + 1) },
	}
}

// searchers are who searches: an agent of a small group and of a large one, a supervisor, who sees a branch too, and an
// auditor, who sees all.
func searchers() map[string]desk.Actor {
	agent := func(role desk.Role, branch string, groups ...string) desk.Actor {
		return desk.Agent{ID: "a", Role: role, Groups: groups, Branch: branch}.Actor()
	}
	return map[string]desk.Actor{"small": agent(desk.RoleAgent, "", "SMALL"), "large": agent(desk.RoleAgent, "", "CLAIMS"),
		"supervisor": agent(desk.RoleSupervisor, "007", "GROUP1"), "auditor": agent(desk.RoleAuditor, "")}
}

// searched is a desk with many tickets whose words are kept.
type searched struct {
	*staff.Staff
	tickets int
	kept    time.Duration // until the words of one ticket are kept, with many others
	used    time.Duration // of CPU, likewise
	longest time.Duration // until the words of a portion are kept
}

func fillSearched(t testing.TB, e desktest.Engine, tickets int) searched {
	t.Helper()
	ctx := context.Background()
	in, quiet := desktest.NewInstallation(t, e), slog.New(slog.DiscardHandler)
	must(t, os.MkdirAll(in.Folder, 0o700))
	s, err := store.Open(ctx, store.Options{Database: in.Database, Folder: in.Folder, Log: quiet})
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	keyring, err := app.Install(ctx, s, filepath.Join(in.Folder, "key"), 1)
	must(t, err)
	verbs, err := app.New(ctx, app.Options{Store: s, Keyring: keyring, Log: quiet, ReadsInMemory: 1 << 16})
	must(t, err)
	const atOnce = 1000
	pids := pidsOf(t, in, os.Getpid())
	found := searched{Staff: staff.New(staff.Options{App: verbs, Store: s, Keyring: keyring, Log: quiet}), tickets: tickets}
	_, err = verbs.IndexSome(ctx) // there are no older tickets
	must(t, err)
	for from := 1; from <= tickets; from += atOnce {
		must(t, s.Write(ctx, func(tx *store.Tx) error {
			for n := from; n < from+atOnce; n++ {
				one := wordy(int64(n))
				tx.InsertTicket(one)
				tx.Record(desk.Event{TicketID: one.ID, Seq: 1, Type: desk.TicketCreated, PartnerID: "p", At: one.CreatedAt})
			}
			return nil
		}))
		for did := 1; did > 0; {
			did, err = s.Sequence(ctx, verbs.Seal)
			must(t, err)
		}
		found.index(t, verbs, pids)
	}
	found.kept, found.used = found.kept/time.Duration(tickets), found.used/time.Duration(tickets)
	return found
}

// index makes all tickets findable and notes what that takes.
func (s *searched) index(t testing.TB, verbs *app.App, pids func() []int) {
	t.Helper()
	before := cpuTime(t, pids())
	for more := true; more; {
		start := time.Now()
		done, err := verbs.IndexSome(context.Background())
		must(t, err)
		more = done.More
		s.kept, s.longest = s.kept+time.Since(start), max(s.longest, time.Since(start))
	}
	s.used += cpuTime(t, pids()) - before
}

// timed is how long searches of a kind take, and what they find.
type timed struct {
	p95, median time.Duration
	hits, more  float64 // a search
}

func (s searched) time(t testing.TB, actor desk.Actor, query func(i int) string, times int) timed {
	t.Helper()
	var took []time.Duration
	var found timed
	for i := range times {
		start := time.Now()
		f, err := s.Search(context.Background(), actor, query(i), 0, 20)
		must(t, err)
		took = append(took, time.Since(start))
		found.hits += float64(len(f.Hits)) / float64(times)
		if f.More {
			found.more += 1 / float64(times)
		}
	}
	slices.Sort(took)
	found.p95, found.median = took[times*95/100], took[times/2]
	return found
}

// BenchmarkSearch says how long employees' searches take, of which the slowest 5 in 100 are left out. SERVICEDESK_SOAK=full
// lets them search a million tickets.
func BenchmarkSearch(b *testing.B) {
	eachEngine(b, func(b *testing.B, e desktest.Engine) {
		for range b.N {
			s := fillSearched(b, e, many())
			b.ReportMetric(micros(s.kept), "kept-µs")
			b.ReportMetric(micros(s.used), "kept-cpu-µs")
			b.ReportMetric(micros(s.longest)/1e3, "longest-portion-ms")
			for who, actor := range searchers() {
				for what, query := range queries(s.tickets) {
					found := s.time(b, actor, query, 100)
					b.ReportMetric(micros(found.p95)/1e3, who+"-"+what+"-p95-ms")
					fmt.Fprintf(os.Stderr, "%-10s %-10s %-8s median %6.2f ms, 95 %% %6.2f ms, %.1f hits, more %.2f\n", e, who, what, micros(found.median)/1e3, micros(found.p95)/1e3, found.hits, found.more)
				}
			}
			b.ReportMetric(0, "ns/op")
		}
	})
}

func TestEverybodySearchesInHisOwnSight(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		s := fillSearched(t, e, 2000)
		for who, actor := range searchers() {
			for what, query := range queries(s.tickets) {
				found := s.time(t, actor, query, 2)
				if none := what == "none" || what == "unheard" || who == "small"; found.p95 <= 0 || (what == "usual" || none) && found.hits > 1 == none {
					t.Errorf("%s, %s: %+v", who, what, found)
				}
			}
		}
	})
}
