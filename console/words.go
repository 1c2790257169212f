package console

import (
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
)

// words are the words of pages in one language. Pages are written in Indonesian, which is their identity too; the table in
// english.go has the other language.
type words struct {
	lang    desk.Language
	english map[string]string
}

func wordsIn(l desk.Language) words {
	if l == desk.English {
		return words{desk.English, english}
	}
	return words{lang: desk.Indonesian}
}

// t words a text, with what stands in the places of its verbs.
func (w words) t(text string, args ...any) string {
	if w.lang == desk.English {
		if translated, known := w.english[text]; known {
			text = translated
		}
	}
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}

// functions are what templates use beside what they are given.
func (w words) functions(reference func() *desk.Reference) template.FuncMap {
	return template.FuncMap{
		"title": func(t *desk.Ticket) string { return w.title(reference(), t) },
		"t":     w.t, "status": func(s any) string { return w.status(desk.Status(toText(s))) }, "priority": w.priority, "channel": w.channel, "service": w.service, "role": w.role,
		"date": w.date, "moment": w.moment, "clock": w.clock, "ago": w.ago, "iso": iso, "browser": w.browser,
		"sla": w.sla, "rule": w.rule, "icon": icon, "dict": dict, "size": size, "contains": contains, "join": strings.Join, "fields": w.fieldNames, "warning": w.warning,
		"channels": w.channels, "none": func() map[string]string { return map[string]string{} },
	}
}

func (w words) status(s desk.Status) string {
	switch s {
	case desk.Open:
		return w.t("Terbuka")
	case desk.InProgress:
		return w.t("Dalam Proses")
	case desk.Pending:
		return w.t("Menunggu Nasabah")
	case desk.OnHold:
		return w.t("Ditangguhkan")
	case desk.Resolved:
		return w.t("Terselesaikan")
	case desk.Closed:
		return w.t("Ditutup")
	case desk.Cancelled:
		return w.t("Dibatalkan")
	}
	return string(s)
}

func (w words) priority(p desk.Priority) string {
	switch p {
	case "LOW":
		return w.t("Rendah")
	case "MEDIUM":
		return w.t("Sedang")
	case "HIGH":
		return w.t("Tinggi")
	case "CRITICAL":
		return w.t("Kritis")
	}
	return string(p)
}

func (w words) channel(c desk.Channel) string {
	switch c {
	case "":
		return w.t("Klaim API")
	case "EMAIL":
		return w.t("Email")
	case "CHAT":
		return w.t("Obrolan Langsung")
	case "PHONE":
		return w.t("Telepon")
	case desk.Counter:
		return w.t("Loket")
	case "WEB_PORTAL":
		return w.t("Portal Web")
	case "WHATSAPP":
		return "WhatsApp"
	case "FACEBOOK":
		return "Facebook Messenger"
	case "INSTAGRAM":
		return "Instagram"
	case "TWITTER":
		return "X (Twitter)"
	case "TELEGRAM":
		return "Telegram"
	}
	return string(c)
}

// title is the title of a ticket. One that was given none has an English title, which partners read too (the spec, reference
// data): pages in Indonesian name the service and the customer instead.
func (w words) title(reference *desk.Reference, t *desk.Ticket) string {
	service := reference.Services[t.ServiceType]
	if w.lang == desk.English || service.Title == "" || t.Title != service.TitleFor(t.Customer.Name) {
		return t.Title
	}
	if service.TitleFor("") == service.Title { // the customer is not named
		return w.service(t.ServiceType)
	}
	return w.service(t.ServiceType) + " - " + t.Customer.Name
}

// service names a kind of service; in Indonesian as the catalogue does.
func (w words) service(s desk.ServiceType) string {
	names := map[desk.ServiceType]string{
		"CLAIM": "Klaim Transaksi", "REIMBURSEMENT": "Penggantian Dana", "DISPUTE": "Sanggahan Transaksi", "COMPLAINT": "Pengaduan",
		"INQUIRY": "Permintaan Informasi", "FEEDBACK": "Saran dan Masukan", "TECHNICAL_SUPPORT": "Bantuan Teknis", "ACCOUNT_ISSUE": "Kendala Rekening",
		"CARD_ISSUE": "Kendala Kartu", "ATM_ISSUE": "Kendala ATM", "MOBILE_BANKING": "Mobile Banking (BSGtouch)", "INTERNET_BANKING": "Internet Banking",
		"GENERAL_REQUEST": "Permintaan Umum", "OTHER": "Lainnya",
	}
	if name, known := names[s]; known {
		return w.t(name)
	}
	return string(s)
}

func (w words) role(r desk.Role) string {
	switch r {
	case desk.RoleAgent:
		return w.t("Petugas")
	case desk.RoleSupervisor:
		return w.t("Penyelia")
	case desk.RoleAdmin:
		return w.t("Admin")
	case desk.RoleAuditor:
		return w.t("Auditor")
	}
	return string(r)
}

var (
	monthsID = [...]string{"Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"}
	daysID   = [...]string{"Minggu", "Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu"}
)

// date is the day of a time in WITA: `19 Des 2024`.
func (w words) date(at time.Time) string {
	at = at.In(desk.WITA())
	if w.lang == desk.English {
		return at.Format("2 Jan 2006")
	}
	return strconv.Itoa(at.Day()) + " " + monthsID[at.Month()-1] + " " + strconv.Itoa(at.Year())
}

// clock is the time of day in WITA: `18.30`.
func (w words) clock(at time.Time) string {
	at = at.In(desk.WITA())
	if w.lang == desk.English {
		return at.Format("15:04")
	}
	return at.Format("15.04")
}

// moment is a time in WITA: `19 Des 2024 pukul 18.30 WITA`.
func (w words) moment(at time.Time) string {
	if at.IsZero() {
		return "–"
	}
	return w.t("%s pukul %s WITA", w.date(at), w.clock(at))
}

// day is a day for the lines of a conversation: `Kamis, 19 Des 2024`.
func (w words) day(at time.Time) string {
	weekday := at.In(desk.WITA()).Weekday()
	if w.lang == desk.English {
		return weekday.String() + ", " + w.date(at)
	}
	return daysID[weekday] + ", " + w.date(at)
}

// span is a length of time in its two largest units: `3 jam 20 mnt`.
func (w words) span(d time.Duration) string {
	d = d.Abs()
	days, hours, minutes := int(d.Hours())/24, int(d.Hours())%24, int(d.Minutes())%60
	switch {
	case days > 0 && hours > 0:
		return w.t("%d hr %d jam", days, hours)
	case days > 0:
		return w.t("%d hr", days)
	case hours > 0 && minutes > 0:
		return w.t("%d jam %d mnt", hours, minutes)
	case hours > 0:
		return w.t("%d jam", hours)
	case minutes > 0:
		return w.t("%d mnt", minutes)
	}
	return w.t("%d dtk", int(d.Seconds()))
}

// ago is how long ago something was, roughly.
func (w words) ago(at, now time.Time) string {
	switch d := now.Sub(at); {
	case at.IsZero():
		return "–"
	case d < time.Minute:
		return w.t("baru saja")
	case d < 7*24*time.Hour:
		return w.t("%s lalu", w.coarse(d))
	}
	return w.date(at)
}

// made is when something was made, as lists show it: today how long ago, else the day in WITA, of another year with it.
func (w words) made(at, now time.Time) string {
	day, today := at.In(desk.WITA()), now.In(desk.WITA())
	switch {
	case day.Year() == today.Year() && day.YearDay() == today.YearDay():
		return w.ago(at, now)
	case day.Year() == today.Year():
		return strings.TrimSuffix(w.date(at), " "+strconv.Itoa(day.Year()))
	}
	return w.date(at)
}

// coarse is a length of time in its largest unit.
func (w words) coarse(d time.Duration) string {
	switch {
	case d >= 24*time.Hour:
		return w.t("%d hr", int(d.Hours())/24)
	case d >= time.Hour:
		return w.t("%d jam", int(d.Hours()))
	}
	return w.t("%d mnt", int(d.Minutes()))
}

// pill is the nearest deadline of a ticket as it is shown.
type pill struct {
	State, Icon, Text, Hint string
	Due                     int64 // milliseconds since 1970, when the browser may count down by itself; else 0
}

// sla words the nearest deadline: icon, word and time, not colour alone.
func (w words) sla(s desk.SLA, calendar string) pill {
	p := pill{State: string(s.State)}
	what := w.t("Tenggat penyelesaian: %s", w.moment(s.Due))
	if s.Response {
		what = w.t("Tenggat respons: %s", w.moment(s.Due))
	}
	p.Hint = what
	if calendar == "" {
		p.Due = s.Due.UnixMilli()
	} else {
		p.Hint += w.t(" (sisa dihitung dalam jam kerja)")
	}
	switch s.State {
	case desk.SLAOver:
		p.Icon, p.Text = "alert", w.t("Lewat %s", w.span(s.Counted))
		if s.Left >= 0 { // settled too late, or it is the answer that came too late
			p.Text, p.Due = w.t("Lewat tenggat"), 0
		}
	case desk.SLAStands:
		p.Icon, p.Text, p.Due = "pause", w.t("Dijeda"), 0
		p.Hint = w.t("Dijeda: menunggu nasabah") + ". " + what
	case desk.SLAMet:
		p.Icon, p.Text, p.Due = "check", w.t("Tepat waktu"), 0
	case desk.SLANear:
		p.Icon, p.Text = "clock", w.t("Sisa %s", w.span(s.Counted))
	default:
		p.Icon, p.Text = "clock", w.t("Sisa %s", w.span(s.Counted))
	}
	return p
}

// fault words what is wrong with a field, which partners may call otherwise than our forms do.
func (w words) fault(f desk.Fault) string {
	if f.Path == "comment" && f.Text == desk.Required {
		return w.t("Pesan wajib diisi.")
	}
	return f.In(w.lang)
}

// done says what a form did, by the word in the address; empty for a word that is none of ours. With a colon the number of
// the ticket may follow that it was done to, as the page is not always that ticket's, and the name of the unit that has it.
func (w words) done(said string) string {
	what, number, named := strings.Cut(said, ":")
	if named {
		number, unit, _ := strings.Cut(number, ":")
		return w.doneTo(what, number, unit)
	}
	texts := map[string]string{
		"status": "Status diubah.", "assigned": "Penanggung jawab diubah.",
		"taken": "Tiket Anda ambil alih.", "priority": "Prioritas diubah.", "created": "Tiket dibuat.",
		"saved": "Tersimpan.", "deleted": "Dihapus.", "returned": "Tiket dikembalikan ke antrean.", "away": "Kehadiran diubah.", "again": "Dikirim ulang.",
		"session": "Sesi diakhiri.", "password": "Kata sandi diubah.", "factor": "Verifikasi dua langkah aktif.", "nofactor": "Verifikasi dua langkah dimatikan.", "read": "Semua pemberitahuan ditandai sudah dibaca.",
		"paused": "Konektor dijeda.", "resumed": "Konektor berjalan kembali.", "probed": "Satu tiket dicoba sekarang.", "parked": "Tiket dikeluarkan dari antrean.", "finished": "Ditandai sudah dibuat di Sociomile.", "skipped": "Peristiwa dilewatkan.",
		"nothing": "Tidak ada yang perlu dikirim ulang.", "held": "Masuk antrean kembali, tetapi ditahan: pengirimannya sedang dihentikan.",
		"more": "Sebagian dikirim ulang; masih ada lagi. Kirim ulang sekali lagi.", "underway": "Sedang dikirim pada saat ini. Lihat kembali sebentar lagi.",
	}
	if text, known := texts[what]; known {
		return w.t(text)
	}
	return ""
}

// doneTo is done for what names a ticket.
func (w words) doneTo(what, number, unit string) string {
	_, err := strconv.ParseUint(number, 10, 63)
	if err != nil || (unit != "") != (what == "group") {
		return "" // somebody made the address up
	}
	if unit != "" {
		return w.t("Tiket %s dipindahkan ke unit %s.", number, unit)
	}
	texts := map[string]string{
		"replied": "Balasan terkirim untuk %s.", "noted": "Catatan tersimpan pada %s.", "recorded": "Kata nasabah tersimpan pada %s.", "attached": "Berkas dilampirkan pada %s.",
	}
	if text, known := texts[what]; known {
		return w.t(text, number)
	}
	return ""
}

// iso is a time for machines.
func iso(at time.Time) string { return desk.FormatTime(at) }

// size is a number of bytes for people.
func size(bytes int64) string {
	switch {
	case bytes >= 1<<20:
		return strconv.FormatFloat(float64(bytes)/(1<<20), 'f', 1, 64) + " MB"
	case bytes >= 1<<10:
		return strconv.FormatInt(bytes>>10, 10) + " kB"
	}
	return strconv.FormatInt(bytes, 10) + " B"
}

// option is what can be chosen.
type option struct{ Value, Text string }

func (w words) services(types []desk.ServiceType) (options []option) {
	for _, s := range types {
		options = append(options, option{string(s), w.service(s)})
	}
	return options
}

func (w words) channels(channels []desk.Channel) (options []option) {
	for _, c := range channels {
		options = append(options, option{string(c), w.channel(c)})
	}
	return options
}

// dict makes what a template gives to another one, of names and values.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("dict has a name without a value")
	}
	m := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict has %v for a name", pairs[i])
		}
		m[name] = pairs[i+1]
	}
	return m, nil
}

// contains reports whether a value is among some.
func contains(values []string, value string) bool { return slices.Contains(values, value) }

// icon draws a picture of the sheet that every page carries.
func icon(name string) template.HTML {
	return template.HTML(`<svg class="i" aria-hidden="true"><use href="#i-` + template.HTMLEscapeString(name) + `"/></svg>`)
}
