package staff

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store"
)

// Bounds of a search.
const (
	longestQuery = 200 // letters; what is beyond is not looked for
	mostFound    = 100 // tickets of a page
)

// Why a ticket was found, in the order in which that is told when there is more than one reason. Those between are the
// kinds of desk.Lookup.
const (
	WhyNumber    = "number"
	WhyReference = "reference"
	WhyText      = "text"
)

// Hit is a ticket that was found.
type Hit struct {
	Ticket  *desk.Ticket // the customer's identifiers are not in it
	Why     string       // WhyNumber, WhyReference, a desk.LookupKind, WhyText
	Excerpt []desk.Piece // where its text has the words, or how the text begins
}

// Found is a page of what a search found.
type Found struct {
	Hits     []Hit         // what the query names above, else the newest ticket first
	More     bool          // there are more, or there may be: so much was looked at that the rest waits for the next page
	Before   int64         // where the next page begins
	Building int           // of a hundred older tickets, how many can be found by their words; 100: all
	Behind   time.Duration // for how long something new waits already to be found by its words; 0: nothing does
}

// Search finds the tickets in the actor's sight whose number, channel reference or personal identifier the query is, or
// whose texts and comments have words that begin with all words of the query: those with a lower number than before, or
// with 0 the newest. It returns an Error of code Forbidden for those who may not read, and of code Invalid for a query
// that says too little. What was found is audited, the query is not: it may be personal.
func (s *Staff) Search(ctx context.Context, actor desk.Actor, query string, before int64, limit int) (Found, error) {
	if err := app.Authorize(actor, desk.MayRead); err != nil {
		return Found{}, err
	}
	if before <= 0 || before > desk.FirstTestNumber {
		before = desk.FirstTestNumber
	}
	limit = max(1, min(limit, mostFound))
	query = cleanQuery(query)
	looks := s.looks(actor.Sight(), query)
	if len(looks) == 0 {
		return Found{}, desk.Fail(desk.Invalid, desk.SearchTooShort)
	}
	var found Found
	err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
		if found, err = search(tx, actor.Sight(), looks, before, limit); err != nil {
			return err
		}
		if err = found.excerpts(tx, desk.Queried(query)); err != nil {
			return err
		}
		return found.gaps(tx, s.store.Now())
	})
	if err == nil {
		err = s.app.NoteRead(actor, "ticket.search", "", found.told())
	}
	if err != nil {
		return Found{}, err
	}
	return found, nil
}

// gaps notes what cannot be found by its words yet.
func (f *Found) gaps(tx *store.Tx, now time.Time) error {
	made, err := tx.WordsMade()
	if err != nil {
		return err
	}
	f.Building = made.Percent()
	since, err := tx.WordsSince(made)
	if !since.IsZero() {
		f.Behind = max(1, now.Sub(since))
	}
	return err
}

// cleanQuery makes a text fit to be looked for.
func cleanQuery(query string) string {
	query = strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(query, " "), "\x00", " "))
	if utf8.RuneCountInString(query) > longestQuery {
		query = string([]rune(query)[:longestQuery])
	}
	return query
}

// look is a way to look for tickets: it lists numbers below one, the highest first, and below which number it did not
// look; 0: nothing is left.
type look struct {
	why string
	at  func(tx *store.Tx, below int64, limit int) (numbers []int64, next int64, err error)
}

// looks are the ways to look for what a query may mean.
func (s *Staff) looks(sight desk.Sight, query string) (looks []look) {
	if utf8.RuneCountInString(query) < desk.MinWord && !allDigits(query) {
		return nil
	}
	if n, err := strconv.ParseInt(strings.TrimPrefix(query, "#"), 10, 64); err == nil && n > 0 {
		looks = append(looks, look{WhyNumber, func(_ *store.Tx, below int64, _ int) ([]int64, int64, error) {
			if n < below {
				return []int64{n}, 0, nil
			}
			return nil, 0, nil
		}})
	}
	looks = append(looks, lookup(WhyReference, desk.Lookup{Hash: query}))
	for _, kind := range desk.LookupKinds {
		if value := kind.Normalize(query); value != "" && may(kind, query) {
			looks = append(looks, lookup(string(kind), s.app.Lookup(kind, value)))
		}
	}
	if words := desk.Queried(query); len(words) > 0 {
		looks = append(looks, look{WhyText, func(tx *store.Tx, below int64, limit int) ([]int64, int64, error) {
			return tx.FindWords(sight, words, below, limit)
		}})
	}
	return looks
}

func lookup(why string, l desk.Lookup) look {
	return look{why, func(tx *store.Tx, below int64, limit int) ([]int64, int64, error) {
		numbers, err := tx.Below(l, below, limit)
		if len(numbers) < limit {
			return numbers, 0, err
		}
		return numbers, numbers[limit-1], err
	}}
}

// may reports whether a text can be meant as an identifier of a kind: normalised, a sentence with a number in it would be
// one too.
func may(kind desk.LookupKind, text string) bool {
	switch kind {
	case desk.ByEmail:
		return strings.Contains(text, "@")
	case desk.ByPhone:
		var faults desk.Faults
		desk.CheckPhone(&faults, "", text)
		return len(faults) == 0
	case desk.ByAccount:
		return allDigits(strings.NewReplacer(" ", "", "-", "", ".", "").Replace(text))
	}
	return true
}

func allDigits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// search looks in every way and puts together what was found, down to where all ways came. What names a ticket stands
// above on the first page, unless it names too many, so that nothing that words find on the way hides it.
func search(tx *store.Tx, sight desk.Sight, looks []look, before int64, limit int) (f Found, err error) {
	named, floor := map[int64]bool{}, int64(0)
	var flow []Hit
	for _, l := range looks {
		from := before
		if l.why != WhyText {
			from = desk.FirstTestNumber
		}
		tickets, next, err := l.seen(tx, sight, from, limit+1)
		if err != nil {
			return Found{}, err
		}
		if l.why != WhyText && next == 0 && len(named)+len(tickets) <= limit {
			for _, h := range l.hits(tickets, named) {
				f.Hits, named[h.Ticket.Number] = append(f.Hits, h), true
			}
			continue
		}
		if from > before {
			if tickets, next, err = l.seen(tx, sight, before, limit+1); err != nil {
				return Found{}, err
			}
		}
		flow, floor = append(flow, l.hits(tickets, named)...), max(floor, next)
	}
	if before < desk.FirstTestNumber {
		f.Hits = nil // they were on the first page
	}
	slices.SortFunc(f.Hits, newerHit)
	f.follow(flow, floor, before, limit-len(f.Hits))
	return f, nil
}

// follow adds what was found down to a floor, as far as there is room, and says where the next page begins.
func (f *Found) follow(flow []Hit, floor, before int64, room int) {
	flow = slices.DeleteFunc(flow, func(h Hit) bool { return h.Ticket.Number < floor })
	slices.SortStableFunc(flow, newerHit)
	flow = slices.CompactFunc(flow, func(a, b Hit) bool { return a.Ticket.Number == b.Ticket.Number })
	switch {
	case len(flow) > room:
		flow, f.More, f.Before = flow[:room], true, before
		if room > 0 {
			f.Before = flow[room-1].Ticket.Number
		}
	case floor > 0:
		f.More, f.Before = true, floor
	}
	f.Hits = append(f.Hits, flow...)
}

func newerHit(a, b Hit) int { return cmp.Compare(b.Ticket.Number, a.Ticket.Number) }

// hits are the tickets that were found, but those that are known.
func (l look) hits(tickets []*desk.Ticket, known map[int64]bool) (hits []Hit) {
	for _, t := range tickets {
		if !known[t.Number] {
			hits = append(hits, Hit{Ticket: t, Why: l.why})
		}
	}
	return hits
}

// seen lists the tickets in sight that a look finds, and below which number it did not look. The looks for words know who
// sees what, the others find tickets of everybody.
func (l look) seen(tx *store.Tx, sight desk.Sight, below int64, limit int) (seen []*desk.Ticket, next int64, err error) {
	for round, read := limit, 0; ; round *= roundGrows {
		numbers, next, err := l.at(tx, below, min(round, readAtMost-read))
		if err != nil {
			return nil, 0, err
		}
		tickets, err := tx.TicketsByNumbers(numbers)
		if err != nil {
			return nil, 0, err
		}
		for _, t := range tickets {
			if sight.Sees(t) {
				seen = append(seen, t)
			}
		}
		read += max(len(numbers), 1)
		if next == 0 || len(seen) >= limit || len(numbers) < round || read >= readAtMost {
			return seen, next, nil
		}
		below = next
	}
}

// excerpts reads the comments of what was found by its words, and shows where those stand.
func (f *Found) excerpts(tx *store.Tx, words []string) error {
	var byText []*desk.Ticket
	for _, h := range f.Hits {
		if h.Why == WhyText {
			byText = append(byText, h.Ticket)
		}
	}
	comments, err := tx.CommentsOf(byText)
	if err != nil {
		return err
	}
	for i := range f.Hits {
		h := &f.Hits[i]
		h.Excerpt = h.Ticket.Excerpt(comments[h.Ticket.ID], words)
	}
	return nil
}

// told is what the audit trail says of a search.
func (f Found) told() string {
	detail := "by"
	for i, h := range f.Hits {
		if !slices.ContainsFunc(f.Hits[:i], func(o Hit) bool { return o.Why == h.Why }) {
			detail += " " + h.Why
		}
	}
	shown := []byte(detail + ", shown:")
	for _, h := range f.Hits {
		shown = strconv.AppendInt(append(shown, ' '), h.Ticket.Number, 10)
	}
	return string(shown)
}
