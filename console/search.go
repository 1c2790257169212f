package console

import (
	"net/url"
	"strconv"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/staff"
	"banksulutgo.co.id/servicedesk/web"
)

// searchPage is what a search shows.
type searchPage struct {
	Query    string
	Hits     []hitShown
	Counted  bool   // they are all that there are, or the first of them
	More     string // address of the next page; empty: there is none
	Building int    // of a hundred older tickets, how many can be found by their words
	Behind   int    // for how many seconds what is new waits to be found by its words; 0: not for long
	Fault    string
}

// hitShown is a ticket that was found.
type hitShown struct {
	rowShown
	Why     string
	Excerpt []desk.Piece
}

// longBehind is when readers are told that the newest texts are not found yet: usually it takes a second.
const longBehind = 5 * time.Second

// search shows what was found. Who typed the number of a ticket is led to it.
func (s *Server) search(r *request) (web.Answer, error) {
	q := r.URL.Query()
	p := searchPage{Query: q.Get("q"), Building: 100}
	title := r.words.t("Cari")
	if p.Query == "" {
		return r.show("search", title, p)
	}
	before, _ := strconv.ParseInt(q.Get("before"), 10, 64)
	found, err := s.staff.Search(r.Context(), r.actor, p.Query, before, pageSize)
	if faults, ok := r.faultsOf(err); ok {
		for _, text := range faults {
			p.Fault = text
		}
		return r.show("search", title, p)
	}
	if err != nil {
		return web.Answer{}, err
	}
	if len(found.Hits) == 1 && found.Hits[0].Why == staff.WhyNumber && before == 0 {
		return r.redirect("/tickets/" + strconv.FormatInt(found.Hits[0].Ticket.Number, 10)), nil
	}
	at := staff.Listed{At: s.clock()}
	for _, h := range found.Hits {
		p.Hits = append(p.Hits, hitShown{rowShown: r.row(h.Ticket, at), Why: r.words.found(h.Why), Excerpt: h.Excerpt})
	}
	if found.More {
		p.More = "/search?" + url.Values{"q": {p.Query}, "before": {strconv.FormatInt(found.Before, 10)}}.Encode()
	}
	p.Building, p.Counted = found.Building, before == 0
	if found.Behind >= longBehind {
		p.Behind = int(found.Behind.Seconds())
	}
	return r.show("search", r.words.t("Hasil pencarian"), p)
}

// found words why a ticket was found; empty for its words, which are marked.
func (w words) found(why string) string {
	switch why {
	case staff.WhyNumber:
		return w.t("nomor tiket")
	case staff.WhyReference:
		return w.t("referensi kanal")
	case string(desk.ByEmail):
		return w.t("surel nasabah")
	case string(desk.ByPhone):
		return w.t("telepon nasabah")
	case string(desk.ByIdentifier):
		return w.t("identitas nasabah")
	case string(desk.ByAccount):
		return w.t("nomor rekening")
	case string(desk.ByATM):
		return w.t("kode ATM")
	}
	return ""
}
