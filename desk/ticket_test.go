package desk

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// sameTicket compares tickets and events.
var sameTicket = cmp.Options{cmpopts.EquateComparable(netip.Addr{}), cmp.Transformer("body", func(b []byte) string { return string(b) })}

func TestTheClaimOfTheDocumentBecomesATicket(t *testing.T) {
	claim := documentClaim()
	claim.ChannelReference = "wa_1"
	claim.Integration = Integration{WebhookURL: "https://a.id/hook", APIVersion: "1.0", PartnerID: "PARTNER_001", RequestID: "req_1"}
	reference := bank()
	p := plan(reference)
	p.Number = 12345
	got, created, err := NewClaim(claim, p)
	if err != nil {
		t.Fatal(err)
	}
	service := reference.Services["CLAIM"]
	want := &Ticket{
		ID: "t1", Number: 12345, PartnerID: "p1", KeyID: "key1", Version: 1, Events: 1,
		ChannelReference: "wa_1", ServiceType: "CLAIM", ServiceName: "Transaction Claim", Group: service.Group,
		Branch: Branch{"OMNI", "OMNICHANNEL", "Asia/Makassar"}, Title: "KLAIM - OMNI - ATM - PEMBELIAN", Description: claim.Text("ATM - Prepaid Services"),
		Category: "SERVICE_REQUEST", Status: Open, Priority: Medium, PriorityRule: "service default MEDIUM",
		Customer: Customer{Name: "John Doe"}, Metadata: claim.Metadata().JSON, APIVersion: "1.0", PartnerRef: "PARTNER_001",
		Private:     Private{Accounts: map[string]string{"nomorRekening": "1234567890"}, TrackingCode: "KODE-1", WebhookURL: "https://a.id/hook"},
		Clocks:      Clocks{StartedAt: hours(0), ResponseDue: hours(18), EscalationDue: hours(54), ResolutionDue: hours(72)},
		PolicyHours: 72, CreatedAt: hours(0), UpdatedAt: hours(0),
	}
	if diff := cmp.Diff(want, got, sameTicket); diff != "" {
		t.Error(diff)
	}
	event := Event{TicketID: "t1", Seq: 1, Type: TicketCreated, PartnerID: "p1", At: hours(0), Actor: partnerActor(),
		Body: []byte(`{"event":"TICKET_CREATED","ticketNumber":"12345","channelReferenceId":"wa_1","timestamp":"2024-12-19T10:30:00Z",` +
			`"data":{"status":"OPEN","priority":"MEDIUM","serviceType":"CLAIM","title":"KLAIM - OMNI - ATM - PEMBELIAN"}}`)}
	if diff := cmp.Diff(event, created, sameTicket); diff != "" {
		t.Error(diff)
	}
}

func TestTheTicketOfTheDocumentIsMade(t *testing.T) {
	reference := bank()
	got, created, err := NewTicket(documentDraft(), plan(reference))
	if err != nil {
		t.Fatal(err)
	}
	customer := documentDraft().Customer
	want := &Ticket{
		ID: "t1", Number: 12346, PartnerID: "p1", KeyID: "key1", Version: 1, Events: 1,
		Channel: "WHATSAPP", ChannelReference: "wa_msg_123456", ServiceType: "TECHNICAL_SUPPORT", ServiceName: "Technical Support",
		Group: reference.Services["TECHNICAL_SUPPORT"].Group, Branch: Branch{"001", "Cabang Utama", "Asia/Makassar"},
		Title: "Mobile Banking Login Issue", Description: "Unable to login to mobile banking app. Getting error code 500.",
		Category: "INCIDENT", Status: Open, Priority: High, AskedPriority: High, PriorityRule: "asked HIGH",
		Customer: customer, Metadata: `{"errorCode":"ERR_500"}`, APIVersion: "1.0", PartnerRef: "PARTNER_001",
		Private: Private{Email: customer.Email, Phone: customer.Phone, Identifier: customer.Identifier, TrackingCode: "KODE-1",
			WebhookURL: "https://your-system.com/webhook"},
		Clocks:      Clocks{StartedAt: hours(0), ResponseDue: hours(6), EscalationDue: hours(18), ResolutionDue: hours(24)},
		PolicyHours: 24, CreatedAt: hours(0), UpdatedAt: hours(0),
	}
	if diff := cmp.Diff(want, got, sameTicket); diff != "" {
		t.Error(diff)
	}
	if got.AssignedTo() != "IT Support Team" || got.Group.Name != "Technical Support" {
		t.Errorf("assigned to %s of %s", got.AssignedTo(), got.Group.Name)
	}
	if created.Seq != 1 || created.Type != TicketCreated || created.ID() != "t1-1" {
		t.Errorf("got event %s, number %d, %s", created.ID(), created.Seq, created.Type)
	}
}

func TestTheFourteenServiceTypesBecomeTicketsOfTheBanksTable(t *testing.T) {
	for _, s := range bankServices {
		got, _ := newTicketOf(t, customerDraft(s.kind))
		line := []any{s.name, s.group, s.team, s.priority, s.category, s.hours, s.confidential, s.title}
		have := []any{got.ServiceName, got.Group.Name, got.AssignedTo(), got.Priority, got.Category, got.PolicyHours, got.Confidential, got.Title}
		if diff := cmp.Diff(line, have); diff != "" {
			t.Errorf("%s:\n%s", s.kind, diff)
		}
		if got.Clocks.ResolutionDue != hours(float64(s.hours)) || got.Clocks.ResponseDue != hours(float64(s.hours)/4) || got.Calendar != "" {
			t.Errorf("%s: due %s and %s", s.kind, got.Clocks.ResponseDue, got.Clocks.ResolutionDue)
		}
		if got.Branch.Code != "OMNI" || got.Status != Open || got.AskedPriority != "" {
			t.Errorf("%s: branch %s, status %s, asked %s", s.kind, got.Branch.Code, got.Status, got.AskedPriority)
		}
	}
}

func TestWhatIsGivenReplacesWhatTheServiceHas(t *testing.T) {
	d := customerDraft("ATM_ISSUE")
	d.Title, d.Category, d.Priority = "ATM rusak", "EVENT_REQUEST", Low
	got, _ := newTicketOf(t, d)
	if got.Title != "ATM rusak" || got.Category != "EVENT_REQUEST" || got.Priority != Low || got.AskedPriority != Low {
		t.Errorf("got %q, %s, %s asked %s", got.Title, got.Category, got.Priority, got.AskedPriority)
	}
	d.Title = " \t"
	if got, _ := newTicketOf(t, d); got.Title != "ATM Issue Report" {
		t.Errorf("a blank title became %q", got.Title)
	}
}

func TestAskedAndEffectivePriorityAreBothKept(t *testing.T) {
	d := customerDraft("DISPUTE")
	d.Priority, d.Metadata.Amount, d.Metadata.Flags = Low, Rupiahs(50_000_000), map[string]bool{"urgent": true}
	got, _ := newTicketOf(t, d)
	if got.AskedPriority != Low || got.Priority != Critical || got.PriorityRule != "asked LOW; amount from 50000000 -> HIGH; urgent -> CRITICAL" {
		t.Errorf("asked %s, effective %s (%s)", got.AskedPriority, got.Priority, got.PriorityRule)
	}
}

func TestClaimsFromTenMillionAreHigh(t *testing.T) {
	for amount, want := range map[Amount]Priority{
		1: Medium, Rupiahs(10_000_000) - 1: Medium, Rupiahs(10_000_000): High, Rupiahs(100_000_000): High, MaxNominal: High,
	} {
		claim := documentClaim()
		claim.Nominal = amount
		got, _, err := NewClaim(claim, plan(bank()))
		if err != nil || got.Priority != want {
			t.Errorf("%s: %v, %v, want %s", amount.Rupiah(), got, err, want)
		}
	}
}

func TestTheDefaultPriorityOfClaimsIsReferenceData(t *testing.T) {
	reference := bank()
	service := reference.Services["CLAIM"]
	service.Priority = Low
	reference.Services["CLAIM"] = service
	got, _, err := NewClaim(documentClaim(), plan(reference))
	if err != nil || got.Priority != Low {
		t.Errorf("got %s, %v", got.Priority, err)
	}
}

func TestAClaimByTicketIsOneClaim(t *testing.T) {
	d := complete("CLAIM")
	d.Metadata.Amount = Rupiahs(20_000_000)
	got, created := newTicketOf(t, d)
	if got.ServiceType != ServiceClaim || got.Priority != Medium || got.Channel != "WHATSAPP" || created.Seq != 1 || got.Events != 1 {
		t.Errorf("got %s, %s, %s, event %d of %d", got.ServiceType, got.Priority, got.Channel, created.Seq, got.Events)
	}
}

func TestBranchesAreKnownKeptOrVirtual(t *testing.T) {
	for code, want := range map[string]Branch{
		"":    {"OMNI", "OMNICHANNEL", "Asia/Makassar"},
		"  ":  {"OMNI", "OMNICHANNEL", "Asia/Makassar"},
		"016": {"016", "Cabang Jakarta", "Asia/Jakarta"},
		"16":  {Code: "16"},
		"999": {Code: "999"},
	} {
		d := customerDraft("OTHER")
		d.Customer.BranchCode = code
		if got, _ := newTicketOf(t, d); got.Branch != want {
			t.Errorf("%q became %+v, want %+v", code, got.Branch, want)
		}
	}
}

func TestMissingFieldsAreKeptWithTheTicket(t *testing.T) {
	got, _ := newTicketOf(t, customerDraft("DISPUTE"))
	if diff := cmp.Diff([]string{"customer.identifier", "ticket.metadata.transactionId"}, got.Missing); diff != "" {
		t.Error(diff)
	}
}

func TestBusinessTimeCountsForServicesThatSaySo(t *testing.T) {
	reference := bank()
	service := reference.Services["OTHER"]
	service.Policy = Policy{ResolutionHours: 8, Calendar: "BUSINESS"}
	reference.Services["OTHER"] = service
	got, _, err := NewTicket(customerDraft("OTHER"), plan(reference))
	if err != nil {
		t.Fatal(err)
	}
	// Thursday 18:30 WITA: the eight hours of Friday, until 17:00 WITA.
	if want := utc(t, "2024-12-20T09:00:00Z"); !got.Clocks.ResolutionDue.Equal(want) || got.Calendar != "BUSINESS" {
		t.Errorf("due %s by %q, want %s", got.Clocks.ResolutionDue, got.Calendar, want)
	}
}

func TestAnInstallationWithoutReferenceDataSaysWhatIsMissing(t *testing.T) {
	without := func(change func(*Reference)) *Reference {
		r := bank()
		change(r)
		return r
	}
	noClaims := without(func(r *Reference) { delete(r.Services, "CLAIM") })
	noSystem := without(func(r *Reference) { r.SystemUser = false })
	noOther := without(func(r *Reference) { delete(r.Services, "OTHER") })
	claim := func(r *Reference) error { _, _, err := NewClaim(documentClaim(), plan(r)); return err }
	ticket := func(kind ServiceType) func(*Reference) error {
		return func(r *Reference) error { _, _, err := NewTicket(customerDraft(kind), plan(r)); return err }
	}
	for _, c := range []struct {
		make      func(*Reference) error
		reference *Reference
		want      string
	}{
		{claim, noClaims, "Claim service not found"},
		{ticket("CLAIM"), noClaims, "Claim service not found"},
		{claim, noSystem, "System user not found"},
		{ticket("OTHER"), noSystem, "System user not found"},
		{ticket("OTHER"), noOther, "Service OTHER not found"},
	} {
		if err := c.make(c.reference); !Is(err, Misconfigured) || err.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}

func TestATicketIsFoundByEachIdentifierOnce(t *testing.T) {
	ticket := &Ticket{Private: Private{Email: "Jane@Email.com", Phone: "0812-3456789", Identifier: "cif1",
		Accounts: map[string]string{"nomorRekening": "123-456", "from.nomorRekening": "123456", "to.nomorRekening": "99", "note": "-"}}}
	want := map[LookupKind][]string{ByEmail: {"jane@email.com"}, ByPhone: {"628123456789"}, ByIdentifier: {"CIF1"}, ByAccount: {"123456", "99"}}
	if diff := cmp.Diff(want, ticket.FindBy()); diff != "" {
		t.Error(diff)
	}
	if found := (&Ticket{}).FindBy(); len(found) != 0 {
		t.Errorf("a ticket of nobody is found by %v", found)
	}
}
