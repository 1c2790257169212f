package soak_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// kind is what a write does.
type kind string

const (
	claim   kind = "claim"   // opens a ticket by POST /claims
	ticket  kind = "ticket"  // opens a ticket with an attachment by POST /tickets
	comment kind = "comment" // PATCH ADD_COMMENT
	file    kind = "file"    // PATCH ADD_ATTACHMENT
	cancel  kind = "cancel"  // PATCH UPDATE_STATUS
)

func (k kind) opens() bool { return k == claim || k == ticket }

// write is one thing that a caller asks for. All that it says is derived from its id, so that what is stored can be
// compared with what was asked, byte for byte, without having kept it.
type write struct {
	ID     string `json:"id"` // its mark in the data, and its request id when it is keyed
	Kind   kind   `json:"kind"`
	Keyed  bool   `json:"keyed"`
	Ticket string `json:"ticket,omitempty"` // number: of a change, what it changes; of what opens a ticket, what the answer said
	Told   bool   `json:"told,omitempty"`   // it was answered with a success, which the client believes
	Batch  string `json:"batch,omitempty"`  // X-Request-Id of the batch that it was sent in; else that is its id
	Hook   string `json:"hook,omitempty"`   // of what opens a ticket: who is told of it
}

func (w write) nominal() int       { return 10_000 + int(crc32.ChecksumIEEE([]byte(w.ID))%900_000) }
func (w write) text() string       { return "What was said in " + w.ID }
func (w write) attachment() string { return w.ID + ".txt" }

// content is the file that the write carries: text of up to 20 kB, different for each write.
func (w write) content() []byte {
	seed := uint64(crc32.ChecksumIEEE([]byte(w.ID)))
	random := rand.New(rand.NewPCG(seed, seed))
	content := []byte(w.text() + "\n")
	for range random.IntN(1000) {
		content = fmt.Appendf(content, "%020d\n", random.Uint64())
	}
	return content
}

// ledger is the client's own book: a file in which each write is noted before it is sent, and each answer before the
// client counts it. It is what a bank would hold against us.
type ledger struct {
	name   string   // begins the ids
	hooks  []string // who is told of the tickets, in turn; empty: nobody
	file   *os.File
	mu     sync.Mutex
	writes map[string]*write
	order  []string
	dirty  []byte // lines that wait for the next sync
	turn   *turn  // who waits for that
}

// turn is one group of lines that reach the disk together.
type turn struct {
	once sync.Once
	err  error
}

func newLedger(t *testing.T, name string) *ledger {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "ledger.jsonl"))
	must(t, err)
	t.Cleanup(func() { must(t, f.Close()) })
	return &ledger{name: name, file: f, writes: map[string]*write{}, turn: &turn{}}
}

// ask notes a write that is about to be sent, and gives it its id.
func (l *ledger) ask(w write) (write, error) {
	l.mu.Lock()
	w.ID = fmt.Sprintf("%s-%05d", l.name, len(l.order))
	if w.Kind.opens() && len(l.hooks) > 0 {
		w.Hook = l.hooks[len(l.order)%len(l.hooks)]
	}
	l.order = append(l.order, w.ID)
	l.writes[w.ID] = &w
	asked := w
	l.mu.Unlock()
	return asked, l.note(asked)
}

// tell notes that a write was answered with a success. It counts when the note is on the disk.
func (l *ledger) tell(w write, ticket string) error {
	w.Ticket, w.Told = ticket, true
	if err := l.note(w); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	*l.writes[w.ID] = w
	return nil
}

// note appends a line and returns when it is on the disk; notes that wait for the disk share the next sync.
func (l *ledger) note(w write) error {
	line, err := json.Marshal(w)
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.dirty = append(append(l.dirty, line...), '\n')
	mine := l.turn
	l.mu.Unlock()
	mine.once.Do(func() {
		l.mu.Lock()
		lines := l.dirty
		l.dirty, l.turn = nil, &turn{}
		l.mu.Unlock()
		if _, mine.err = l.file.Write(lines); mine.err == nil {
			mine.err = l.file.Sync()
		}
	})
	return mine.err
}

// all reads every write from the file, as a client would that was killed too.
func (l *ledger) all(t *testing.T) []write {
	t.Helper()
	text, err := os.ReadFile(l.file.Name())
	must(t, err)
	known, order := map[string]write{}, []string{}
	for line := range bytes.Lines(text) {
		var w write
		must(t, json.Unmarshal(line, &w))
		if _, again := known[w.ID]; !again {
			order = append(order, w.ID)
		}
		known[w.ID] = w
	}
	writes := make([]write, 0, len(order))
	for _, id := range order {
		writes = append(writes, known[id])
	}
	return writes
}

// pending lists keyed writes whose answer never came, in the order in which they were asked.
func (l *ledger) pending() []write {
	l.mu.Lock()
	defer l.mu.Unlock()
	var pending []write
	for _, id := range l.order {
		if w := l.writes[id]; w.Keyed && !w.Told {
			pending = append(pending, *w)
		}
	}
	return pending
}

// told counts the writes that were acknowledged.
func (l *ledger) told() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, w := range l.writes {
		if w.Told {
			n++
		}
	}
	return n
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// markOf finds the id of a write in a text that it said.
func markOf(text string) string {
	_, id, _ := strings.Cut(text, "What was said in ")
	return id
}
