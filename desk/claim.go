package desk

import (
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/mask"
)

// Media is the medium of a transaction (API document, Media Transaksi).
type Media string

// MediaTransaksi lists the media in the document's order.
var MediaTransaksi = []Media{"ATM", "QRIS", "DEBIT", "TOUCH", "SMS"}

// needsType reports whether the transaction type is required for the medium (API document, Create Simplified Claim).
func (m Media) needsType() bool { return m == "ATM" || m == "TOUCH" || m == "SMS" }

// TransactionType is the type of a transaction (API document, Jenis Transaksi).
type TransactionType string

// JenisTransaksi lists the transaction types in the document's order.
var JenisTransaksi = []TransactionType{"PEMBELIAN", "PEMBAYARAN", "TRANSFER"}

// MaxNominal is the largest amount of a claim (API document, Field Descriptions).
var MaxNominal = Rupiahs(1_000_000_000)

// ClaimDraft is a transaction claim that somebody asks for; the names are the document's.
type ClaimDraft struct {
	NamaNasabah      string
	MediaTransaksi   Media
	JenisTransaksi   TransactionType
	Nominal          Amount
	NominalGiven     bool
	NomorRekening    string
	NomorKartu       string
	ClaimReason      string
	ClaimDate        string
	TransactionID    string
	ReferenceNumber  string
	ATMID            string
	Description      string
	ChannelReference string
	Integration      Integration
	Faults           Faults // what the door found wrong already
}

// Check returns an Error of code Invalid that names everything that is wrong with the claim, with the document's texts.
// Fields that the door already found at fault are not judged again.
func (c ClaimDraft) Check() error {
	faults := &c.Faults
	if blank(c.NamaNasabah) {
		faults.Add("namaNasabah", Required)
	}
	oneOf(faults, "mediaTransaksi", c.MediaTransaksi, MediaTransaksi, true)
	if c.JenisTransaksi == "" && c.MediaTransaksi.needsType() {
		faults.Add("jenisTransaksi", RequiredFor, string(c.MediaTransaksi))
	}
	oneOf(faults, "jenisTransaksi", c.JenisTransaksi, JenisTransaksi, false)
	c.checkNominal(faults)
	if c.ClaimDate != "" {
		if _, ok := ParseTime(c.ClaimDate); !ok {
			faults.Add("claimDate", MustBeISODate)
		}
	}
	refuseCard(faults, "channelReferenceId", c.ChannelReference)
	c.Integration.check(faults)
	return faults.Err()
}

func (c ClaimDraft) checkNominal(faults *Faults) {
	switch {
	case !c.NominalGiven:
		faults.Add("nominal", Required)
	case c.Nominal <= 0:
		faults.Add("nominal", MustBePositive)
	case c.Nominal > MaxNominal:
		faults.Add("nominal", ExceedsMaximum)
	}
}

// MaskCards masks card numbers in every text of the claim and tells where. In nomorKartu any long run of digits is
// taken for a card, even a mistyped one.
func (c *ClaimDraft) MaskCards(masked func(path string)) {
	if clean, found := mask.CardField(c.NomorKartu); found {
		c.NomorKartu = clean
		masked("nomorKartu")
	}
	maskTexts(masked,
		textAt{"namaNasabah", &c.NamaNasabah}, textAt{"nomorRekening", &c.NomorRekening}, textAt{"claimReason", &c.ClaimReason},
		textAt{"transactionId", &c.TransactionID}, textAt{"referenceNumber", &c.ReferenceNumber}, textAt{"atmId", &c.ATMID},
		textAt{"description", &c.Description})
	c.Integration.maskCards(masked)
}

// Title returns `KLAIM - OMNI - <media>[ - <jenis>]` (the spec, section 4).
func (c ClaimDraft) Title() string {
	title := "KLAIM - OMNI - " + string(c.MediaTransaksi)
	if c.JenisTransaksi != "" {
		title += " - " + string(c.JenisTransaksi)
	}
	return title
}

// The headings of a claim's description.
const (
	headingClaim       = "Detail klaim"
	headingTransaction = "Informasi transaksi"
	headingProblem     = "Deskripsi masalah"
)

// Text returns the description that agents read: what is known, in three sections, the account number masked. product
// is what the bank's catalogue calls the means of the transaction; it may be empty. What was given takes one line, so
// that no text of a partner can pass for another field.
func (c ClaimDraft) Text(product string) string {
	var b strings.Builder
	section := func(heading string, pairs ...string) {
		var lines []string
		for i := 0; i < len(pairs); i += 2 {
			if value := oneLine(pairs[i+1]); value != "" {
				lines = append(lines, pairs[i]+": "+value)
			}
		}
		if len(lines) > 0 {
			b.WriteString(heading + "\n" + strings.Join(lines, "\n") + "\n\n")
		}
	}
	section(headingClaim, "Nama nasabah", c.NamaNasabah, "Media transaksi", string(c.MediaTransaksi),
		"Jenis transaksi", string(c.JenisTransaksi), "Produk", product, "Nominal", c.Nominal.Rupiah(),
		"Nomor rekening", mask.Account(c.NomorRekening), "Nomor kartu", c.NomorKartu)
	section(headingTransaction, "Tanggal", inWITA(c.ClaimDate), "Alasan klaim", c.ClaimReason,
		"ID transaksi", c.TransactionID, "Nomor referensi", c.ReferenceNumber, "ATM", c.ATMID)
	if !blank(c.Description) {
		b.WriteString(headingProblem + "\n" + c.Description)
	}
	return strings.TrimSpace(b.String())
}

// unlabelled leaves out of a description what is the same in every claim's: the headings and labels of Text. Another
// description is returned as it is.
func unlabelled(description string) string {
	rest, ok := strings.CutPrefix(description, headingClaim+"\n")
	if !ok {
		return description
	}
	var b strings.Builder
	for rest != "" {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		if line == headingProblem {
			break
		}
		_, value, _ := strings.Cut(line, ": ") // a heading has none
		b.WriteString(value + "\n")
	}
	return b.String() + rest
}

// inWITA words a date or a time for agents, as Indonesians write it and at the bank's own time: `19-12-2024`, `19-12-2024 18.30 WITA`.
func inWITA(date string) string {
	at, ok := ParseTime(date)
	switch {
	case !ok:
		return date
	case len(date) == len(time.DateOnly):
		return at.In(WITA()).Format("02-01-2006")
	}
	return at.In(WITA()).Format("02-01-2006 15.04 MST")
}

// oneLine puts single spaces in the place of line ends and other space. What they kept apart may now be a card number.
func oneLine(s string) string {
	s, _ = mask.Cards(strings.Join(strings.Fields(s), " "))
	return s
}

// Metadata returns the claim's fields as the ticket's metadata, in the document's order, the account masked.
func (c ClaimDraft) Metadata() Metadata {
	m := Metadata{Amount: c.Nominal}
	dst := []byte{'{'}
	add := func(name, text string, quoted bool) {
		if text == "" {
			return
		}
		if len(dst) > 1 {
			dst = append(dst, ',')
		}
		dst = append(AppendJSONString(dst, name), ':')
		if quoted {
			dst = AppendJSONString(dst, text)
		} else {
			dst = append(dst, text...)
		}
	}
	add("namaNasabah", c.NamaNasabah, true)
	add("mediaTransaksi", string(c.MediaTransaksi), true)
	add("jenisTransaksi", string(c.JenisTransaksi), true)
	add("nominal", c.Nominal.String(), false)
	add("nomorRekening", mask.Account(c.NomorRekening), true)
	add("nomorKartu", c.NomorKartu, true)
	add("claimReason", c.ClaimReason, true)
	add("claimDate", c.ClaimDate, true)
	add("transactionId", c.TransactionID, true)
	add("referenceNumber", c.ReferenceNumber, true)
	add("atmId", c.ATMID, true)
	add("description", c.Description, true)
	m.JSON = string(append(dst, '}'))
	if c.NomorRekening != "" {
		m.Accounts = map[string]string{"nomorRekening": c.NomorRekening}
	}
	return m
}
