package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/mask"
	"banksulutgo.co.id/servicedesk/store"
)

// Once says how a write is known again when it is sent a second time (API document, Idempotency). The zero Once asks
// for nothing.
type Once[T any] struct {
	ID        string                  // what the partner calls this request; empty: not to be known again
	Operation string                  // what is asked, with the ticket it is asked of
	Content   map[string]string       // path -> canonical text of everything that was asked
	Word      func(T) (Answer, error) // words the answer, which is kept with the change; called inside the transaction
}

// Answer is an answer as the door gives it.
type Answer struct {
	Status int // HTTP
	Body   []byte
}

// Replay is how a verb says that the very same request was answered before: Answer is what was said then. It is an
// error so that no verb can go on after it.
type Replay struct {
	Answer Answer
	Ticket int64 // number of the ticket that it was about; 0: none
}

// Error says what a Replay is.
func (r *Replay) Error() string { return "the request was answered before" }

// maxKeptPaths bounds how many paths of a request are kept apart; of a larger one only the whole is compared.
const maxKeptPaths = 400

// content condenses what was asked: a keyed digest of the whole, then one of each path, so that a later request under
// the same id can be told apart and the differences named, without keeping what was said.
func (a *App) content(asked map[string]string) string {
	paths := make([]string, 0, len(asked))
	for path := range asked {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	lines := make([]string, 0, len(paths)+1)
	whole := make([]string, 0, 2*len(paths))
	for _, path := range paths {
		shown, _ := mask.Cards(strings.ReplaceAll(path, "\n", `\n`))
		digest := a.keyring.Digest(path, asked[path])
		whole = append(whole, path, digest)
		lines = append(lines, shown+"="+digest[:12])
	}
	if len(lines) > maxKeptPaths {
		lines = nil
	}
	return strings.Join(append([]string{a.keyring.Digest(whole...)}, lines...), "\n")
}

// keeper makes the row under which a request is known again. Everything but the answer is made before the transaction.
type keeper[T any] struct {
	app     *App
	once    Once[T]
	request store.Request
}

// keep prepares to know a request again.
func keep[T any](a *App, actor desk.Actor, once Once[T], at time.Time) *keeper[T] {
	k := &keeper[T]{app: a, once: once}
	if once.ID != "" {
		k.request = store.Request{PartnerID: actor.PartnerID, ID: once.ID, Operation: once.Operation, Content: a.content(once.Content), CreatedAt: at}
	}
	return k
}

// seal words and seals the answer about a ticket (0: about none).
func (k *keeper[T]) seal(result T, ticket int64) error {
	if k.once.ID == "" {
		return nil
	}
	answer, err := k.once.Word(result)
	if err != nil {
		return err
	}
	k.request.Status, k.request.TicketNumber = answer.Status, ticket
	k.request.Answer = k.app.keyring.Seal(answer.Body, "request", "answer", requestRow(k.request.PartnerID, k.request.ID))
	return nil
}

// store keeps the sealed answer in the transaction of the change.
func (k *keeper[T]) store(tx *store.Tx) {
	if k.once.ID != "" {
		tx.KeepRequest(k.request)
	}
}

// check ends the transaction with ErrRequestTaken when the request was answered before.
func (k *keeper[T]) check(tx *store.Tx) error {
	if k.once.ID == "" {
		return nil
	}
	switch _, err := tx.Request(k.request.PartnerID, k.request.ID); {
	case err == nil:
		return store.ErrRequestTaken
	case errors.Is(err, store.ErrNotFound):
		return nil
	default:
		return err
	}
}

// write does a change in one transaction and keeps its answer with it, unless the request was answered before. That is
// looked for first: after a change there may be nothing to find any more. It is looked for again when the change is
// refused: by then the same request may have done it, for whose end this one waited. do may run twice.
func (k *keeper[T]) write(ctx context.Context, do func(*store.Tx) (T, error)) (result T, err error) {
	err = k.app.store.Write(ctx, func(tx *store.Tx) error {
		if err := k.check(tx); err != nil {
			return err
		}
		made, err := do(tx)
		if err != nil {
			if taken := k.check(tx); errors.Is(taken, store.ErrRequestTaken) {
				return taken
			}
			return err
		}
		if err := k.seal(made, 0); err != nil {
			return err
		}
		k.store(tx)
		result = made
		return nil
	})
	return result, k.outcome(ctx, err)
}

// outcome turns what the transaction ended with into what the caller is told: a request that was answered before
// becomes a Replay, or an Error of code RequestReused when it asked for something else.
func (k *keeper[T]) outcome(ctx context.Context, err error) error {
	if !errors.Is(err, store.ErrRequestTaken) {
		return told(err)
	}
	kept, err := k.app.request(ctx, k.request.PartnerID, k.request.ID)
	if err != nil {
		return err
	}
	if kept.Operation != k.request.Operation || kept.Content != k.request.Content {
		return &desk.Error{Code: desk.RequestReused, Text: desk.RequestIDReused, Fields: differences(kept, k.request)}
	}
	body, err := k.app.answer(kept)
	if err != nil {
		return err
	}
	return &Replay{Answer: Answer{Status: kept.Status, Body: body}, Ticket: kept.TicketNumber}
}

// request reads a kept request.
func (a *App) request(ctx context.Context, partner, id string) (kept store.Request, err error) {
	err = a.store.Read(ctx, func(tx *store.Tx) (err error) {
		kept, err = tx.Request(partner, id)
		return err
	})
	return kept, err
}

// answer opens the sealed answer of a kept request.
func (a *App) answer(kept store.Request) ([]byte, error) {
	body, err := a.keyring.Open(kept.Answer, "request", "answer", requestRow(kept.PartnerID, kept.ID))
	if err != nil {
		return nil, fmt.Errorf("the kept answer of request %q cannot be opened: %w", kept.ID, err)
	}
	return body, nil
}

func requestRow(partner, id string) string { return partner + "/" + id }

// differences names what differs between a kept request and another one under its id.
func differences(kept, asked store.Request) desk.Faults {
	var faults desk.Faults
	if kept.Operation != asked.Operation {
		faults.Add("operation", desk.DiffersFromFirst)
	}
	before, after := pathDigests(kept.Content), pathDigests(asked.Content)
	if before == nil || after == nil { // of one of them only the whole is known
		if kept.Content != asked.Content {
			faults.Add("body", desk.DiffersFromFirst)
		}
		return faults
	}
	var paths []string
	for path, digest := range after {
		if before[path] != digest {
			paths = append(paths, path)
		}
	}
	for path := range before {
		if _, still := after[path]; !still {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	for _, path := range paths {
		faults.Add(path, desk.DiffersFromFirst)
	}
	if len(faults) == 0 {
		faults.Add("body", desk.DiffersFromFirst)
	}
	return faults
}

// pathDigests reads the lines of a condensed content; nil when it has none.
func pathDigests(content string) map[string]string {
	_, lines, found := strings.Cut(content, "\n")
	if !found {
		return nil
	}
	digests := map[string]string{}
	for line := range strings.SplitSeq(lines, "\n") {
		if i := strings.LastIndexByte(line, '='); i > 0 {
			digests[line[:i]] = line[i+1:]
		}
	}
	return digests
}

// told words errors of the store that a caller can do something about.
func told(err error) error {
	switch {
	case errors.Is(err, store.ErrChanged):
		return &desk.Error{Code: desk.Stale, Text: desk.ChangedElsewhere, Err: err}
	case errors.Is(err, store.ErrCondemned): // over in a moment
		return &desk.Error{Code: desk.Unavailable, Text: desk.TryLater, Args: []string{"5"}, RetryAfter: 5 * time.Second, Err: err}
	}
	return err
}
