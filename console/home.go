package console

import (
	"maps"
	"net/url"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/staff"
	"banksulutgo.co.id/servicedesk/web"
)

// countMost is up to where lists are counted.
const countMost = 99

// homePage is what the first screen shows: what waits for the reader.
type homePage struct {
	Tallies []tally
	Rows    []rowShown // what the reader has to do next
	Notices []noticeShown
}

// tally is a list with how many tickets it has.
type tally struct {
	Name, Path, Meaning string
	Count               int
	More                bool // there are more than were counted
}

// home shows the reader's day.
func (s *Server) home(r *request) (web.Answer, error) {
	cursor := s.feed.place(r.Context())
	var p homePage
	for _, t := range []tally{
		{Name: r.words.t("Tiket saya"), Path: mineList},
		{Name: r.words.t("Lewat tenggat"), Path: lateList, Meaning: "bad"},
		{Name: r.words.t("Hampir jatuh tempo"), Path: soonList, Meaning: "warn"},
		{Name: r.words.t("Belum ditugaskan"), Path: queueList},
	} {
		view, _ := url.ParseQuery(t.Path)
		n, exact, err := s.staff.Count(r.Context(), r.actor, desk.ParseView(view), countMost)
		if err != nil {
			return web.Answer{}, err
		}
		t.Count, t.More, t.Path = n, !exact, "/tickets?"+t.Path
		if n == 0 {
			t.Meaning = ""
		}
		p.Tallies = append(p.Tallies, t)
	}
	mine, _ := url.ParseQuery(mineList)
	next := maps.Clone(mine)
	next.Set("not.status", string(desk.Pending)) // the customer has to do something first
	found, err := s.staff.List(r.Context(), r.actor, desk.ParseView(next), staff.Place{}, 8)
	if err != nil {
		return web.Answer{}, err
	}
	for _, t := range found.Tickets {
		p.Rows = append(p.Rows, r.rowIn(t, found, openedList{View: desk.ParseView(mine)}))
	}
	if p.Notices, err = r.readNotices(6); err != nil {
		return web.Answer{}, err
	}
	return r.showLive("home", "home", r.words.t("Dasbor"), "home", cursor, p)
}

// noticeShown is a notice in the reader's words.
type noticeShown struct {
	staff.Notice
	Text, Icon string
}

// readNotices reads the newest notices.
func (r *request) readNotices(most int) ([]noticeShown, error) {
	notices, err := r.server.staff.Notices(r.Context(), r.actor, most)
	var shown []noticeShown
	for _, n := range notices {
		text, icon := r.words.notice(n.Notice)
		shown = append(shown, noticeShown{n, text, icon})
	}
	return shown, err
}

// notice words a notice.
func (w words) notice(n desk.Notice) (text, icon string) {
	switch n.Kind {
	case desk.NoticeAssigned:
		return w.t("%s menugaskan tiket kepada Anda", n.Actor), "person"
	case desk.NoticeTaken:
		return w.t("%s mengalihkan tiket dari Anda", n.Actor), "right"
	case desk.NoticeAnswered:
		return w.t("Nasabah menulis pada tiket Anda"), "reply"
	case desk.NoticeReopened:
		return w.t("%s membuka kembali tiket Anda", n.Actor), "alert"
	case desk.NoticeNoted:
		return w.t("%s menulis catatan pada tiket Anda", n.Actor), "note"
	case desk.NoticeUnanswered:
		return w.t("Tenggat respons tiket terlewati"), "alert"
	case desk.NoticeEscalated:
		return w.t("Tiket memerlukan perhatian: tenggat penyelesaian mendekat"), "clock"
	case desk.NoticeBreached:
		return w.t("Tenggat penyelesaian tiket terlewati"), "alert"
	}
	return string(n.Kind), "bell"
}

// notices shows what the reader should know of.
func (s *Server) notices(r *request) (web.Answer, error) {
	cursor := s.feed.place(r.Context())
	shown, err := r.readNotices(50)
	if err != nil {
		return web.Answer{}, err
	}
	return r.showLive("notices", "notices", r.words.t("Pemberitahuan"), "notices", cursor, shown)
}

// markNotices marks all notices as read.
func (s *Server) markNotices(r *request) (web.Answer, error) {
	if err := s.staff.ReadNotices(r.Context(), r.actor, ""); err != nil {
		return web.Answer{}, err
	}
	return r.done("/notices", "read"), nil
}

// help tells how the console is used.
func (s *Server) help(r *request) (web.Answer, error) {
	return r.show("help", r.words.t("Bantuan"), nil)
}
