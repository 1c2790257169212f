package soak_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	nouns "banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/webhook"
)

// awkward are pieces of text that some encoder, decoder or reader of lines has treated in a way of its own.
var awkward = []string{
	`"`, `\`, `/`, `\"`, `\u0041`, `\\n`, `</script>`, `<b>&amp;'`, "\b", "\t", "\n", "\f", "\r", "\r\n", "\x01", "\x1f", "\x7f", "\u0085", "\u00a0", "\u00ad",
	"\u2028", "\u2029", "\u200b", "\u200d", "\u202e", "\ufeff", "\ufffd", "\ufffe", "\uffff", "\ud7ff", "\ue000", "\U00010000", "\U0001f600", "\U0010fffd", "\U0010ffff",
	"e\u0301", "\u0958", "👩‍👩‍👧", "ﷺ", "İ", "ß", "__proto__", "constructor", "-0", "1e999", "123456789012345678901234567890", "0.1", "null", "{", "}", "[", "]", ",", ":", "{{name}}", "%s",
}

// historian tells the lives of tickets that nobody had, as the desk records them.
type historian struct {
	*rand.Rand
	at   time.Time
	open *nouns.Ticket
	left int // comments and steps until the next ticket
}

// wording is an event with the texts in it that somebody wrote: the channel reference and one or two more.
type wording struct {
	nouns.Event
	texts []string
}

// text makes a text of up to most characters: of all of Unicode that input allows, which is all but NUL.
func (h *historian) text(most int) string {
	long := min(most, 1+h.IntN(40))
	switch h.IntN(200) {
	case 0:
		long = 1 + h.IntN(most)
	case 1, 2, 3, 4, 5, 6:
		long = min(most, 1+h.IntN(400))
	case 7, 8, 9, 10:
		return ""
	}
	kind := h.IntN(6)
	var b strings.Builder
	for n := 0; n < long; n++ {
		switch {
		case kind == 0 || kind > 2 && h.IntN(3) > 0:
			b.WriteByte(byte(' ' + h.IntN('~'-' '+1)))
		case kind == 1 || h.IntN(4) == 0:
			b.WriteString(awkward[h.IntN(len(awkward))])
		default:
			b.WriteRune(h.character())
		}
	}
	if runes := []rune(b.String()); len(runes) > most {
		return string(runes[:most])
	}
	return b.String()
}

// character makes one of all characters but NUL, those of a byte or two more often.
func (h *historian) character() rune {
	for {
		most := []int{0x20, 0x100, 0x800, 0x3000, 0x10000, 0x110000}[h.IntN(6)]
		if r := rune(1 + h.IntN(most-1)); r < 0xd800 || r > 0xdfff {
			return r
		}
	}
}

// reference is data of a bank whose team has a name that nobody expects.
func (h *historian) reference() *nouns.Reference {
	r := &nouns.Reference{SystemUser: true, Services: map[nouns.ServiceType]nouns.Service{}}
	for _, s := range nouns.ServiceTypes {
		r.Services[s] = nouns.Service{Type: s, Priority: nouns.Medium, Title: "{name}: " + h.text(20), Group: nouns.Group{Name: "x" + h.text(40), Team: h.text(40)}}
	}
	return r
}

// next returns what happens next.
func (h *historian) next() ([]wording, error) {
	h.at = h.at.Add(time.Duration(h.Int64N(int64(time.Hour))))
	partner := nouns.Actor{Kind: nouns.ByPartner, ID: "k", Name: h.text(nouns.MaxName), PartnerID: "p"}
	agent := nouns.Actor{Kind: nouns.ByAgent, ID: "a", Name: h.text(nouns.MaxName)}
	if h.left--; h.left < 0 {
		return h.begin(partner)
	}
	if h.IntN(5) == 0 {
		steps := []nouns.Status{nouns.InProgress, nouns.Pending, nouns.OnHold, nouns.Resolved, nouns.Closed}
		events, err := h.open.ChangeStatus(steps[h.IntN(len(steps))], h.text(50), agent, nouns.Calendar{}, h.at)
		if err == nil {
			return h.word(events, h.open.AssignedTo()), nil
		} // a step that is not allowed: somebody says a word instead
	}
	id := nouns.NewID(h.at)
	said, by := nouns.PartnerComment(id, h.text(nouns.MaxComment), h.text(nouns.MaxName), h.open.Customer.Name), partner
	if h.open.Status.Finalized() || h.IntN(2) == 0 {
		said, by = nouns.SupportComment(id, h.text(nouns.MaxComment), h.text(nouns.MaxName), false), agent
	}
	events, err := h.open.AddComment(&said, by, nouns.Calendar{}, h.at)
	if err != nil {
		return nil, err
	}
	return append(h.word(events[:1], said.Content, said.Author), h.word(events[1:], h.open.AssignedTo())...), nil
}

// begin opens a ticket.
func (h *historian) begin(by nouns.Actor) ([]wording, error) {
	h.left = h.IntN(12)
	plan := nouns.TicketPlan{ID: nouns.NewID(h.at), Number: 10001 + h.Int64N(1<<40), Actor: by, Reference: h.reference(), At: h.at}
	var created nouns.Event
	var err error
	if h.IntN(3) == 0 {
		claim := nouns.ClaimDraft{NamaNasabah: h.text(nouns.MaxName), MediaTransaksi: nouns.MediaTransaksi[h.IntN(len(nouns.MediaTransaksi))],
			JenisTransaksi: "TRANSFER", Nominal: nouns.Rupiahs(1 + h.Int64N(1_000_000_000)), NominalGiven: true, ChannelReference: h.text(nouns.MaxReference)}
		h.open, created, err = nouns.NewClaim(claim, plan)
	} else {
		draft := nouns.TicketDraft{Channel: "EMAIL", ServiceType: nouns.ServiceTypes[h.IntN(len(nouns.ServiceTypes))], Title: h.text(nouns.MaxTitle),
			Description: "x", ChannelReference: h.text(nouns.MaxReference), Customer: nouns.Customer{Name: h.text(nouns.MaxName)}}
		h.open, created, err = nouns.NewTicket(draft, plan)
	}
	if err != nil {
		return nil, err
	}
	return h.word([]nouns.Event{created}, h.open.Title), nil
}

func (h *historian) word(events []nouns.Event, texts ...string) []wording {
	worded := make([]wording, len(events))
	for i, e := range events {
		worded[i] = wording{e, append([]string{h.open.ChannelReference}, texts...)}
	}
	return worded
}

// write writes an event as testdata/node/verify.js reads it, signed now.
func (w wording) write(to io.Writer, secret string, now time.Time) error {
	h, err := webhook.Headers(webhook.Message{ID: w.ID(), Body: w.Body}, now, secret)
	if err != nil {
		return err
	}
	texts, err := json.Marshal(w.texts)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(to, "%s\t%s\t%s\t%s\t%s\t%s\n", h.Get(webhook.IDHeader), h.Get(webhook.TimestampHeader), h.Get(webhook.SignatureHeader),
		h.Get(webhook.StandardHeader), base64.StdEncoding.EncodeToString(texts), w.Body)
	return err
}
