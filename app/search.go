package app

import (
	"context"
	"errors"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store"
)

// indexedAtOnce bounds how many older tickets one transaction makes findable, so that it is short.
const indexedAtOnce = 100

// keepWords keeps the words anew that a ticket is found by, as it and its comments are now.
func keepWords(tx *store.Tx, t *desk.Ticket) error {
	if t.Test() {
		return nil
	}
	comments, err := tx.Comments(t.ID)
	if err == nil {
		tx.KeepWords(t, t.Words(comments))
	}
	return err
}

// Indexed says how far older tickets can be found by their words.
type Indexed struct {
	Percent int  // of those that were there before the index was; 100: the whole
	Worked  bool // some were added; false: all are there, or another node adds them
}

// IndexSome makes a portion of the tickets findable that were made before there was an index of words: after an upgrade or
// a restore. The newest come first. Any number of nodes may do it at once, one of which gets on.
func (a *App) IndexSome(ctx context.Context) (done Indexed, err error) {
	err = a.store.Write(ctx, func(tx *store.Tx) error {
		done = Indexed{}
		made, err := tx.WordsMade(true)
		if errors.Is(err, store.ErrNotFound) {
			made, err = tx.WordsMade(false)
			done.Percent = min(made.Percent(), 99) // the other node's portion is not there yet
			return err
		}
		if err == nil && !made.Whole() {
			done.Worked = true
			made, err = a.index(tx, made)
		}
		done.Percent = made.Percent()
		return err
	})
	return done, err
}

// index makes the next tickets findable and says how far all are.
func (a *App) index(tx *store.Tx, made store.WordsMade) (store.WordsMade, error) {
	tickets, err := tx.TicketsUpTo(made.Next, indexedAtOnce)
	if err != nil {
		return made, err
	}
	comments, err := tx.CommentsOf(tickets)
	if err != nil {
		return made, err
	}
	for _, t := range tickets {
		tx.KeepNewWords(t, t.Words(comments[t.ID]))
		if atm := desk.ByATM.Normalize(t.ATM()); atm != "" {
			tx.AddLookup(t.ID, a.Lookup(desk.ByATM, atm))
		}
	}
	made.Next = 0
	if len(tickets) == indexedAtOnce {
		made.Next = tickets[len(tickets)-1].Number - 1
	}
	tx.KeepWordsMade(made)
	return made, nil
}
