package console

import (
	"math"
	"strconv"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/staff"
)

// promises tell how the ticket stands with its two deadlines, in the reader's words.
type promises struct {
	ResponseLate, ResolutionLate string   // empty: not late
	Sums                         []string // how much of the time has passed
}

func (w words) promises(work staff.Work) promises {
	t, hours := work.Ticket, work.Ticket.Calendar != ""
	response := desk.ExplainResponse(t, work.Events, work.Calendar, work.At)
	resolution := desk.ExplainResolution(t, work.Events, work.Calendar, work.At)
	total := w.t("%d jam", t.PolicyHours)
	allowed := w.long(response.Allowed, true)
	if t.PolicyHours > 0 {
		share := math.Round(100 * response.Allowed.Hours() / float64(t.PolicyHours))
		allowed = w.t("%s (%s%% dari janji layanan %s)", allowed, strconv.Itoa(int(share)), total)
	}
	p := promises{Sums: []string{
		w.t("Respons: %s", w.sum(response, allowed, hours)),
		w.t("Penyelesaian: %s", w.sum(resolution, w.long(resolution.Allowed, true), hours)),
	}}
	if t.Status == desk.Pending {
		p.Sums = append(p.Sums, w.t("Selama tiket menunggu nasabah, tenggat yang belum lewat bergeser."))
	}
	if response.Late > 0 {
		p.ResponseLate = w.t("terlambat %s", w.span(response.Late))
	}
	if resolution.Late > 0 {
		p.ResolutionLate = w.t("terlambat %s", w.span(resolution.Late))
	}
	return p
}

// sum tells how much of an allowed time was used.
func (w words) sum(s desk.Spent, allowed string, hours bool) string {
	text := w.t("terpakai %s dari %s", w.long(s.Used, hours), allowed)
	if s.Paused > 0 {
		text += w.t(", dijeda %s", w.long(s.Paused, false))
	}
	return text
}

// long is a length of time in whole words: `2 hari 16 jam`. Of working time no number of hours is a day: it is told in hours.
func (w words) long(d time.Duration, hours bool) string {
	days, left := int(d.Hours())/24, int(d.Hours())%24
	if hours {
		days, left = 0, int(d.Hours())
	}
	minutes := int(d.Minutes()) % 60
	switch {
	case days > 0 && left > 0:
		return w.t("%d hari %d jam", days, left)
	case days > 0:
		return w.t("%d hari", days)
	case left > 0 && minutes > 0:
		return w.t("%d jam %d menit", left, minutes)
	case left > 0:
		return w.t("%d jam", left)
	}
	return w.t("%d menit", minutes)
}

// spanShown is a stretch of time in the explanation of a deadline.
type spanShown struct{ From, To, Length, Why, Kind string }

// spans explain the deadline: which time counted, which did not, and why.
func (r *request) spans(w staff.Work) []spanShown {
	var shown []spanShown
	for _, span := range desk.ExplainClocks(w.Ticket, w.Events, w.Calendar, w.At) {
		shown = append(shown, spanShown{From: r.words.date(span.From) + " " + r.words.clock(span.From), To: r.words.date(span.To) + " " + r.words.clock(span.To),
			Length: r.words.span(span.Counted), Kind: string(span.Kind), Why: r.words.why(span)})
	}
	return shown
}

// why words why a stretch of time counted or did not.
func (w words) why(s desk.ClockSpan) string {
	switch s.Kind {
	case desk.SpanCounted:
		if s.Counted < s.To.Sub(s.From)-time.Second {
			return w.t("dihitung, hanya jam kerja")
		}
		return w.t("dihitung")
	case desk.SpanClosed:
		return w.t("tidak dihitung: %s", s.Why)
	case desk.SpanPaused:
		return w.t("dijeda: menunggu nasabah")
	}
	return w.t("berhenti: selesai ditangani")
}
