package sociomile

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
)

// Ticket is what the provider may be told of a ticket.
type Ticket struct {
	Number      int64
	TicketID    string // the provider's id of it; empty before the create
	Status      desk.Status
	Customer    string // the name; never an employee's
	Email       string // the customer's, whole; may be empty
	Title       string
	Description string // as agents read it
	Given       string // the description as the partner gave it; may be empty
	Service     string // name in the catalogue
	Branch      desk.Branch
	Account     string            // the customer's account number, whole; may be empty
	Agent       string            // who works on it; empty: nobody
	Metadata    map[string]string // texts and numbers at its first level, numbers as they are written
	CreatedAt   time.Time
	Edits       map[string]string // field of the provider: what a person put in its place; may be nil
}

// TicketOf takes from a ticket, whose private part is decrypted, what the provider may be told. ticketID is the provider's
// id of it, empty before the create.
func TicketOf(t *desk.Ticket, ticketID string) Ticket {
	out := Ticket{
		Number: t.Number, TicketID: ticketID, Status: t.Status, Customer: t.Customer.Name, Email: t.Private.Email,
		Title: t.Title, Description: t.Description, Given: t.Description, Service: t.ServiceName, Branch: t.Branch,
		Account: accountOf(t.Private.Accounts), Agent: t.AssigneeName, Metadata: firstLevel(t.Metadata), CreatedAt: t.CreatedAt,
	}
	if t.Channel == "" { // of a claim by `POST /claims` the desk writes the description
		out.Given = out.Metadata["description"]
	}
	return out
}

// accountOf is the account at the first level of the metadata, else the first of those further inside.
func accountOf(accounts map[string]string) string {
	if account := accounts["nomorRekening"]; account != "" {
		return account
	}
	for _, path := range slices.Sorted(maps.Keys(accounts)) {
		return accounts[path]
	}
	return ""
}

// firstLevel are the texts and numbers of metadata.
func firstLevel(metadata string) map[string]string {
	d := json.NewDecoder(strings.NewReader(metadata))
	d.UseNumber()
	var object map[string]any
	texts := map[string]string{}
	if d.Decode(&object) != nil {
		return texts // none, or of a ticket that has none
	}
	for name, v := range object {
		switch v := v.(type) {
		case string:
			texts[name] = v
		case json.Number:
			texts[name] = v.String()
		}
	}
	return texts
}

// metadataSource begins the sources that are members of the metadata.
const metadataSource = "metadata."

// sources are what a field can be filled from, but for members of the metadata.
var sources = []string{"number", "ticketId", "status", "customer.name", "customer.email", "title", "description", "given", "service", "branch.code",
	"branch.name", "account", "agent", "createdAt", "claimDate", "transactionType", "connectId"}

// from is the text of a source; empty when the ticket has nothing there. The status is the desk's.
func (t Ticket) from(source string) string {
	switch source {
	case "number":
		return strconv.FormatInt(t.Number, 10)
	case "ticketId":
		return t.TicketID
	case "status":
		return string(t.Status)
	case "customer.name":
		return t.Customer
	case "customer.email":
		return t.Email
	case "title":
		return t.Title
	case "description":
		return t.Description
	case "given":
		return t.Given
	case "service":
		return t.Service
	case "branch.code":
		return t.Branch.Code
	case "branch.name":
		return t.Branch.Name
	case "account":
		return t.Account
	case "agent":
		return t.Agent
	case "createdAt":
		return providerTime(t.CreatedAt)
	case "claimDate":
		return t.claimDate()
	case "transactionType":
		return t.transactionType()
	}
	member, _ := strings.CutPrefix(source, metadataSource)
	return t.Metadata[member]
}

// providerTime is a time as the provider wants it, in the bank's own time zone.
func providerTime(at time.Time) string { return at.In(desk.WITA()).Format(time.DateTime) }

// claimDate is the date of the claim when one was given that can be read.
func (t Ticket) claimDate() string {
	if at, ok := desk.ParseTime(strings.TrimSpace(t.Metadata["claimDate"])); ok {
		return providerTime(at)
	}
	return ""
}

// withdrawal are the words for the withdrawal of cash.
var withdrawal = regexp.MustCompile(`(?i)withdraw|penarikan|tarik tunai`)

// transactionType is the one that was given when the provider knows it, else one that the service means.
func (t Ticket) transactionType() string {
	given := strings.ToUpper(strings.TrimSpace(t.Metadata["jenisTransaksi"]))
	switch {
	case slices.Contains(desk.JenisTransaksi, desk.TransactionType(given)):
		return given
	case withdrawal.MatchString(t.Service + " " + given):
		return "PENARIKAN"
	}
	return "KLAIM"
}
