package bench

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/auth"
	"banksulutgo.co.id/servicedesk/console"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/live"
	"banksulutgo.co.id/servicedesk/staff"
	"banksulutgo.co.id/servicedesk/store"
	"banksulutgo.co.id/servicedesk/web"
)

// What agents look at: of fifty tickets one is not settled, as at a bank that has settled a million.
const (
	activeOf     = 50
	consoleUsers = 16
	userThinks   = time.Second // between two pages of a user, on average
	userPassword = "password of a user"
)

// consoleGroups are the support groups among which tickets are divided, the first ones with more of them.
var consoleGroups = []string{"TRANSACTION_CLAIMS_SUPPORT", "TRANSACTION_CLAIMS_SUPPORT", "ATM_SERVICES", "DUKUNGAN_LAYANAN", "CALL_CENTER", "CARD_SERVICES", "TECH_SUPPORT"}

// worked is the n-th of so many tickets: the newest ones are not settled, a third of them nobody's.
func worked(n, of int64, keyring *auth.Keyring, users []desk.Agent) *desk.Ticket {
	t := wordy(n)
	r := rand.New(rand.NewPCG(uint64(n), 2))
	group := consoleGroups[n%int64(len(consoleGroups))]
	t.Group = desk.Group{Code: group, Name: group}
	t.Sealed = keyring.Seal([]byte("{}"), "ticket", "sealed", t.ID)
	t.Status = desk.Closed
	t.Clocks = desk.StartClocks(desk.Policy{ResolutionHours: 72}, desk.Calendar{}, t.CreatedAt)
	if n > of-of/activeOf {
		t.Status = desk.ActiveStatuses[r.IntN(len(desk.ActiveStatuses))]
	} else {
		t.Clocks = t.Clocks.Stop(t.CreatedAt)
	}
	if user := users[r.IntN(len(users))]; r.IntN(3) > 0 {
		t.AssigneeID, t.AssigneeName = user.ID, user.Name
	}
	return t
}

// counter is a console of a desk with many tickets, and those who use it.
type counter struct {
	url     string
	users   []*http.Client
	tickets int64
}

// openCounter fills a desk with tickets and signs its users in.
func openCounter(t testing.TB, e desktest.Engine, tickets int) counter {
	t.Helper()
	ctx := context.Background()
	in, quiet := desktest.NewInstallation(t, e), slog.New(slog.DiscardHandler)
	must(t, os.MkdirAll(in.Folder, 0o700))
	s, err := store.Open(ctx, store.Options{Database: in.Database, Folder: in.Folder, Log: quiet})
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	keyring, err := app.Install(ctx, s, filepath.Join(in.Folder, "key"), int64(tickets)+10)
	must(t, err)
	verbs, err := app.New(ctx, app.Options{Store: s, Keyring: keyring, Log: quiet, ReadsInMemory: 1 << 16})
	must(t, err)
	people := staff.New(staff.Options{App: verbs, Store: s, Keyring: keyring, Log: quiet})
	agents := hire(t, people)
	const atOnce = 500
	for from := int64(1); from <= int64(tickets); from += atOnce {
		all := make([]*desk.Ticket, 0, atOnce)
		for n := from; n < from+atOnce; n++ {
			all = append(all, worked(n, int64(tickets), keyring, agents))
		}
		must(t, s.Write(ctx, func(tx *store.Tx) error {
			for _, one := range all {
				tx.InsertTicket(one)
			}
			return nil
		}))
	}
	for more := true; more; {
		indexed, err := verbs.IndexSome(ctx)
		must(t, err)
		more = indexed.More
	}
	hub, stopping := &live.Hub{}, make(chan struct{})
	desk, err := console.New(console.Options{App: verbs, Staff: people, Door: web.New(web.Options{Log: quiet}), Public: http.NotFoundHandler(), Numbered: hub, Stopping: stopping, Log: quiet})
	must(t, err)
	server := httptest.NewServer(desk)
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(stopping) })
	c := counter{url: server.URL, tickets: int64(tickets)}
	for _, a := range agents {
		c.users = append(c.users, c.signIn(t, a.Email))
	}
	return c
}

// hire makes the users: agents of some groups, supervisors, and an auditor.
func hire(t testing.TB, people *staff.Staff) (agents []desk.Agent) {
	t.Helper()
	operator := desk.Actor{Kind: desk.ByCommand, ID: "bench", Name: "bench", Address: netip.IPv6Loopback()}
	must(t, people.SetFactorRoles(context.Background(), operator, nil))
	for i := range consoleUsers {
		n := staff.NewPerson{Email: fmt.Sprintf("user%d@bank.example", i), Name: fmt.Sprint("User ", i), Role: desk.RoleAgent, Password: userPassword,
			Groups: slices.Compact(slices.Sorted(slices.Values([]string{consoleGroups[i%len(consoleGroups)], consoleGroups[(i+2)%len(consoleGroups)]})))}
		switch {
		case i == consoleUsers-1:
			n.Role, n.Groups = desk.RoleAuditor, nil
		case i%5 == 4:
			n.Role, n.Branch = desk.RoleSupervisor, "007"
		}
		p, _, err := people.CreatePerson(context.Background(), operator, n)
		must(t, err)
		agents = append(agents, p.Agent)
	}
	return agents
}

func (c counter) signIn(t testing.TB, email string) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, err)
	client := &http.Client{Jar: jar, Transport: &http.Transport{}}
	answer, err := client.PostForm(c.url+"/sign-in", url.Values{"email": {email}, "password": {userPassword}})
	must(t, err)
	must(t, answer.Body.Close())
	if answer.StatusCode != http.StatusOK || strings.HasSuffix(answer.Request.URL.Path, "/sign-in") {
		t.Fatalf("signing in answered %d at %s", answer.StatusCode, answer.Request.URL)
	}
	return client
}

// screens are what users look at, by kind.
func (c counter) screens(r *rand.Rand) (kind, path string) {
	lists := []string{"/tickets", "/tickets?assignee=me&status=active&order=due", "/tickets?assignee=none&status=active&order=due",
		"/tickets?status=active&sla=breached,soon&order=due", "/tickets?status=CLOSED", "/tickets?priority=HIGH&status=active", "/tickets?service=ATM_ISSUE"}
	active := c.tickets - r.Int64N(max(1, c.tickets/activeOf))
	switch n := r.IntN(10); {
	case n < 4:
		return "list", lists[r.IntN(len(lists))]
	case n < 8:
		return "ticket", fmt.Sprint("/tickets/", active)
	case n < 9:
		return "home", "/"
	}
	words := []string{word(uint64(r.IntN(5))), word(uint64(20_000 + r.IntN(9000))), word(uint64(r.IntN(50))) + " " + word(uint64(r.IntN(400))), fmt.Sprint(active)}
	return "search", "/search?q=" + url.QueryEscape(words[r.IntN(len(words))])
}

// look lets every user look at so many screens, and returns how long each took, by kind.
func (c counter) look(t testing.TB, screens int, thinks time.Duration) map[string][]time.Duration {
	t.Helper()
	var mu sync.Mutex
	took := map[string][]time.Duration{}
	var users sync.WaitGroup
	for i, user := range c.users {
		users.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 3))
			for range screens {
				wait(time.Duration(r.ExpFloat64() * float64(thinks)))
				kind, path := c.screens(r)
				start := time.Now()
				answer, err := user.Get(c.url + path)
				if err == nil {
					_, err = io.Copy(io.Discard, answer.Body)
					answer.Body.Close()
				}
				d := time.Since(start)
				if err != nil || answer.StatusCode != http.StatusOK && answer.StatusCode != http.StatusNotFound { // a ticket of another group
					t.Errorf("%s: %v %v", path, answer, err)
					return
				}
				mu.Lock()
				took[kind] = append(took[kind], d)
				mu.Unlock()
			}
		})
	}
	users.Wait()
	return took
}

// wait lets time pass: what a user thinks about is not the desk's to shorten.
func wait(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	<-timer.C
}

// BenchmarkConsole says how long pages take of sixteen users who look at one every second on average, and of sixteen who
// never stop, of which the slowest 5 in 100 are left out. SERVICEDESK_SOAK=full gives the desk a million tickets.
func BenchmarkConsole(b *testing.B) {
	eachEngine(b, func(b *testing.B, e desktest.Engine) {
		for range b.N {
			c := openCounter(b, e, many())
			c.look(b, 5, 0) // what is prepared once
			for name, thinks := range map[string]time.Duration{"thinking": userThinks, "restless": 0} {
				for kind, took := range c.look(b, 60, thinks) {
					slices.Sort(took)
					p95 := took[len(took)*95/100]
					b.ReportMetric(micros(p95)/1e3, name+"-"+kind+"-p95-ms")
					fmt.Fprintf(os.Stderr, "%-10s %-9s %-7s %4d pages, median %6.1f ms, 95 %% %6.1f ms\n", e, name, kind, len(took), micros(took[len(took)/2])/1e3, micros(p95)/1e3)
				}
			}
			b.ReportMetric(0, "ns/op")
		}
	})
}

func TestUsersLookAtEveryKindOfScreen(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		c := openCounter(t, e, 1000)
		took := c.look(t, 12, 0)
		for _, kind := range []string{"list", "ticket", "home", "search"} {
			if len(took[kind]) == 0 {
				t.Errorf("nobody looked at a %s", kind)
			}
		}
	})
}
