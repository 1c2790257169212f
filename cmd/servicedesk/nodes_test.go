package main_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// withinASecond is the promise about what an operator changes; the rest is for the scheduler of a busy machine.
const withinASecond = time.Second + 300*time.Millisecond

func TestARevokedKeyIsRefusedByEveryNodeWithinASecond(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		in := desktest.NewInstallation(t, e)
		keys := make([]desktest.Key, rounds(2))
		for i := range keys { // before the nodes start: a key that is news to them is not remembered at once
			keys[i] = in.NewKey(t, fmt.Sprint("partner", i))
		}
		nodes := startNodes(t, in)
		for _, key := range keys {
			accepted := watchRefusal(t, nodes, key.Key)
			in.MustRun(t, "apikey", "revoke", key.ID)
			revoked := time.Now()
			for i, at := range accepted() {
				if late := at.Sub(revoked); late > withinASecond {
					t.Errorf("node %d accepted the key in a request that began %v after it was revoked", i, late)
				}
			}
		}
	})
}

func TestANewKeyWorksAtOnceOnEveryNode(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		in := desktest.NewInstallation(t, e)
		nodes := startNodes(t, in)
		for i := range 3 {
			key := in.NewKey(t, fmt.Sprint("partner", i)).Key
			for _, node := range nodes {
				newCaller(t, node, key).must(t, http.StatusOK, http.MethodGet, base+"/events", "")
			}
		}
	})
}

// startNodes starts as many nodes as the engine allows, up to two.
func startNodes(t *testing.T, in desktest.Installation) []*desktest.Process {
	t.Helper()
	nodes := []*desktest.Process{in.Serve(t)}
	if in.Database != "" {
		nodes = append(nodes, in.Node(t).Serve(t))
	}
	return nodes
}

// watchRefusal asks every node again and again with a key, so that all of them remember it, until they refuse it. It
// tells when the last request began that each of them accepted.
func watchRefusal(t *testing.T, nodes []*desktest.Process, key string) func() []time.Time {
	t.Helper()
	accepted := make([]time.Time, len(nodes))
	var watching sync.WaitGroup
	for i, node := range nodes {
		c := newCaller(t, node, key)
		watching.Go(func() {
			for deadline := time.Now().Add(20 * time.Second); ; {
				began := time.Now()
				if a, err := c.do(http.MethodGet, base+"/events", ""); err != nil || a.Status != http.StatusOK || began.After(deadline) {
					return
				}
				accepted[i] = began
			}
		})
	}
	return func() []time.Time {
		watching.Wait()
		for _, node := range nodes {
			newCaller(t, node, key).must(t, http.StatusUnauthorized, http.MethodGet, base+"/events", "")
		}
		return accepted
	}
}

func TestANodeWithAnotherKeyFileRefusesToStartAndSaysWhatToDo(t *testing.T) {
	t.Parallel()
	in := desktest.NewInstallation(t, desktest.PostgreSQL)
	in.Serve(t)
	stranger := desktest.NewInstallation(t, desktest.SQLite)
	stranger.NewKey(t, "makes a key file of its own")

	second := in.Node(t)
	second.Env = []string{"SERVICEDESK_KEY_FILE=" + filepath.Join(stranger.Folder, "key")}
	ran := second.Run(t, "serve")
	if ran.Status != 1 || !strings.Contains(ran.Stderr, "Copy the key file of the first node here, or name it with SERVICEDESK_KEY_FILE") {
		t.Errorf("a node with another key came to %+v", ran)
	}
	second.Env = nil
	ran = second.Run(t, "serve")
	if ran.Status != 1 || !strings.Contains(ran.Stderr, "the master key file is missing") {
		t.Errorf("a node without the key came to %+v", ran)
	}
}

func TestASecondProgramOnTheSameFolderNamesTheFirst(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		in := desktest.NewInstallation(t, e)
		p := in.Serve(t)
		ran := in.Run(t, "serve")
		if ran.Status != 1 || !strings.Contains(ran.Stderr, fmt.Sprintf("another servicedesk (pid %d) serves the data folder %s already", p.PID(), in.Folder)) {
			t.Errorf("the second program came to %+v", ran)
		}
		p.Kill()
		in.Serve(t).Stop(t) // a folder that was left in a hurry is free
	})
}

func TestTheFeedHasNoGapsWithWritersOnTwoNodes(t *testing.T) {
	t.Parallel()
	const each, writers = 15, 4 // claims of a writer, writers on a node
	in := desktest.NewInstallation(t, desktest.PostgreSQL)
	key := in.NewKey(t, "partner").Key
	callers := []caller{newCaller(t, in.Serve(t), key), newCaller(t, in.Node(t).Serve(t), key)}
	var writing sync.WaitGroup
	for n, c := range callers {
		for w := range writers {
			writing.Go(func() {
				for i := range each {
					id := fmt.Sprintf("%d-%d-%d", n, w, i)
					if a, err := c.do(http.MethodPost, base+"/claims", claim(id)); err != nil || a.Status != http.StatusCreated {
						t.Errorf("claim %s: status %d, %v", id, a.Status, err)
					}
				}
			})
		}
	}
	total := len(callers) * writers * each
	var reading sync.WaitGroup
	for n, c := range callers {
		reading.Go(func() { readFeed(t, n, c, total) })
	}
	writing.Wait()
	reading.Wait()
}

// readFeed follows the feed while it grows, up to a number of events: each has the next cursor and another ticket.
func readFeed(t *testing.T, node int, c caller, total int) {
	seen, last := map[string]bool{}, 0
	after := "0"
	for deadline := time.Now().Add(30 * time.Second); last < total && time.Now().Before(deadline); {
		a, err := c.do(http.MethodGet, base+"/events?limit=7&wait=5&after="+after, "")
		if err != nil || a.Status != http.StatusOK {
			t.Errorf("feed of node %d: status %d, %v", node, a.Status, err)
			return
		}
		page := parseFeed(t, a)
		for _, event := range page.Events {
			last++
			if event.Cursor != strconv.Itoa(last) || event.Event != "TICKET_CREATED" || seen[event.TicketNumber] {
				t.Errorf("feed of node %d: event %+v at place %d", node, event, last)
			}
			seen[event.TicketNumber] = true
		}
		after = page.Cursor
	}
	if len(seen) != total {
		t.Errorf("the feed of node %d told of %d tickets, want %d", node, len(seen), total)
	}
}
