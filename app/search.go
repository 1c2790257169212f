package app

import (
	"context"
	"slices"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store"
)

// indexedAtOnce bounds how many tickets one transaction makes findable: on SQLite nobody else writes meanwhile.
const indexedAtOnce = 500

// Indexed says what came of an attempt to make tickets findable by their words.
type Indexed struct {
	Percent   int  // of a hundred tickets that were there before the index was, how many are in it
	Worked    bool // some were made findable
	More      bool // and others are left
	Elsewhere bool // another node made them findable at the same time
}

// IndexSome makes the next tickets findable by their words as they are now: those of which something was told since, in the
// installation's order of events, and else a portion of those that were there before the index was, the newest first: after an
// upgrade or a restore. Any number of nodes may do it at once, one of which gets on.
func (a *App) IndexSome(ctx context.Context) (Indexed, error) {
	var p portion
	err := a.store.Read(ctx, func(tx *store.Tx) (err error) {
		p, err = nextPortion(tx)
		return err
	})
	if err != nil || p.from == p.to {
		return Indexed{Percent: p.from.Percent()}, err
	}
	worked, err := a.store.KeepWords(ctx, p.from, p.to, a.worded(p))
	if !worked {
		return Indexed{Percent: p.from.Percent(), Elsewhere: err == nil}, err
	}
	return Indexed{Percent: p.to.Percent(), Worked: true, More: p.more}, nil
}

// portion are tickets that are made findable at once.
type portion struct {
	from, to store.WordsMade
	more     bool                      // and something is left
	told     []*desk.Ticket            // the order of events tells of these
	older    []*desk.Ticket            // and these were there before the index was
	comments map[string][]desk.Comment // by ticket
}

// nextPortion reads what comes next, all of one moment: what happens after it is told after it, and comes then.
func nextPortion(tx *store.Tx) (p portion, err error) {
	if p.from, err = tx.WordsMade(); err != nil {
		return p, err
	}
	p.to = p.from
	p.to.Begun = true
	room, err := p.addTold(tx)
	if err == nil && room > 0 && !p.to.Whole() {
		err = p.addOlder(tx, room)
	}
	if err != nil {
		return p, err
	}
	p.more = room == 0 || !p.to.Whole()
	var commented []*desk.Ticket
	for _, t := range slices.Concat(p.told, p.older) {
		if t.Events > 1 { // else nothing happened but its creation
			commented = append(commented, t)
		}
	}
	p.comments, err = tx.CommentsOf(commented)
	return p, err
}

// addTold adds the tickets that the order of events tells of, and says how many more there is room for.
func (p *portion) addTold(tx *store.Tx) (room int, err error) {
	news, err := tx.NewsAfter(p.from.Event, indexedAtOnce)
	if err != nil || len(news) == 0 {
		return indexedAtOnce, err
	}
	var ids []string
	seen := map[string]bool{}
	for _, n := range news {
		if n.Type.Words() && !seen[n.TicketID] {
			seen[n.TicketID] = true
			ids = append(ids, n.TicketID)
		}
	}
	p.to.Event = news[len(news)-1].Number
	p.told, err = tx.SearchedTickets(ids)
	return indexedAtOnce - len(news), err
}

// addOlder adds tickets that were there before the index was.
func (p *portion) addOlder(tx *store.Tx, room int) (err error) {
	p.older, err = tx.SearchedUpTo(p.from.Next, room)
	p.to.Next = 0
	if len(p.older) == room {
		p.to.Next = p.older[room-1].Number - 1
	}
	return err
}

// worded finds out by which words the tickets are found, and by which machine those that older programs made: new ones are
// from the beginning.
func (a *App) worded(p portion) []store.Worded {
	all := make([]store.Worded, 0, len(p.told)+len(p.older))
	for _, t := range p.told {
		all = append(all, store.Worded{Ticket: t, Words: t.Words(p.comments[t.ID])})
	}
	for _, t := range p.older {
		w := store.Worded{Ticket: t, Words: t.Words(p.comments[t.ID])}
		if atm := desk.ByATM.Normalize(t.ATM()); atm != "" {
			w.Lookups = []desk.Lookup{a.Lookup(desk.ByATM, atm)}
		}
		all = append(all, w)
	}
	return all
}
