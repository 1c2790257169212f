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

// feed reads what happens to tickets once for all live pages of this node, and wakes them.
type feed struct {
	staff *staff.Staff
	woken *live.Hub // by those who number events
	log   *slog.Logger
	hub   live.Hub // wakes the pages

	mu     sync.Mutex
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
	end, err := f.staff.NewsEnd(ctx)
	for err != nil && ctx.Err() == nil {
		f.log.Warn("the console cannot read what happens, trying again", "error", err)
		pause(ctx, feedAgain)
		end, err = f.staff.NewsEnd(ctx)
	}
	f.mu.Lock()
	f.first, f.end = end, end
	f.mu.Unlock()
	for ctx.Err() == nil {
		next := f.woken.Next()
		more, err := f.read(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			f.log.Warn("the console cannot read what happens, trying again", "error", err)
			pause(ctx, feedAgain)
		case !more:
			select {
			case <-next:
			case <-ctx.Done():
			}
		}
	}
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

// head is the place up to which this node knows what happened. Who asks for it before reading the database reads at least
// that much.
func (f *feed) head() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.end
}

// after is what happened after a place, and the place up to which that is; whole is false when not all of it is kept.
func (f *feed) after(place int64) (news []staff.News, end int64, whole bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := sort.Search(len(f.recent), func(i int) bool { return f.recent[i].Number > place })
	return f.recent[i:], f.end, place >= f.first
}
