package desk

import (
	"testing"

	"pgregory.net/rapid"
)

// bankService is a line of the bank's table of services (the spec, reference data), with its recommended fields.
type bankService struct {
	kind         ServiceType
	name, group  string
	team         string // as partners see it
	priority     Priority
	category     Category
	hours        int
	confidential bool
	title        string // of a ticket of Jane Smith that was given none
	recommended  []string
}

// bankServices is the bank's table.
var bankServices = []bankService{
	{"CLAIM", "Transaction Claim", "Transaction Claims Support", "Transaction Claims Support", Medium, "SERVICE_REQUEST", 72, false,
		"Claim Request from Jane Smith", []string{"ticket.metadata.mediaTransaksi", "ticket.metadata.nominal",
			"ticket.metadata.jenisTransaksi if ticket.metadata.mediaTransaksi=ATM/TOUCH/SMS"}},
	{"REIMBURSEMENT", "Reimbursement", "Transaction Claims Support", "Transaction Claims Support", Medium, "SERVICE_REQUEST", 72, false,
		"Reimbursement Request - Jane Smith", []string{"customer.email", "ticket.metadata.claimAmount"}},
	{"DISPUTE", "Transaction Dispute", "Transaction Claims Support", "Transaction Claims Support", High, "INCIDENT", 72, true,
		"Transaction Dispute - Jane Smith", []string{"customer.identifier", "ticket.metadata.transactionId"}},
	{"COMPLAINT", "Customer Complaint", "Customer Care", "Dukungan dan Layanan", High, "INCIDENT", 48, true,
		"Customer Complaint - Jane Smith", []string{"customer.email|customer.phone"}},
	{"INQUIRY", "Customer Inquiry", "Call Center", "Call Center", Low, "SERVICE_REQUEST", 72, false, "Customer Inquiry - Jane Smith", nil},
	{"FEEDBACK", "Customer Feedback", "Call Center", "Call Center", Low, "SERVICE_REQUEST", 96, false, "Customer Feedback", nil},
	{"TECHNICAL_SUPPORT", "Technical Support", "Technical Support", "IT Support Team", Medium, "INCIDENT", 24, false,
		"Technical Support Request - Jane Smith", nil},
	{"ACCOUNT_ISSUE", "Account Issue", "Customer Care", "Dukungan dan Layanan", High, "INCIDENT", 24, true,
		"Account Issue - Jane Smith", []string{"customer.identifier"}},
	{"CARD_ISSUE", "Card Issue", "Card Services", "Card Services", High, "INCIDENT", 24, false,
		"Card Issue Reported - Jane Smith", []string{"customer.identifier", "ticket.metadata.cardNumber"}},
	{"ATM_ISSUE", "ATM Issue", "ATM Services", "ATM Services", Critical, "INCIDENT", 24, false, "ATM Issue Report", []string{"ticket.metadata.atmId"}},
	{"MOBILE_BANKING", "Mobile Banking Support", "Technical Support", "IT Support Team", Medium, "INCIDENT", 24, false,
		"Mobile Banking Issue - Jane Smith", []string{"customer.identifier"}},
	{"INTERNET_BANKING", "Internet Banking Support", "Technical Support", "IT Support Team", Medium, "INCIDENT", 24, false,
		"Internet Banking Issue - Jane Smith", []string{"customer.identifier"}},
	{"GENERAL_REQUEST", "General Request", "Customer Care", "Dukungan dan Layanan", Low, "SERVICE_REQUEST", 96, false, "Service Request - Jane Smith", nil},
	{"OTHER", "Other", "Customer Care", "Dukungan dan Layanan", Medium, "SERVICE_REQUEST", 24, false, "Customer Request - Jane Smith", nil},
}

// bankTitles are the titles of tickets that were given none.
var bankTitles = map[ServiceType]string{
	"CLAIM": "Claim Request from {name}", "REIMBURSEMENT": "Reimbursement Request - {name}", "DISPUTE": "Transaction Dispute - {name}",
	"COMPLAINT": "Customer Complaint - {name}", "INQUIRY": "Customer Inquiry - {name}", "FEEDBACK": "Customer Feedback",
	"TECHNICAL_SUPPORT": "Technical Support Request - {name}", "ACCOUNT_ISSUE": "Account Issue - {name}",
	"CARD_ISSUE": "Card Issue Reported - {name}", "ATM_ISSUE": "ATM Issue Report", "MOBILE_BANKING": "Mobile Banking Issue - {name}",
	"INTERNET_BANKING": "Internet Banking Issue - {name}", "GENERAL_REQUEST": "Service Request - {name}", "OTHER": "Customer Request - {name}",
}

// bank is reference data as a new installation has it, with some of the branches.
func bank() *Reference {
	r := &Reference{
		SystemUser: true,
		Services:   map[ServiceType]Service{},
		Groups:     map[string]Group{},
		Branches: map[string]Branch{
			"001": {"001", "Cabang Utama", "Asia/Makassar"}, "016": {"016", "Cabang Jakarta", "Asia/Jakarta"},
			"OMNI": {"OMNI", "OMNICHANNEL", "Asia/Makassar"},
		},
		Calendars: map[string]Calendar{"BUSINESS": DefaultCalendar()},
		Amounts: []AmountRule{
			{SourceClaim, Rupiahs(10_000_000), High}, {SourceTicket, Rupiahs(50_000_000), High}, {SourceTicket, Rupiahs(100_000_000), Critical},
		},
		Catalogue: map[Transaction]string{
			{"ATM", ""}: "ATM", {"ATM", "PEMBELIAN"}: "ATM - Prepaid Services", {"ATM", "PEMBAYARAN"}: "ATM - Bill Payments",
			{"ATM", "TRANSFER"}: "ATM - Inter-bank", {"TOUCH", "TRANSFER"}: "BSGTouch - Transfers", {"QRIS", ""}: "BSG QRIS",
		},
	}
	for _, s := range bankServices {
		group := Group{Code: s.group, Name: s.group, Team: s.team}
		if s.team == s.group {
			group.Team = ""
		}
		r.Groups[group.Code] = group
		service := Service{Type: s.kind, Name: s.name, Group: group, Priority: s.priority, Category: s.category,
			Policy: Policy{ResolutionHours: s.hours}, Confidential: s.confidential, Title: bankTitles[s.kind], Recommended: s.recommended}
		if s.kind == "ACCOUNT_ISSUE" {
			service.KeepWhen = []string{"cannotAccess", "accountLocked"}
		}
		r.Services[s.kind] = service
	}
	return r
}

func TestTheBankHasAServiceForEveryServiceType(t *testing.T) {
	reference := bank()
	for _, kind := range ServiceTypes {
		if reference.Services[kind].Type != kind {
			t.Errorf("there is no service for %s", kind)
		}
	}
	if len(ServiceTypes) != 14 || len(reference.Services) != 14 {
		t.Errorf("%d service types, %d services, want 14", len(ServiceTypes), len(reference.Services))
	}
}

// partnerActor is a key of a partner that may create, read and update.
func partnerActor() Actor {
	return Actor{Kind: ByPartner, ID: "key1", Name: "Omnix", PartnerID: "p1", PartnerName: "Omnix", Permissions: Permissions{"omnichannel:*"}}
}

// agentActor is an employee.
func agentActor() Actor { return Actor{Kind: ByAgent, ID: "a1", Name: "John Tech"} }

// plan is what the program adds to a draft at the time of the document's examples, 2024-12-19T10:30:00Z.
func plan(r *Reference) TicketPlan {
	return TicketPlan{ID: "t1", Number: 12346, Actor: partnerActor(), Reference: r, TrackingCode: "KODE-1", At: hours(0)}
}

// customerDraft is a checked draft of a service type that says as little as it may.
func customerDraft(kind ServiceType) TicketDraft {
	return TicketDraft{Channel: "WHATSAPP", ServiceType: kind, Customer: Customer{Name: "Jane Smith"}, Description: "It does not work.",
		Metadata: Metadata{JSON: "{}"}}
}

// newTicketOf makes a ticket of a draft with the bank's reference data.
func newTicketOf(t rapid.TB, d TicketDraft) (*Ticket, Event) {
	t.Helper()
	ticket, created, err := NewTicket(d, plan(bank()))
	if err != nil {
		t.Fatal(err)
	}
	return ticket, created
}

// openTicket is a new ticket of technical support: 24 hours to resolution, 6 to response.
func openTicket(t rapid.TB) *Ticket {
	t.Helper()
	ticket, _ := newTicketOf(t, customerDraft("TECHNICAL_SUPPORT"))
	return ticket
}
