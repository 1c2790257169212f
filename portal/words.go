package portal

import (
	"fmt"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
)

// words are what the pages say in a language. Customers are told of their `pengaduan` (complaint), never of a ticket, and
// are asked for a `kode pantau`: the bank asks nobody for a PIN (the spec, domain part 2).
type words struct {
	Other     desk.Language
	OtherName string // of Other, in itself
	Skip      string
	Tagline   string

	Ask, AskLead            string
	Number, NumberHint      string
	Code, CodeHint          string
	Submit                  string
	Again, Request          string
	Service, Received       string
	Due, Resolved           string
	Reopened, Missed        string
	Asked, Send             string
	Course, Comments, Files string
	NoComments              string
	Settled, SettledLead    string
	Paths                   []path
	Safety, You, Ending     string

	States map[desk.Status]state

	Heading   func(number int64) string
	MovedFrom func(moment) string
	Waited    func(from, until moment) string
	Paused    func(since moment) string
	reopened  string // a step back to OPEN
}

// state is how a status is told: a label, and what it means for the customer.
type state struct {
	Label, Meaning string
}

// path is whom a customer can turn to who does not agree with the bank.
type path struct {
	Name, How string
}

// step labels a step of a ticket. The receipt is told as such, and so is work that is taken up again.
func (w words) step(s desk.Status, later bool) string {
	if s == desk.Open && later {
		return w.reopened
	}
	return w.States[s].Label
}

func wordsIn(l desk.Language) words {
	if l == desk.English {
		return english()
	}
	return indonesian()
}

func indonesian() words {
	return words{
		Other: desk.English, OtherName: "English", Skip: "Langsung ke isi", Tagline: "Pantau pengaduan",
		Ask:     "Pantau pengaduan Anda",
		AskLead: "Masukkan nomor pengaduan dan kode pantau yang Anda terima saat pengaduan dibuat.",
		Number:  "Nomor pengaduan", NumberHint: "Contoh: 10001",
		Code: "Kode pantau", CodeHint: "Delapan huruf dan angka, contoh: K7QD-M2RX",
		Submit: "Lihat pengaduan", Again: "Pantau pengaduan lain", Request: "Kode",
		Service: "Layanan", Received: "Diterima", Due: "Kami selesaikan paling lambat", Resolved: "Selesai ditangani",
		Reopened: "Pengaduan ini dibuka kembali; waktu sejak selesai ditangani tidak dihitung.",
		Missed:   "Batas waktu ini sudah lewat. Kami mohon maaf. Pengaduan Anda tetap kami tangani.",
		Asked:    "Yang kami minta", Send: "Kirimkan lewat saluran yang Anda pakai untuk pengaduan ini.",
		Course: "Perjalanan pengaduan", Comments: "Percakapan", Files: "Berkas", NoComments: "Belum ada pesan.",
		Settled:     "Bila Anda belum sepakat",
		SettledLead: "Anda dapat mengajukan keberatan satu kali kepada kami. Setelah itu, atau sebagai gantinya, Anda dapat menghubungi:",
		Paths: []path{
			{"APPK OJK", "Aplikasi Portal Pelindungan Konsumen, kontak157.ojk.go.id"},
			{"LAPS SJK", "Lembaga Alternatif Penyelesaian Sengketa Sektor Jasa Keuangan"},
			{"Bank Indonesia", "untuk sistem pembayaran: telepon 131 atau bicara@bi.go.id"},
		},
		Safety: "Bank tidak pernah meminta PIN kartu, OTP, atau kata sandi Anda.", You: "Anda",
		Ending: "Halaman ini hanya terbuka untuk sementara. Setelah itu, masukkan kembali kode pantau.",
		States: map[desk.Status]state{
			desk.Open:       {"Diterima", "Pengaduan Anda sudah kami terima dan akan segera kami tindak lanjuti."},
			desk.InProgress: {"Sedang diproses", "Petugas kami sedang menangani pengaduan Anda."},
			desk.Pending:    {"Menunggu kelengkapan dari Anda", "Kami memerlukan sesuatu dari Anda sebelum dapat melanjutkan."},
			desk.OnHold:     {"Menunggu konfirmasi pihak terkait", "Kami menunggu jawaban pihak lain, misalnya bank atau penyelenggara lain. Batas waktu tetap berjalan."},
			desk.Resolved:   {"Selesai ditangani, menunggu konfirmasi Anda", "Kami sudah menangani pengaduan ini. Hasilnya ada dalam percakapan di bawah."},
			desk.Closed:     {"Selesai", "Pengaduan ini sudah selesai dan ditutup."},
			desk.Cancelled:  {"Dibatalkan", "Pengaduan ini dibatalkan dan tidak ditangani lagi."},
		},
		Heading:   func(number int64) string { return fmt.Sprint("Pengaduan ", number) },
		MovedFrom: func(m moment) string { return "Batas waktu semula: " + m.Text + "." },
		Waited: func(from, until moment) string {
			return "Kami menunggu Anda dari " + from.Short + " sampai " + until.Short + "; waktu itu tidak dihitung."
		},
		Paused: func(m moment) string {
			return "Sejak " + m.Short + " kami menunggu Anda. Batas waktu bergeser selama kami menunggu."
		},
		reopened: "Kembali dalam antrean",
	}
}

func english() words {
	return words{
		Other: desk.Indonesian, OtherName: "Bahasa Indonesia", Skip: "Skip to the content", Tagline: "Follow a complaint",
		Ask:     "Follow your complaint",
		AskLead: "Enter the number of the complaint and the tracking code that you were given when it was made.",
		Number:  "Complaint number", NumberHint: "Example: 10001",
		Code: "Tracking code (kode pantau)", CodeHint: "Eight letters and digits, example: K7QD-M2RX",
		Submit: "Show the complaint", Again: "Follow another complaint", Request: "Code",
		Service: "Service", Received: "Received", Due: "We will settle it by", Resolved: "Settled",
		Reopened: "The complaint was opened again; the time since it was settled does not count.",
		Missed:   "This date has passed. We apologise. We go on working on your complaint.",
		Asked:    "What we ask for", Send: "Send it the way in which you sent this complaint.",
		Course: "Course of the complaint", Comments: "Conversation", Files: "Files", NoComments: "No messages yet.",
		Settled:     "If you do not agree",
		SettledLead: "You can object once to us. After that, or instead, you can turn to:",
		Paths: []path{
			{"APPK OJK", "the consumer protection portal of OJK, kontak157.ojk.go.id"},
			{"LAPS SJK", "the body for alternative dispute resolution in the financial sector"},
			{"Bank Indonesia", "for payment systems: telephone 131 or bicara@bi.go.id"},
		},
		Safety: "The bank never asks for your card PIN, an OTP or your password.", You: "You",
		Ending: "This page stays open for a while only. After that, enter the tracking code once more.",
		States: map[desk.Status]state{
			desk.Open:       {"Received", "We have your complaint and will take it up soon."},
			desk.InProgress: {"In progress", "Our staff are working on your complaint."},
			desk.Pending:    {"Waiting for something from you", "We need something from you before we can go on."},
			desk.OnHold:     {"Waiting for another party", "We wait for an answer of somebody else, such as another bank. The promised date stays."},
			desk.Resolved:   {"Settled, waiting for your confirmation", "We have dealt with this complaint. The result is in the conversation below."},
			desk.Closed:     {"Closed", "This complaint is settled and closed."},
			desk.Cancelled:  {"Cancelled", "This complaint was cancelled; nobody works on it any more."},
		},
		Heading:   func(number int64) string { return fmt.Sprint("Complaint ", number) },
		MovedFrom: func(m moment) string { return "At first we promised " + m.Text + "." },
		Waited: func(from, until moment) string {
			return "We waited for you from " + from.Short + " to " + until.Short + "; that time does not count."
		},
		Paused: func(m moment) string {
			return "Since " + m.Short + " we have been waiting for you. The date moves for as long as we wait."
		},
		reopened: "Back in the queue",
	}
}

// moment is a time as people read it, in WITA.
type moment struct {
	Text    string // Kamis, 19 Desember 2024 pukul 18.30 WITA
	Short   string // without the weekday
	Machine string // for the attribute datetime
}

// at words a time (the spec, domain part 2).
func at(when time.Time, l desk.Language) moment {
	when = when.In(desk.WITA())
	weekdays := [...]string{"Minggu", "Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu"}
	months := [...]string{"Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus", "September", "Oktober", "November", "Desember"}
	weekday, month, clock := weekdays[when.Weekday()], months[when.Month()-1], when.Format("pukul 15.04 WITA")
	if l == desk.English {
		weekday, month, clock = when.Weekday().String(), when.Month().String(), when.Format("at 15:04 WITA")
	}
	short := fmt.Sprintf("%d %s %d %s", when.Day(), month, when.Year(), clock)
	return moment{Text: weekday + ", " + short, Short: short, Machine: when.Format(time.RFC3339)}
}
