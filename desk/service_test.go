package desk

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMissingFields(t *testing.T) {
	conditional := []string{"b if a=X/Y"}
	for name, c := range map[string]struct {
		recommended []string
		given       map[string]string
		want        []string
	}{
		"nothing recommended":           {nil, nil, nil},
		"one missing":                   {[]string{"a", "b"}, map[string]string{"a": "1"}, []string{"b"}},
		"all missing, in order":         {[]string{"b", "a"}, nil, []string{"b", "a"}},
		"blank says nothing":            {[]string{"a"}, map[string]string{"a": " \t"}, []string{"a"}},
		"first alternative":             {[]string{"a|b"}, map[string]string{"a": "1"}, nil},
		"second alternative":            {[]string{"a|b"}, map[string]string{"b": "1"}, nil},
		"no alternative":                {[]string{"a|b"}, map[string]string{"c": "1"}, []string{"a|b"}},
		"condition met":                 {conditional, map[string]string{"a": "X"}, []string{"b"}},
		"other value meets it":          {conditional, map[string]string{"a": "Y"}, []string{"b"}},
		"condition met, given":          {conditional, map[string]string{"a": "X", "b": "1"}, nil},
		"condition not met":             {conditional, map[string]string{"a": "Z"}, nil},
		"condition absent":              {conditional, nil, nil},
		"condition of another case":     {conditional, map[string]string{"a": "x"}, nil},
		"conditional alternatives":      {[]string{"b|c if a=X"}, map[string]string{"a": "X"}, []string{"b|c"}},
		"conditional alternative given": {[]string{"b|c if a=X"}, map[string]string{"a": "X", "c": "1"}, nil},
	} {
		got := Service{Recommended: c.recommended}.MissingFields(func(path string) string { return c.given[path] })
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

// complete is a draft that gives every field that any service recommends.
func complete(kind ServiceType) TicketDraft {
	d := customerDraft(kind)
	d.Customer.Email, d.Customer.Phone, d.Customer.Identifier = "jane@email.com", "+628123456789", "CIF123456"
	d.Metadata.Texts = map[string]string{"mediaTransaksi": "ATM", "jenisTransaksi": "TRANSFER", "nominal": "1000", "claimAmount": "1000",
		"transactionId": "TXN1", "cardNumber": "****1234", "atmId": "0126"}
	return d
}

func TestEveryServiceMissesWhatTheBankRecommends(t *testing.T) {
	const metadata = "ticket.metadata."
	want := map[ServiceType][]string{
		"CLAIM": {metadata + "mediaTransaksi", metadata + "nominal"}, "REIMBURSEMENT": {"customer.email", metadata + "claimAmount"},
		"DISPUTE": {"customer.identifier", metadata + "transactionId"}, "COMPLAINT": {"customer.email|customer.phone"},
		"ACCOUNT_ISSUE": {"customer.identifier"}, "CARD_ISSUE": {"customer.identifier", metadata + "cardNumber"},
		"ATM_ISSUE": {metadata + "atmId"}, "MOBILE_BANKING": {"customer.identifier"}, "INTERNET_BANKING": {"customer.identifier"},
	}
	reference := bank()
	for _, kind := range ServiceTypes {
		if diff := cmp.Diff(want[kind], customerDraft(kind).Missing(reference)); diff != "" {
			t.Errorf("%s, given nothing:\n%s", kind, diff)
		}
		if missing := complete(kind).Missing(reference); missing != nil {
			t.Errorf("%s, given everything, misses %s", kind, missing)
		}
	}
}

func TestClaimsMissTheTypeOfTheTransactionForSomeMedia(t *testing.T) {
	for _, media := range MediaTransaksi {
		d := complete("CLAIM")
		d.Metadata.Texts["mediaTransaksi"] = string(media)
		delete(d.Metadata.Texts, "jenisTransaksi")
		var want []string
		if media == "ATM" || media == "TOUCH" || media == "SMS" {
			want = []string{"ticket.metadata.jenisTransaksi"}
		}
		if diff := cmp.Diff(want, d.Missing(bank())); diff != "" {
			t.Errorf("%s:\n%s", media, diff)
		}
	}
}

func TestAComplaintNeedsOneWayToAnswer(t *testing.T) {
	for _, give := range []func(*Customer){
		func(c *Customer) { c.Email = "jane@email.com" },
		func(c *Customer) { c.Phone = "0812345678" },
	} {
		d := customerDraft("COMPLAINT")
		give(&d.Customer)
		if missing := d.Missing(bank()); missing != nil {
			t.Errorf("%+v misses %s", d.Customer, missing)
		}
	}
}

func TestEveryFieldOfACustomerAndOfMetadataCanBeRecommended(t *testing.T) {
	fields := []string{"customer.email", "customer.phone", "customer.identifier", "customer.branchCode", "customer.department",
		"customer.preferredLanguage", "ticket.metadata.note", "ticket.metadata.cannotAccess"}
	reference := &Reference{Services: map[ServiceType]Service{"OTHER": {Recommended: fields}}}
	if diff := cmp.Diff(fields, TicketDraft{ServiceType: "OTHER"}.Missing(reference)); diff != "" {
		t.Errorf("given nothing:\n%s", diff)
	}
	d := TicketDraft{ServiceType: "OTHER", Customer: Customer{Email: "e", Phone: "p", Identifier: "i", BranchCode: "b", Department: "d", Language: "l"},
		Metadata: Metadata{Texts: map[string]string{"note": "n"}, Flags: map[string]bool{"cannotAccess": false}}}
	if missing := d.Missing(reference); missing != nil {
		t.Errorf("given everything, it misses %s", missing)
	}
}

func TestAServiceThatIsUnknownMissesNothing(t *testing.T) {
	if missing := customerDraft("CLAIM").Missing(&Reference{}); missing != nil {
		t.Errorf("got %s", missing)
	}
}

func TestProductsAreFoundByMediumAndType(t *testing.T) {
	reference := bank()
	for transaction, want := range map[Transaction]string{
		{"ATM", "PEMBAYARAN"}:   "ATM - Bill Payments",
		{"TOUCH", "TRANSFER"}:   "BSGTouch - Transfers",
		{"QRIS", ""}:            "BSG QRIS",
		{"QRIS", "PEMBELIAN"}:   "BSG QRIS",
		{"ATM", ""}:             "ATM",
		{"TOUCH", "PEMBAYARAN"}: "",
		{"SMS", "TRANSFER"}:     "",
	} {
		if got := reference.Product(transaction); got != want {
			t.Errorf("%v: got %q, want %q", transaction, got, want)
		}
	}
	if got := (&Reference{}).Product(Transaction{"ATM", "TRANSFER"}); got != "" {
		t.Errorf("an empty catalogue has %q", got)
	}
}

func TestTitlesHoldTheNameAsItIs(t *testing.T) {
	s := Service{Title: "Claim Request from {name}"}
	if got, want := s.TitleFor("{name} & Co"), "Claim Request from {name} & Co"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAGroupWithoutATeamNameIsCalledByItsOwn(t *testing.T) {
	for want, g := range map[string]Group{
		"IT Support Team": {Code: "TECH_SUPPORT", Name: "Technical Support", Team: "IT Support Team"},
		"Call Center":     {Code: "CALL_CENTER", Name: "Call Center"},
	} {
		if got := g.TeamName(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// The lists are the document's (Data Types).
func TestTheValuesOfTheDocumentAreKnownInItsOrder(t *testing.T) {
	for want, got := range map[string]string{
		"WHATSAPP EMAIL CHAT PHONE SMS FACEBOOK INSTAGRAM TWITTER TELEGRAM WEB_PORTAL": join(Channels),
		"CLAIM REIMBURSEMENT DISPUTE COMPLAINT INQUIRY FEEDBACK TECHNICAL_SUPPORT ACCOUNT_ISSUE CARD_ISSUE ATM_ISSUE MOBILE_BANKING " +
			"INTERNET_BANKING GENERAL_REQUEST OTHER": join(ServiceTypes),
		"INCIDENT SERVICE_REQUEST CHANGE_REQUEST EVENT_REQUEST": join(Categories),
		"ATM QRIS DEBIT TOUCH SMS":                              join(MediaTransaksi),
		"PEMBELIAN PEMBAYARAN TRANSFER":                         join(JenisTransaksi),
	} {
		if got := strings.ReplaceAll(got, ",", ""); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
