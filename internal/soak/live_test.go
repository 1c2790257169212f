package soak_test

import (
	"bufio"
	"context"
	"fmt"
	"html"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/internal/desktest/browser"
	arrivals "banksulutgo.co.id/servicedesk/load"
)

// Who looks at lists: agents of the group whose queue claims join, each with many pages.
const (
	agentPassword = "correct horse battery"
	agentGroup    = "TRANSACTION_CLAIMS_SUPPORT"
	pagesOfAgent  = 25
	pageReads     = 500 * time.Millisecond // at least between two readings of a page, as its script does
)

// lists are what agents look at.
var lists = []string{"/tickets", "/tickets?assignee=none&status=active&order=due", "/tickets?status=CANCELLED", "/tickets?status=active&any.priority=HIGH&any.sla=breached"}

// watcher is a page that shows a list and follows what happens, without a browser. It reads its list when it is told to, and
// only then: also when its connection was cut it trusts that it will be told.
type watcher struct {
	client *http.Client
	nodes  []string // URLs; each connection is to one of them, as behind a load balancer
	path   string
	calm   *atomic.Bool // connections are not cut any more
	told   chan struct{}

	mu      sync.Mutex
	shown   string
	place   string // up to which it was told
	reads   int
	cuts    int
	refused error
}

var (
	aRow     = regexp.MustCompile(`(?s)<li class="row[^"]*" id="t(\d+)".*?<div class="who">(.*?)</div>.*?<div class="state">(.*?)</div>`)
	aTag     = regexp.MustCompile(`<[^>]*>`)
	aPlace   = regexp.MustCompile(`data-cursor="(\d+)"`)
	browsers = `[...document.querySelectorAll(".row")].map(r => [r.id.slice(1), r.querySelector(".who").textContent, r.querySelector(".state").textContent].join("|").replace(/\s+/g, " ")).join("\n")`
)

// rows are what a list shows, by the columns that change.
func rows(page string) string {
	var all []string
	for _, row := range aRow.FindAllStringSubmatch(page, -1) {
		who, state := html.UnescapeString(aTag.ReplaceAllString(row[2], "")), html.UnescapeString(aTag.ReplaceAllString(row[3], ""))
		all = append(all, regexp.MustCompile(`\s+`).ReplaceAllString(row[1]+"|"+who+"|"+state, " "))
	}
	return strings.Join(all, "\n")
}

// read reads the list, and where the desk was at that moment.
func (w *watcher) read(ctx context.Context, node string) (shown, place string, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, node+w.path, nil)
	if err != nil {
		return "", "", err
	}
	answer, err := w.client.Do(r)
	if err != nil {
		return "", "", err
	}
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	if err != nil {
		return "", "", err
	}
	found := aPlace.FindSubmatch(page)
	if answer.StatusCode != http.StatusOK || found == nil {
		return "", "", fmt.Errorf("%s is answered with %d: %.200s", w.path, answer.StatusCode, page)
	}
	return rows(string(page)), string(found[1]), nil
}

// open shows the list.
func (w *watcher) open(ctx context.Context) (err error) {
	w.shown, w.place, err = w.read(ctx, w.nodes[rand.IntN(len(w.nodes))])
	return err
}

// watch follows until ctx ends: connections last some seconds, and then nobody is connected for a while.
func (w *watcher) watch(ctx context.Context, connected func()) {
	var running sync.WaitGroup
	running.Go(func() { w.readWhenTold(ctx) })
	once := sync.OnceFunc(connected)
	for ctx.Err() == nil {
		if err := w.connect(ctx, w.nodes[rand.IntN(len(w.nodes))], once); err != nil && ctx.Err() == nil {
			w.mu.Lock()
			w.refused = err
			w.mu.Unlock()
		}
		after(ctx, time.Duration(rand.Int64N(int64(2*time.Second))))
	}
	running.Wait()
}

// after lets time pass, unless ctx ends.
func after(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// connect follows until the connection is cut.
func (w *watcher) connect(ctx context.Context, node string, connected func()) error {
	ctx, cut := context.WithCancel(ctx)
	defer cut()
	defer time.AfterFunc(2*time.Second+time.Duration(rand.Int64N(int64(8*time.Second))), func() {
		if !w.calm.Load() {
			cut()
		}
	}).Stop()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, node+"/live?about=list", nil)
	if err != nil {
		return err
	}
	w.mu.Lock()
	r.Header.Set("Last-Event-ID", w.place)
	w.cuts++
	w.mu.Unlock()
	answer, err := w.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the stream is answered with %d", answer.StatusCode)
	}
	connected()
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		if place, ok := strings.CutPrefix(lines.Text(), "id: "); ok {
			w.mu.Lock()
			w.place = place
			w.mu.Unlock()
		}
		if strings.HasPrefix(lines.Text(), "data: ") {
			select {
			case w.told <- struct{}{}:
			default: // it is about to read anyway
			}
		}
	}
	if ctx.Err() == nil {
		return fmt.Errorf("the stream ended: %w", lines.Err())
	}
	return nil
}

// readWhenTold reads the list whenever the page was told something, as often as its script does.
func (w *watcher) readWhenTold(ctx context.Context) {
	for {
		select {
		case <-w.told:
		case <-ctx.Done():
			return
		}
		for {
			shown, _, err := w.read(ctx, w.nodes[rand.IntN(len(w.nodes))])
			w.mu.Lock()
			if err == nil {
				w.shown = shown
				w.reads++
			} else if ctx.Err() == nil {
				w.refused = err
			}
			w.mu.Unlock()
			after(ctx, pageReads)
			if err == nil || ctx.Err() != nil {
				break
			}
		}
	}
}

func (w *watcher) shows() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.shown
}

// agent makes an agent, and returns the browser in which he or she signed in.
func (d *desk) agent(t *testing.T, p *desktest.Process, email string) *http.Client {
	t.Helper()
	d.NewUser(t, email, agentPassword, "--role", "agent", "--groups", agentGroup)
	jar, err := cookiejar.New(nil)
	must(t, err)
	client := &http.Client{Jar: jar, Transport: &http.Transport{MaxIdleConnsPerHost: 4}}
	answer, err := client.PostForm(p.URL+"/sign-in", url.Values{"email": {email}, "password": {agentPassword}})
	must(t, err)
	must(t, answer.Body.Close())
	if answer.StatusCode != http.StatusOK || answer.Request.URL.Path != "/" {
		t.Fatalf("signing in answers %d at %s", answer.StatusCode, answer.Request.URL)
	}
	return client
}

// arrive lets so many writes a second arrive, one half at each node: claims, of which each fifth is cancelled half a second later.
// It returns how many were acknowledged, and in which time.
func (d *desk) arrive(t *testing.T, seconds, perSecond int, nodes ...*desktest.Process) (writes int, took time.Duration) {
	t.Helper()
	results := make([]arrivals.Result, len(nodes))
	var asking sync.WaitGroup
	for i, node := range nodes {
		name, later := fmt.Sprintf("live-%d-%d", i, rand.Int64()), perSecond/2
		source := func(n int) arrivals.Request {
			if n%6 == 5 && n > later {
				return arrivals.Request{Method: http.MethodPatch, Path: fmt.Sprintf("/api/omnichannel/tickets/%s-%d", name, (n-later)/6*6), Body: []byte(`{"action":"UPDATE_STATUS","status":"CANCELLED"}`)}
			}
			return arrivals.Request{Method: http.MethodPost, Path: "/api/omnichannel/claims", Body: fmt.Appendf(nil, `{"namaNasabah":"Budi","mediaTransaksi":"QRIS","nominal":50000,"channelReferenceId":"%s-%d"}`, name, n)}
		}
		asking.Go(func() {
			var err error
			results[i], err = arrivals.Run(t.Context(), arrivals.Options{URL: node.URL, Key: d.key, Callers: 32, PerSecond: float64(perSecond) / float64(len(nodes)), Requests: seconds * perSecond / len(nodes)}, source)
			if err != nil || results[i].Failed > 0 {
				t.Errorf("node %d: %v\n%s", i, err, results[i])
			}
		})
	}
	asking.Wait()
	for _, r := range results {
		writes, took = writes+r.Requests-r.Failed, max(took, r.Took)
	}
	return writes, took
}

// look lets a browser show a list at a node.
func look(t *testing.T, tab *browser.Tab, email string) {
	t.Helper()
	tab.Show(t, "/sign-in", browser.Wide, "light")
	tab.Do(t, chromedp.SendKeys("#email", email), chromedp.SendKeys("#password", agentPassword), chromedp.Click(".form button.primary"))
	desktest.Await(t, time.Minute, "the browser is signed in", func() bool {
		at, err := chromedp.Run(tab.Context(), chromedp.Evaluate[string](`location.pathname`))
		return err == nil && at == "/"
	})
	tab.Show(t, "/tickets", browser.Wide, "light")
}

// Whoever looks at a list sees the truth in the end, whatever happened to the connection.
func TestEveryLivePageEndsWithTheRightList(t *testing.T) {
	t.Parallel()
	d := newDesk(t, desktest.NewInstallation(t, desktest.PostgreSQL))
	nodes := []*desktest.Process{d.Serve(t), d.Node(t).Serve(t)}
	pages, perSecond, seconds := size(20, 200), size(25, 100), size(4, 60)
	d.arrive(t, size(2, 20), perSecond, nodes...) // what nodes that work take without pages
	var calm atomic.Bool
	var watchers []*watcher
	for i := range pages {
		w := &watcher{nodes: []string{nodes[0].URL, nodes[1].URL}, path: lists[i%len(lists)], calm: &calm, told: make(chan struct{}, 1)}
		if i%pagesOfAgent == 0 {
			w.client = d.agent(t, nodes[0], fmt.Sprintf("agent%d@bank.example", i/pagesOfAgent))
		} else {
			w.client = watchers[i-1].client
		}
		must(t, w.open(t.Context()))
		watchers = append(watchers, w)
	}
	first := browser.Open(t, nodes[0].URL)
	second := first.Beside(t, nodes[1].URL)
	look(t, first, "agent0@bank.example")
	look(t, second, "agent0@bank.example")

	ctx, leave := context.WithCancel(t.Context())
	var watching, connected sync.WaitGroup
	connected.Add(pages)
	for _, w := range watchers {
		watching.Go(func() { w.watch(ctx, connected.Done) })
	}
	connected.Wait()
	alone := resident(t, nodes)
	writes, took := d.arrive(t, seconds, perSecond, nodes...)
	calm.Store(true)
	ended := time.Now()
	d.endWithTruth(t, watchers, first, second)
	behind := time.Since(ended)
	peak := resident(t, nodes)
	leave()
	watching.Wait()

	reads, cuts := 0, 0
	for _, w := range watchers {
		reads, cuts = reads+w.reads, cuts+w.cuts-1
		if w.refused != nil {
			t.Errorf("a page was refused: %v", w.refused)
		}
	}
	t.Logf("%d pages and two browsers at two nodes: %d writes in %v, lists read %d times, connections cut %d times; all show the truth %v after the last write; both nodes had %d MB before and %d MB at the end",
		pages, writes, took.Round(100*time.Millisecond), reads, cuts, behind.Round(time.Millisecond), alone>>20, peak>>20)
	if want := seconds * perSecond; writes < want || cuts == 0 && inFull() {
		t.Errorf("%d writes, at least %d were to be acknowledged, and %d cuts", writes, want, cuts)
	}
	if said := slices.Concat(first.Heard(), second.Heard()); len(said) > 0 {
		t.Errorf("the browsers say %q", said)
	}
}

// resident is what the nodes have in memory, in bytes.
func resident(t *testing.T, nodes []*desktest.Process) (bytes int64) {
	t.Helper()
	for _, p := range nodes {
		bytes += p.Memory(t, "VmRSS")
	}
	return bytes
}

// endWithTruth waits until every page shows what the list is, for who reads it now.
func (d *desk) endWithTruth(t *testing.T, watchers []*watcher, tabs ...*browser.Tab) {
	t.Helper()
	truth := map[string]string{}
	for _, w := range watchers[:min(len(lists), len(watchers))] {
		shown, _, err := w.read(t.Context(), w.nodes[0])
		must(t, err)
		truth[w.path] = shown
	}
	if strings.Count(truth[lists[0]], "\n") < 20 {
		t.Fatalf("the list shows too little to prove anything:\n%s", truth[lists[0]])
	}
	wrong := ""
	defer func() {
		if t.Failed() {
			t.Log(wrong)
		}
	}()
	desktest.Await(t, time.Minute, "every page shows the truth", func() bool {
		for i, w := range watchers {
			if got := w.shows(); got != truth[w.path] {
				wrong = fmt.Sprintf("page %d, %s, shows\n%s\nand not\n%s", i, w.path, got, truth[w.path])
				return false
			}
		}
		for i, tab := range tabs {
			if got, err := chromedp.Run(tab.Context(), chromedp.Evaluate[string](browsers)); err != nil || got != truth[lists[0]] {
				wrong = fmt.Sprintf("browser %d shows (%v)\n%s\nand not\n%s", i, err, got, truth[lists[0]])
				return false
			}
		}
		return true
	})
}
