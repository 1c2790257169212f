package fake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// form is what the provider wants a field to be.
type form struct {
	name    string
	need    bool
	number  bool
	allowed []string // empty: anything
	layout  string   // of a time; empty: anything
}

// helpdeskForms are the fields of a ticket, voiceForms those of a call, statusForms those of a change of status; see the
// table of the spec.
var (
	helpdeskForms = []form{
		{name: "namaNasabah", need: true}, {name: "ticketType", need: true, allowed: []string{"helpdesk"}}, {name: "content", need: true}, {name: "email"},
		{name: "connectID", need: true}, {name: "mediaTransaksi", need: true},
		{name: "jenisTransaksi", allowed: []string{"PEMBELIAN", "PEMBAYARAN", "TRANSFER", "PENARIKAN", "KLAIM"}},
		{name: "nominal", need: true, number: true}, {name: "nomorRekening", number: true}, {name: "nomorKartu", number: true},
		{name: "transactionId"}, {name: "claimReason"}, {name: "description"}, {name: "claimDate", layout: time.DateTime},
		{name: "branchCode", need: true}, {name: "branchName", need: true}, {name: "atmName", need: true}, {name: "atmId", need: true},
		{name: "nomorTicketHelpdesk", need: true, number: true}, {name: "noRegPengaduanCabang", need: true, number: true}, {name: "namaTeknisi"},
	}
	voiceForms  = []form{{name: "ticketType", need: true}, {name: "connectID", need: true}, {name: "nomorTicketHelpdesk", number: true}}
	statusForms = []form{
		{name: "sociomile_ticket_id", need: true}, {name: "bsg_ticket_id", need: true},
		{name: "status", need: true, allowed: []string{"Open", "InProgress", "Pending", "On Hold", "Close"}}, {name: "agent"}, {name: "namaTeknisi"},
	}
)

// decode reads a JSON object and nothing behind it; numbers keep their digits.
func decode(body []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var fields map[string]any
	if err := d.Decode(&fields); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF || fields == nil {
		return nil, errors.New("more than an object, or none")
	}
	return fields, nil
}

// faultsOf are the faults of each field, in the words of the framework.
func faultsOf(fields map[string]any, isStatus bool) map[string][]string {
	forms := helpdeskForms
	switch {
	case isStatus:
		forms = statusForms
	case fields["ticketType"] == "voice":
		forms = voiceForms
	}
	faults := map[string][]string{}
	for _, f := range forms {
		if fault := f.fault(fields[f.name]); fault != "" {
			faults[f.name] = []string{strings.ReplaceAll(fault, ":attribute", spaced(f.name))}
		}
	}
	return faults
}

// fault says what is wrong with a value; empty: nothing.
func (f form) fault(value any) string {
	if value == nil || value == "" {
		if f.need {
			return "The :attribute field is required."
		}
		return ""
	}
	number, isNumber := value.(json.Number)
	words, isText := value.(string)
	switch {
	case f.number && (!isNumber || !whole(number)):
		return "The :attribute must be a number."
	case f.number && strings.HasPrefix(number.String(), "-"):
		return "The :attribute must be at least 0."
	case f.number:
		return ""
	case !isText:
		return "The :attribute must be a string."
	case len(f.allowed) > 0 && !slices.Contains(f.allowed, words):
		return "The selected :attribute is invalid."
	}
	if _, err := time.Parse(f.layout, words); f.layout != "" && err != nil {
		return "The :attribute does not match the format Y-m-d H:i:s."
	}
	return ""
}

// whole reports whether a number is one that survives the provider's: an amount may have cents.
func whole(n json.Number) bool {
	f, err := strconv.ParseFloat(n.String(), 64)
	return err == nil && math.Abs(f) <= 1<<53
}

// spaced is a field's name as the framework says it: claimDate is claim date.
func spaced(name string) string {
	var b strings.Builder
	for _, r := range name {
		switch {
		case r == '_':
			b.WriteByte(' ')
		case r >= 'A' && r <= 'Z':
			fmt.Fprintf(&b, " %c", r+'a'-'A')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// text is a value that is a text, else nothing.
func text(value any) string {
	s, _ := value.(string)
	return s
}

// integer is a value that is a whole number, else 0.
func integer(value any) int64 {
	n, _ := value.(json.Number)
	i, _ := n.Int64()
	return i
}
