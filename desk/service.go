package desk

import (
	"strings"
)

// Channel is where a customer's word came in (API document, Channel Sources).
type Channel string

// Channels lists the ten channels in the document's order.
var Channels = []Channel{"WHATSAPP", "EMAIL", "CHAT", "PHONE", "SMS", "FACEBOOK", "INSTAGRAM", "TWITTER", "TELEGRAM", "WEB_PORTAL"}

// Counter is the channel of tickets that employees make for a customer at the counter. No partner can use it.
const Counter Channel = "COUNTER"

// ServiceType is the kind of service that is asked for (API document, Service Types).
type ServiceType string

// ServiceTypes lists the fourteen service types in the document's order.
var ServiceTypes = []ServiceType{
	"CLAIM", "REIMBURSEMENT", "DISPUTE",
	"COMPLAINT", "INQUIRY", "FEEDBACK",
	"TECHNICAL_SUPPORT", "ACCOUNT_ISSUE", "CARD_ISSUE", "ATM_ISSUE", "MOBILE_BANKING", "INTERNET_BANKING",
	"GENERAL_REQUEST", "OTHER",
}

// ServiceClaim is the service type of transaction claims.
const ServiceClaim ServiceType = "CLAIM"

// Category is the kind of a ticket (API document, Ticket Categories).
type Category string

// Categories lists the four categories in the document's order.
var Categories = []Category{"INCIDENT", "SERVICE_REQUEST", "CHANGE_REQUEST", "EVENT_REQUEST"}

// CategoryServiceRequest is the category of a claim.
const CategoryServiceRequest Category = "SERVICE_REQUEST"

// Service is an entry of the catalogue: what a service type means at this bank. It is reference data.
type Service struct {
	Type         ServiceType
	Name         string
	NameID       string // Indonesian label
	Group        Group
	Priority     Priority // when none is asked for
	Category     Category // when none is asked for
	Policy       Policy
	Confidential bool     // only the group itself sees its tickets in the console
	Title        string   // when none is given; `{name}` is the customer's name
	KeepWhen     []string // metadata flags under which the priority never goes below the default
	Recommended  []string // fields that should be given; see MissingFields
}

// Group is a support group: a team of agents.
type Group struct {
	Code string
	Name string
	Team string // the team's name as partners see it; the name when there is none
}

// TeamName is the group's name for those outside (API document: "assignedTo": "IT Support Team").
func (g Group) TeamName() string {
	if g.Team != "" {
		return g.Team
	}
	return g.Name
}

// Branch is an office of the bank. Codes are text with leading zeros.
type Branch struct {
	Code     string
	Name     string
	TimeZone string // IANA name
}

// OmniBranch is the virtual branch of tickets that name none.
const OmniBranch = "OMNI"

// AmountRule raises a priority from an amount upwards. Source is CLAIM for `POST /claims`, TICKET for `POST /tickets`.
type AmountRule struct {
	Source   string
	AtLeast  Amount
	Priority Priority
}

// Sources of amount rules.
const (
	SourceClaim  = "CLAIM"
	SourceTicket = "TICKET"
)

// Reference is the reference data of an installation: one consistent copy of it.
type Reference struct {
	SystemUser bool // the agent that stands for the program exists
	Services   map[ServiceType]Service
	Groups     map[string]Group
	Branches   map[string]Branch
	Calendars  map[string]Calendar
	Amounts    []AmountRule
	Catalogue  map[Transaction]string // names of the bank's products
}

// Transaction is what a claim is about, as a key of the bank's catalogue. An entry without a type stands for all
// transactions of its medium that have no entry of their own.
type Transaction struct {
	Media Media
	Type  TransactionType
}

// Product returns the catalogue's name of what a transaction was made with; empty when the catalogue has none.
func (r *Reference) Product(t Transaction) string {
	if name := r.Catalogue[t]; name != "" {
		return name
	}
	return r.Catalogue[Transaction{Media: t.Media}]
}

// TitleFor returns the title of a ticket that was given none.
func (s Service) TitleFor(customer string) string {
	return strings.ReplaceAll(s.Title, "{name}", customer)
}

// MissingFields lists the recommended fields that were not given, or are blank. A recommendation is a path
// (`customer.email`), alternatives (`customer.email|customer.phone`), or a path with a condition on another one
// (`ticket.metadata.jenisTransaksi if ticket.metadata.mediaTransaksi=ATM/TOUCH/SMS`).
func (s Service) MissingFields(given func(path string) string) []string {
	var missing []string
	for _, recommendation := range s.Recommended {
		paths, condition, conditional := strings.Cut(recommendation, " if ")
		if conditional && !holds(condition, given) {
			continue
		}
		if !anyGiven(paths, given) {
			missing = append(missing, paths)
		}
	}
	return missing
}

// holds reports whether a condition `path=A/B` is met.
func holds(condition string, given func(path string) string) bool {
	path, values, _ := strings.Cut(condition, "=")
	have := given(path)
	for v := range strings.SplitSeq(values, "/") {
		if have == v {
			return true
		}
	}
	return false
}

// anyGiven reports whether one of the alternatives `a|b` was given.
func anyGiven(paths string, given func(path string) string) bool {
	for p := range strings.SplitSeq(paths, "|") {
		if !blank(given(p)) {
			return true
		}
	}
	return false
}
