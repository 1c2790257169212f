package console

import (
	"context"
	"log/slog"
	"sort"
	"sync"
	"time"

	"banksulutgo.co.id/servicedesk/live"
	"banksulutgo.co.id/servicedesk/staff"
)

// How the feed reads what happened.
const (
	newsAtOnce = 200
	newsKept   = 4096        // pieces of news, for pages that come back after their connection was cut
	feedAgain  = time.Second // after a failure
)

// feed reads what happens to tickets once for all live pages of this node, and wakes them. While there is no such page it
// reads nothing: partners' requests pay for nobody's eyes.
type feed struct {
	staff *staff.Staff
	woken *live.Hub // by those who number events
	log   *slog.Logger
	hub   live.Hub     // wakes the pages
	pages live.Streams // that are open, by person
	came  live.Hub     // published when one more is

	mu     sync.Mutex
	reads  bool         // a page is open: what follows is up to date
	recent []staff.News // the newest, in order
	first  int64        // everything after it is in recent
	end    int64        // up to which was read
}

func newFeed(s *staff.Staff, woken *live.Hub, log *slog.Logger) *feed {
	return &feed{staff: s, woken: woken, log: log}
}

// Run reads what happens, for live pages, until ctx ends.
func (s *Server) Run(ctx context.Context) { s.feed.run(ctx) }

// run reads until ctx ends.
func (f *feed) run(ctx context.Context) {
	for ctx.Err() == nil {
		next, came := f.woken.Next(), f.came.Next()
		if f.pages.Open() == 0 {
			f.rest()
			next = nil
		} else if more, err := f.catchUp(ctx); err != nil && ctx.Err() == nil {
			f.log.Warn("the console cannot read what happens, trying again", "error", err)
			pause(ctx, feedAgain)
			continue
		} else if more {
			continue
		}
		select {
		case <-next:
		case <-came:
		case <-ctx.Done():
		}
	}
}

// rest notes that nothing is read from now on.
func (f *feed) rest() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reads = false
}

// catchUp reads on, or, after a rest, begins anew at the end of what happened: pages that were read before are told to read
// everything again. It reports whether there may be more.
func (f *feed) catchUp(ctx context.Context) (more bool, err error) {
	if f.reads { // written by this goroutine only
		return f.read(ctx)
	}
	end, err := f.staff.NewsEnd(ctx)
	if err != nil {
		return false, err
	}
	f.mu.Lock()
	f.reads, f.recent, f.first, f.end = true, nil, end, end
	f.mu.Unlock()
	f.hub.Publish()
	return true, nil
}

// enter counts one more page of a person, unless there are too many, and lets the feed read for it.
func (f *feed) enter(person string) bool {
	if !f.pages.Enter(person, liveMost) {
		return false
	}
	f.came.Publish()
	return true
}

// pause waits, unless ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// read reads on, and reports whether there may be more.
func (f *feed) read(ctx context.Context) (more bool, err error) {
	news, end, err := f.staff.News(ctx, f.head(), newsAtOnce)
	if err != nil || end == f.head() {
		return false, err
	}
	f.mu.Lock()
	f.recent = append(f.recent, news...)
	if over := len(f.recent) - newsKept; over > 0 {
		f.first = f.recent[over-1].Number
		f.recent = append(f.recent[:0:0], f.recent[over:]...)
	}
	f.end = end
	f.mu.Unlock()
	f.hub.Publish()
	return len(news) == newsAtOnce, nil
}

// place is up to where a page is that is about to be read: who asks for it before reading the database reads at least that
// much. While no page follows, the feed does not know, and the database is asked.
func (f *feed) place(ctx context.Context) int64 {
	if f.pages.Open() == 0 {
		if end, err := f.staff.NewsEnd(ctx); err == nil {
			return end
		}
	}
	return f.head()
}

// head is the place up to which this node knows what happened.
func (f *feed) head() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.end
}

// after is what happened after a place, and the place up to which that is; whole is false when not all of it is kept. Before
// the feed has begun to read nothing is known to have happened.
func (f *feed) after(place int64) (news []staff.News, end int64, whole bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.reads {
		return nil, place, true
	}
	i := sort.Search(len(f.recent), func(i int) bool { return f.recent[i].Number > place })
	return f.recent[i:], f.end, place >= f.first
}
