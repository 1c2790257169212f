package console

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/web"
)

// pages are the templates in one language.
type pages struct{ templates *template.Template }

// page is what every template sees; Data is the page's own.
type page struct {
	Lang      desk.Language
	Title     string
	Nav       string // name of the screen in the menu
	View      string // id of the saved view that is shown; empty: none
	Path      string // with its query
	Self      string // where the page can be read again, when a form led to it; empty: at its own address
	Me        desk.Agent
	May       may
	Unread    int
	Done      string // what was done, for a moment
	Version   string
	RequestID string
	Assets    assetPaths
	Live      string // what the live connection is about: empty when the page does not change by itself
	Cursor    int64  // up to which events the page knows
	Views     []navView
	Now       time.Time
	Data      any
}

// may says what the reader's role allows, for what pages offer.
type may struct{ Work, Create, Lead, Integrate, Steer, Configure, Audit, Unmask bool }

// navView is a saved view in the menu.
type navView struct{ ID, Name, Path string }

func mayOf(a desk.Actor) may {
	allow := a.Permissions.Allow
	return may{Work: allow(desk.MayWork), Create: allow(desk.MayCreate), Lead: allow(desk.MayLead), Integrate: allow(desk.MayIntegrate) || allow(desk.MayAudit),
		Steer: allow(desk.MayIntegrate), Configure: allow(desk.MayConfigure), Audit: allow(desk.MayAudit), Unmask: allow(desk.MayUnmask)}
}

// parsePages reads the templates, once for each language: every word of them is chosen when they are read. reference returns
// the reference data that holds when a page is made.
func parsePages(reference func() *desk.Reference) (map[desk.Language]*pages, error) {
	made := map[desk.Language]*pages{}
	for _, l := range []desk.Language{desk.Indonesian, desk.English} {
		t, err := template.New("").Funcs(wordsIn(l).functions(reference)).ParseFS(files, "templates/*.html")
		if err != nil {
			return nil, fmt.Errorf("templates of the console: %w", err)
		}
		made[l] = &pages{t}
	}
	return made, nil
}

// show answers with a page. title and what is in data are in the reader's words.
func (r *request) show(name, title string, data any) (web.Answer, error) {
	return r.showWith(http.StatusOK, name, page{Title: title, Data: data})
}

// showLive is show for a page that follows what happens: about is what the live connection is told.
func (r *request) showLive(name, nav, title, about string, cursor int64, data any) (web.Answer, error) {
	return r.showWith(http.StatusOK, name, page{Title: title, Nav: nav, Live: about, Cursor: cursor, Data: data})
}

// showWith answers with a status and a page, of which the caller gives what is its own.
func (r *request) showWith(status int, name string, p page) (web.Answer, error) {
	p.Lang, p.Path, p.Version, p.RequestID, p.Assets, p.Now = r.words.lang, r.URL.RequestURI(), r.server.version, r.ID, r.server.paths, r.server.clock()
	if p.Done == "" {
		p.Done = r.words.done(r.nameUnit(r.URL.Query().Get("done")))
	}
	if r.session.ID != "" {
		p.Me = r.session.Agent
		p.May = mayOf(r.actor)
	}
	if r.actor.Permissions != nil {
		if err := r.fillMenu(&p); err != nil {
			return web.Answer{}, err
		}
	}
	return r.render(status, name, p)
}

// fillMenu reads what the frame of every page shows.
func (r *request) fillMenu(p *page) (err error) {
	if p.Unread, err = r.server.staff.Unread(r.Context(), r.actor); err != nil {
		return err
	}
	views, err := r.server.staff.Views(r.Context(), r.actor)
	for _, v := range views {
		p.Views = append(p.Views, navView{ID: v.ID, Name: v.Name, Path: "/tickets?" + v.Query + "&view=" + v.ID})
	}
	return err
}

func (r *request) render(status int, name string, p page) (web.Answer, error) {
	var b bytes.Buffer
	if err := r.server.pages[r.words.lang].templates.ExecuteTemplate(&b, name, p); err != nil {
		return web.Answer{}, fmt.Errorf("page %s: %w", name, err)
	}
	return web.Page(status, b.Bytes()), nil
}

// wordError makes the page that tells an error.
func (s *Server) wordError(wr *web.Request, e *desk.Error, status int) (web.Answer, error) {
	r := s.open(wr)
	if wr.Actor.ID != "" { // whose language it is
		r.words = wordsIn(wr.Language)
	}
	var said []string
	for _, f := range e.Fields {
		said = append(said, f.In(r.words.lang))
	}
	text := e.In(r.words.lang)
	if e.Text == desk.TicketNotFound {
		text = r.words.t("Tiket ini tidak ada, atau bukan milik unit kerja Anda.")
	}
	if len(said) > 0 {
		text = strings.Join(said, " ")
	}
	answer, err := r.render(status, "error", page{Title: r.words.t(titleOf(status)), Lang: r.words.lang, RequestID: wr.ID, Assets: s.paths, Version: s.version,
		Path: "/", Data: struct {
			Text   string
			Status int
		}{text, status}})
	if err == nil {
		harden(answer.Header)
	}
	return answer, err
}

// titleOf names an error.
func titleOf(status int) string {
	switch status {
	case http.StatusNotFound:
		return "Tidak ditemukan"
	case http.StatusForbidden:
		return "Tidak diizinkan"
	case http.StatusTooManyRequests:
		return "Terlalu banyak percobaan"
	case http.StatusServiceUnavailable:
		return "Layanan sedang tidak tersedia"
	}
	return "Tidak dapat dilakukan"
}
