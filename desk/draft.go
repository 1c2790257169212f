package desk

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"banksulutgo.co.id/servicedesk/mask"
)

// Limits of what a ticket may hold (the spec, section 3). Texts are counted in characters.
const (
	MaxName        = 200
	MaxTitle       = 255
	MaxDescription = 20_000
	MaxComment     = 10_000
	MaxReason      = 2_000
	MaxReference   = 128
	MaxURL         = 2_048
	MaxMetadata    = 64 << 10 // bytes
	MaxKeys        = 200      // of metadata, at all levels

	MaxAttachments     = 20
	MaxAttachment      = 10 << 20 // bytes, decoded
	MaxAttachmentBytes = 50 << 20 // bytes of one request, decoded
)

// Integration is what a partner says about the request itself (API document, Create Full Ticket).
type Integration struct {
	WebhookURL string
	APIVersion string
	PartnerID  string
	RequestID  string // for idempotency
}

// check notes what is wrong with the integration object. An identifier that is a full card number is refused: it
// could neither be stored nor be changed.
func (in Integration) check(faults *Faults) {
	if in.WebhookURL != "" {
		checkTargetURL(faults, "integration.webhookUrl", in.WebhookURL)
	}
	refuseCard(faults, "integration.partnerId", in.PartnerID)
	refuseCard(faults, "integration.requestId", in.RequestID)
}

// maskCards masks card numbers in what is no identifier and tells where. A URL that holds one will lead nowhere, which
// is better than to keep the number and send it.
func (in *Integration) maskCards(masked func(path string)) {
	maskTexts(masked, textAt{"integration.webhookUrl", &in.WebhookURL}, textAt{"integration.apiVersion", &in.APIVersion})
}

// refuseCard notes a fault when an identifier as a whole is a full card number.
func refuseCard(faults *Faults, path, identifier string) {
	if mask.IsCard(identifier) {
		faults.Add(path, MustNotBeCard)
	}
}

// Metadata is a partner's own data about a ticket, as the door read it: already without full card numbers, and with
// account numbers masked in JSON and kept aside in Accounts.
type Metadata struct {
	JSON     string            // a compact JSON object
	Accounts map[string]string // path inside the metadata -> account number
	Texts    map[string]string // path -> text or number at the first level, for rules and recommendations
	Flags    map[string]bool   // first-level members that are true
	Amount   Amount            // the largest of nominal, claimAmount, disputeAmount
	Masked   []string          // paths whose card numbers were masked
}

// TicketDraft is a ticket that somebody asks for (API document, Create Full Ticket).
type TicketDraft struct {
	Channel          Channel
	ChannelReference string
	ServiceType      ServiceType
	Customer         Customer
	Title            string
	Description      string
	Priority         Priority
	Category         Category
	Metadata         Metadata
	Integration      Integration
	Attachments      []Attachment
	Faults           Faults // what the door found wrong already
	ByEmployee       bool   // it came at the counter, or an employee wrote it down
}

// Check returns an Error of code Invalid that names everything that is wrong with the draft, by the document's field
// names. Fields that the door already found at fault are not judged again.
func (d TicketDraft) Check() error {
	faults := &d.Faults
	if !d.ByEmployee || d.Channel != Counter {
		oneOf(faults, "channel", d.Channel, Channels, true)
	}
	oneOf(faults, "serviceType", d.ServiceType, ServiceTypes, true)
	d.Customer.check(faults)
	if blank(d.Description) {
		faults.Add("ticket.description", Required)
	}
	oneOf(faults, "ticket.priority", d.Priority, Priorities, false)
	oneOf(faults, "ticket.category", d.Category, Categories, false)
	refuseCard(faults, "channelReferenceId", d.ChannelReference)
	d.Integration.check(faults)
	checkAttachments(faults, d.Attachments)
	return faults.Err()
}

// MaskCards masks card numbers in every text of the draft and tells where.
func (d *TicketDraft) MaskCards(masked func(path string)) {
	maskTexts(masked, textAt{"ticket.title", &d.Title}, textAt{"ticket.description", &d.Description})
	d.Customer.maskCards(masked)
	d.Integration.maskCards(masked)
	for _, path := range d.Metadata.Masked {
		masked(path)
	}
	maskFileNames(masked, d.Attachments)
}

// given answers recommendations of a service from the draft (see Service.MissingFields): a field of the customer, or a
// text, number, true or false at the first level of the metadata.
func (d TicketDraft) given(path string) string {
	name, inMetadata := strings.CutPrefix(path, "ticket.metadata.")
	if !inMetadata {
		c := d.Customer
		return map[string]string{"customer.email": c.Email, "customer.phone": c.Phone, "customer.identifier": c.Identifier,
			"customer.branchCode": c.BranchCode, "customer.department": c.Department, "customer.preferredLanguage": c.Language}[path]
	}
	if flag, ok := d.Metadata.Flags[name]; ok {
		return strconv.FormatBool(flag)
	}
	return d.Metadata.Texts[name]
}

// Missing lists the fields that the draft's service recommends and that were not given.
func (d TicketDraft) Missing(r *Reference) []string {
	return r.Services[d.ServiceType].MissingFields(d.given)
}

// oneOf notes a fault when a value is not in its list, or is required and absent.
func oneOf[T ~string](faults *Faults, path string, value T, list []T, required bool) {
	switch {
	case value == "" && required:
		faults.Add(path, Required)
	case value != "":
		for _, v := range list {
			if v == value {
				return
			}
		}
		faults.Add(path, MustBeOneOf, join(list))
	}
}

// CheckOneOf notes a fault unless a required value is in its list.
func CheckOneOf[T ~string](faults *Faults, path string, value T, list []T) {
	oneOf(faults, path, value, list, true)
}

// isoTime is the form of an ISO 8601 date, with or without time of day, fraction and offset.
var isoTime = regexp.MustCompile(`^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d([.,]\d{1,9})?)?(Z|[+-]\d\d(:?\d\d)?)?)?$`)

// ParseTime reads an ISO 8601 date or date-time. Without an offset it is meant in WITA; a date is its midnight there.
func ParseTime(s string) (time.Time, bool) {
	if !isoTime.MatchString(s) { // the layouts below also take hours of one digit
		return time.Time{}, false
	}
	layout := time.DateOnly
	if minute := layout + "T15:04"; len(s) > len(layout) {
		clock := s[len(minute):]
		if layout = minute; strings.HasPrefix(clock, ":") {
			layout += ":05" // a fraction may follow
		}
		if i := strings.IndexAny(clock, "Z+-"); i >= 0 {
			layout += offsets[len(clock)-i]
		}
	}
	t, err := time.ParseInLocation(layout, s, WITA())
	if err != nil {
		return time.Time{}, false
	}
	return t.UTC(), true
}

// offsets are the layouts of time by how long an offset is.
var offsets = map[int]string{1: "Z07:00", 3: "Z07", 5: "Z0700", 6: "Z07:00"}

// WITA is Central Indonesia Time, UTC+8, without daylight saving: the bank's own time.
func WITA() *time.Location { return time.FixedZone("WITA", 8*60*60) }

// FormatTime writes a time as the API does: UTC, RFC 3339 with Z, whole seconds.
func FormatTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// CheckLength notes a fault when a text is longer than max characters.
func CheckLength(faults *Faults, path, text string, max int) {
	if len(text) > max && utf8.RuneCountInString(text) > max {
		faults.Add(path, TooLong, strconv.Itoa(max))
	}
}

// PlainMetadata makes metadata of texts by their names, as an employee fills in a form; empty ones are left out. nominal is
// an amount as ParseRupiah reads it, of which a fault is noted unless it is one. Card and account numbers are masked as in what partners send.
func PlainMetadata(texts map[string]string, faults *Faults) Metadata {
	m := Metadata{Accounts: map[string]string{}, Texts: map[string]string{}, Flags: map[string]bool{}}
	dst := []byte{'{'}
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		text := texts[name]
		if text == "" {
			continue
		}
		if len(dst) > 1 {
			dst = append(dst, ',')
		}
		dst = append(AppendJSONString(dst, name), ':')
		m.Texts[name] = text
		masked := false
		switch name {
		case "nominal":
			amount, err := ParseRupiah(text)
			switch {
			case errors.Is(err, ErrAmountRange):
				faults.Add("nominal", ExceedsMaximum)
			case err != nil:
				faults.Add("nominal", AmountUnclear)
			}
			m.Amount, m.Texts[name] = amount, amount.String()
			dst = append(dst, amount.String()...)
			continue
		case "nomorRekening":
			m.Accounts[name] = text
			text = mask.Account(text)
		case "cardNumber":
			text, masked = mask.CardField(text)
		default:
			text, masked = mask.Cards(text)
		}
		if masked {
			m.Texts[name] = text
			m.Masked = append(m.Masked, "ticket.metadata."+name)
		}
		dst = AppendJSONString(dst, text)
	}
	m.JSON = string(append(dst, '}'))
	return m
}
