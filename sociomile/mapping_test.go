package sociomile

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"banksulutgo.co.id/servicedesk/desk"
)

// whole is a ticket that has everything.
func whole() Ticket {
	return Ticket{
		Number: 10001, TicketID: ticketID, Status: desk.Open, Customer: "Nona Contoh", Email: "nona@contoh.test", Title: "KLAIM - OMNI - ATM - TRANSFER",
		Description: "Detail klaim\nNominal: Rp500.000", Given: "Dana <tidak> masuk", Service: "Transaction Claim",
		Branch: desk.Branch{Code: "001", Name: "Cabang Utama"}, Account: "1234567890", Agent: "Agen Contoh",
		Metadata: map[string]string{"mediaTransaksi": "ATM", "jenisTransaksi": "TRANSFER", "nominal": "500000.50", "nomorRekening": "******7890", "nomorKartu": "****1234",
			"claimReason": "Gagal", "claimDate": "2024-12-19T10:30:00Z", "transactionId": "TXN123", "atmId": "0126", "nomorArsip": "77"},
		CreatedAt: time.Date(2024, 12, 19, 16, 30, 0, 0, time.UTC),
	}
}

// told is what is sent for a ticket by the default map.
func told(t *testing.T, r Route, ticket Ticket) (map[string]json.RawMessage, []Note) {
	t.Helper()
	body, notes, err := DefaultMap().Body(r, ticket, "desk@bank.test")
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return members, notes
}

func TestAWholeTicketIsToldInTheOrderOfTheTable(t *testing.T) {
	for route, want := range map[Route]string{
		CreateRoute: `{"namaNasabah":"Nona Contoh","ticketType":"helpdesk","content":"Detail klaim\nNominal: Rp500.000","email":"nona@contoh.test","connectID":"desk@bank.test",` +
			`"mediaTransaksi":"0126","jenisTransaksi":"TRANSFER","nominal":500000.5,"nomorRekening":1234567890,"nomorKartu":1234,"transactionId":"TXN123","claimReason":"Gagal",` +
			`"description":"Dana <tidak> masuk","claimDate":"2024-12-19 18:30:00","branchCode":"001","branchName":"Cabang Utama","atmName":"N/A","atmId":"0126",` +
			`"nomorTicketHelpdesk":10001,"noRegPengaduanCabang":77,"namaTeknisi":"Belum di claim"}`,
		StatusRoute: `{"sociomile_ticket_id":"` + ticketID + `","bsg_ticket_id":"10001","status":"Open","agent":"Agen Contoh","namaTeknisi":"Agen Contoh"}`,
	} {
		body, notes, err := DefaultMap().Body(route, whole(), "desk@bank.test")
		if diff := cmp.Diff(want, string(body)); diff != "" || len(notes) > 0 || err != nil {
			t.Errorf("%s: %v, %v\n%s", route, notes, err, diff)
		}
	}
}

func TestATicketWithNothingMoreThanItMustHaveIsTold(t *testing.T) {
	body, notes, err := DefaultMap().Body(CreateRoute, Ticket{Number: 10001, Customer: "A", Title: "T", Branch: desk.Branch{Code: "X9"}, CreatedAt: time.Unix(0, 0)}, "id")
	want := `{"namaNasabah":"A","ticketType":"helpdesk","content":"T","connectID":"id","mediaTransaksi":"BRANCH_PORTAL","jenisTransaksi":"KLAIM","nominal":0,` +
		`"claimDate":"1970-01-01 08:00:00","branchCode":"X9","branchName":"X9","atmName":"N/A","atmId":"N/A","nomorTicketHelpdesk":10001,"noRegPengaduanCabang":10001,` +
		`"namaTeknisi":"Belum di claim"}`
	if diff := cmp.Diff(want, string(body)); diff != "" || len(notes) > 0 || err != nil {
		t.Errorf("%v, %v\n%s", notes, err, diff)
	}
}

func TestEachRuleOfTheTableHolds(t *testing.T) {
	with := func(member, text string) func(*Ticket) { return func(t *Ticket) { t.Metadata[member] = text } }
	account := func(text string) func(*Ticket) { return func(t *Ticket) { t.Account = text } }
	for _, c := range []struct {
		field, why string
		change     func(*Ticket)
		want       string // empty: left out
		note       desk.Text
	}{
		{"content", "blank description", func(t *Ticket) { t.Description = " \n" }, `"KLAIM - OMNI - ATM - TRANSFER"`, ""},
		{"content", "a card in it", func(t *Ticket) { t.Description = "kartu 4111 1111 1111 1111" }, `"kartu ****1111"`, ""},
		{"email", "none", func(t *Ticket) { t.Email = "" }, "", ""},
		{"mediaTransaksi", "no ATM", with("atmId", ""), `"BRANCH_PORTAL"`, ""},
		{"atmId", "no ATM", with("atmId", ""), `"N/A"`, ""},
		{"atmName", "known", with("atmName", "ATM Bahu Mall"), `"ATM Bahu Mall"`, ""},
		{"jenisTransaksi", "small letters", with("jenisTransaksi", "pembelian"), `"PEMBELIAN"`, ""},
		{"jenisTransaksi", "none", with("jenisTransaksi", ""), `"KLAIM"`, ""},
		{"jenisTransaksi", "unknown", with("jenisTransaksi", "PINJAMAN"), `"KLAIM"`, ""},
		{"jenisTransaksi", "a withdrawal as given", with("jenisTransaksi", "Tarik Tunai"), `"PENARIKAN"`, ""},
		{"jenisTransaksi", "a withdrawal by service", func(t *Ticket) {
			t.Metadata["jenisTransaksi"], t.Service = "", "ATM - Penarikan Tunai"
		}, `"PENARIKAN"`, ""},
		{"nominal", "exact", with("nominal", "9007199254740991"), `9007199254740991`, ""},
		{"nominal", "another spelling", with("nominal", "5e5"), `500000`, ""},
		{"nominal", "below 0", with("nominal", "-1"), `0`, desk.LeftOutUnreadable},
		{"nominal", "no number", with("nominal", "Rp500.000"), `0`, desk.LeftOutUnreadable},
		{"nominal", "too large", with("nominal", "9007199254740993"), `0`, desk.LeftOutAsNumber},
		{"nominal", "a card", with("nominal", "4111111111111111"), `0`, desk.LeftOutUnreadable},
		{"nominal", "of a dispute", func(t *Ticket) { delete(t.Metadata, "nominal"); t.Metadata["disputeAmount"] = "7" }, `7`, ""},
		{"nomorRekening", "none", account(""), "", ""},
		{"nomorRekening", "with dashes", account("123-456 7890"), "1234567890", ""},
		{"nomorRekening", "leading zeros", account("0012345678"), "", desk.LeftOutAsNumber},
		{"nomorRekening", "2^53", account("9007199254740992"), "9007199254740992", ""},
		{"nomorRekening", "above 2^53", account("9007199254740993"), "", desk.LeftOutAsNumber},
		{"nomorRekening", "very long", account(strings.Repeat("1", 40)), "", desk.LeftOutAsNumber},
		{"nomorRekening", "zero", account("0"), "", desk.LeftOutAsNumber},
		{"nomorRekening", "masked", account("******7890"), "", desk.LeftOutUnreadable},
		{"nomorRekening", "a card", account("4111111111111111"), "", desk.LeftOutUnreadable},
		{"nomorRekening", "a card between letters", account("4111a1111b1111c1111"), "", desk.LeftOutUnreadable},
		{"nominal", "a card in another spelling", with("nominal", "4.111111111111111e15"), `0`, desk.LeftOutUnreadable},
		{"nomorRekening", "words", account("tidak tahu"), "", desk.LeftOutUnreadable},
		{"nomorKartu", "none", with("nomorKartu", ""), "", ""},
		{"nomorKartu", "whole", with("nomorKartu", "4111111111111234"), "1234", ""},
		{"nomorKartu", "begins with 0", with("nomorKartu", "****0123"), "", desk.LeftOutAsNumber},
		{"nomorKartu", "too short", with("nomorKartu", "****12"), "", desk.LeftOutUnreadable},
		{"nomorKartu", "other name", func(t *Ticket) { delete(t.Metadata, "nomorKartu"); t.Metadata["cardNumber"] = "****9876" }, "9876", ""},
		{"transactionId", "none", with("transactionId", ""), "", ""},
		{"description", "none", func(t *Ticket) { t.Given = "" }, "", ""},
		{"claimDate", "none", with("claimDate", ""), `"2024-12-20 00:30:00"`, ""},
		{"claimDate", "no date", with("claimDate", "kemarin"), `"2024-12-20 00:30:00"`, ""},
		{"claimDate", "a day", with("claimDate", "2024-12-19"), `"2024-12-19 00:00:00"`, ""},
		{"branchName", "unknown branch", func(t *Ticket) { t.Branch = desk.Branch{Code: "999"} }, `"999"`, ""},
		{"noRegPengaduanCabang", "none", with("nomorArsip", ""), "10001", ""},
		{"noRegPengaduanCabang", "no number", with("nomorArsip", "KC-001/2025"), "10001", desk.LeftOutUnreadable},
		{"noRegPengaduanCabang", "leading zeros", with("nomorArsip", "0077"), "10001", desk.LeftOutUnreadable},
		{"namaTeknisi", "always", func(t *Ticket) { t.Agent = "Agen Contoh" }, `"Belum di claim"`, ""},
	} {
		ticket := whole()
		c.change(&ticket)
		members, notes := told(t, CreateRoute, ticket)
		var note desk.Text
		for _, n := range notes {
			if n.Field == c.field {
				note = n.Text
			}
		}
		if got := string(members[c.field]); got != c.want || note != c.note {
			t.Errorf("%s, %s: %s with note %q; want %s, %q", c.field, c.why, got, note, c.want, c.note)
		}
	}
}

func TestAStatusIsToldInTheProvidersWords(t *testing.T) {
	words := map[desk.Status]string{desk.Open: "Open", desk.InProgress: "InProgress", desk.Pending: "Pending", desk.OnHold: "On Hold",
		desk.Resolved: "Close", desk.Closed: "Close", desk.Cancelled: "Close"}
	for _, s := range desk.Statuses {
		ticket := whole()
		ticket.Status, ticket.Agent = s, ""
		members, _ := told(t, StatusRoute, ticket)
		if got := string(members["status"]); got != `"`+words[s]+`"` || DefaultMap().StatusFor(s) != words[s] {
			t.Errorf("%s is told as %s", s, got)
		}
		if string(members["agent"]) != `"BSG-Helpdesk Automated"` || string(members["namaTeknisi"]) != `"BSG-Helpdesk Automated"` {
			t.Errorf("without an agent %s and %s are told", members["agent"], members["namaTeknisi"])
		}
	}
}

func TestATicketWithoutWhatIsRequiredIsNotTold(t *testing.T) {
	body, _, err := DefaultMap().Body(CreateRoute, Ticket{Number: 1}, "")
	var missing *Missing
	if !errors.As(err, &missing) || body != nil {
		t.Fatalf("got %s, %v", body, err)
	}
	if diff := cmp.Diff([]string{"namaNasabah", "content", "connectID", "branchCode", "branchName"}, missing.Fields); diff != "" || !strings.Contains(err.Error(), "branchCode") {
		t.Errorf("%v:\n%s", err, diff)
	}
	if _, _, err := DefaultMap().Body(StatusRoute, Ticket{Number: 1, Status: desk.Open}, ""); !errors.As(err, &missing) || missing.Fields[0] != "sociomile_ticket_id" {
		t.Errorf("a status without a create: %v", err)
	}
}

func TestNotesAreForPeople(t *testing.T) {
	n := Note{"nomorRekening", desk.LeftOutAsNumber}
	if got := n.In(desk.English); got != "Nomor rekening was not sent to Sociomile: as a number it would lose digits" {
		t.Error(got)
	}
	if got := n.In(desk.Indonesian); !strings.HasPrefix(got, "Nomor rekening tidak dikirim") {
		t.Error(got)
	}
}

func TestAnyTicketIsToldAsJSONWithoutCards(t *testing.T) {
	m := DefaultMap()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"4111111111111111", "kartu 5500-0000-0000-0004!", "0", "\xff\"\\\x00", "00", "-0", "1e400", "٤١١١١١١١١١١١١١١١"}))
		ticket := Ticket{Number: rapid.Int64().Draw(t, "number"), TicketID: text.Draw(t, "id"), Status: rapid.SampledFrom(desk.Statuses).Draw(t, "status"),
			Customer: text.Draw(t, "customer"), Email: text.Draw(t, "email"), Title: text.Draw(t, "title"), Description: text.Draw(t, "description"), Given: text.Draw(t, "given"),
			Service: text.Draw(t, "service"), Branch: desk.Branch{Code: text.Draw(t, "code"), Name: text.Draw(t, "branch")}, Account: text.Draw(t, "account"), Agent: text.Draw(t, "agent"),
			Metadata:  rapid.MapOf(rapid.SampledFrom([]string{"nominal", "nomorKartu", "cardNumber", "claimDate", "atmId", "nomorArsip", "transactionId"}), text).Draw(t, "metadata"),
			CreatedAt: time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "created"), 0)}
		for _, r := range []Route{CreateRoute, StatusRoute} {
			body, _, err := m.Body(r, ticket, "id")
			if missing := (*Missing)(nil); err != nil && !errors.As(err, &missing) {
				t.Fatal(err)
			}
			if err == nil && !json.Valid(body) {
				t.Fatalf("no JSON: %s", body)
			}
			for _, digits := range []string{"41111111", "55000000", "5500-0000", "٤١١١١١١١"} {
				if strings.Contains(string(body), digits) {
					t.Fatalf("a card is told: %s", body)
				}
			}
		}
	})
}

func TestATicketOfTheDeskHasWhatThePartnerGave(t *testing.T) {
	of := desk.Ticket{
		Number: 10001, Status: desk.Open, Customer: desk.Customer{Name: "Nona Contoh", Email: "n***@contoh.test"}, Title: "T", Description: "Deskripsi masalah\nDana tidak masuk",
		ServiceName: "Transaction Claim", Branch: desk.Branch{Code: "001"}, AssigneeName: "Agen", CreatedAt: at,
		Metadata: `{"nominal":500000.50,"description":"Dana tidak masuk","transactionId":123456789012345678901,"flag":true,"inside":{"a":"b"}}`,
		Private:  desk.Private{Email: "nona@contoh.test", Accounts: map[string]string{"z.nomorRekening": "3", "a.nomorRekening": "2", "nomorRekening": "1"}},
	}
	want := Ticket{Number: 10001, TicketID: ticketID, Status: desk.Open, Customer: "Nona Contoh", Email: "nona@contoh.test", Title: "T", Description: of.Description,
		Given: "Dana tidak masuk", Service: "Transaction Claim", Branch: desk.Branch{Code: "001"}, Account: "1", Agent: "Agen", CreatedAt: at,
		Metadata: map[string]string{"nominal": "500000.50", "description": "Dana tidak masuk", "transactionId": "123456789012345678901"}}
	if diff := cmp.Diff(want, TicketOf(&of, ticketID)); diff != "" {
		t.Error(diff)
	}
	delete(of.Private.Accounts, "nomorRekening")
	of.Channel, of.Metadata = "WHATSAPP", ""
	if got := TicketOf(&of, ""); got.Given != of.Description || got.Account != "2" || len(got.Metadata) != 0 {
		t.Errorf("%+v", got)
	}
	of.Private.Accounts = nil
	if got := TicketOf(&of, "").Account; got != "" {
		t.Errorf("an account %s from nowhere", got)
	}
}

func TestTheDefaultMapReadsAsItIsPrinted(t *testing.T) {
	m, err := ReadMap(strings.NewReader(DefaultMapJSON()))
	if diff := cmp.Diff(DefaultMap(), m); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestAMapIsConfiguration(t *testing.T) {
	m, err := ReadMap(strings.NewReader(strings.NewReplacer(
		`{"name": "nomorRekening", "type": "account", "from": ["account"]}`, `{"name": "norek", "type": "text", "from": ["metadata.cif", "account"], "required": true}`,
		`"On Hold"`, `"Hold"`).Replace(DefaultMapJSON())))
	if err != nil {
		t.Fatal(err)
	}
	ticket := whole()
	ticket.Account = "0012345678"
	body, notes, err := m.Body(CreateRoute, ticket, "id")
	if err != nil || len(notes) > 0 || !strings.Contains(string(body), `,"norek":"0012345678","nomorKartu"`) || m.StatusFor(desk.OnHold) != "Hold" {
		t.Errorf("%s, %v, %v", body, notes, err)
	}
}

func TestEachFaultOfAMapIsNamed(t *testing.T) {
	statuses := `"statuses":{"OPEN":"a","IN_PROGRESS":"a","PENDING":"a","ON_HOLD":"a","RESOLVED":"a","CLOSED":"a","CANCELLED":"a"}`
	good := `{"create":[{"name":"a","type":"text","value":"x"}],"status":[{"name":"a","type":"text","from":["status"]}],` + statuses + `}`
	if _, err := ReadMap(strings.NewReader(good)); err != nil {
		t.Fatalf("a good map is refused: %v", err)
	}
	for name, c := range map[string]struct {
		text string
		says []string
	}{
		"empty":          {``, []string{"cannot be read"}},
		"no JSON":        {`{`, []string{"cannot be read"}},
		"more behind it": {good + `{}`, []string{"more behind its end"}},
		"unknown member": {`{"fields":[]}`, []string{`"fields"`}},
		"nothing":        {`{}`, []string{"create: there are no fields", "status: there are no fields", "OPEN is missing", "ON_HOLD is missing"}},
		"all kinds": {`{"create":[{"name":"","type":"text","value":"x"},{"name":"a","type":"nmber","value":"1"},{"name":"a","type":"number","value":"x","from":["custmer.name","metadata."]},` +
			`{"name":"b","type":"card"}],"status":[{"name":"s","type":"text","from":["status"]}],` + strings.Replace(statuses, `"ON_HOLD":"a"`, `"HOLD":"a","ON_HOLD":" "`, 1) + `}`,
			[]string{"it has no name", `unknown type "nmber"`, `field "a": it is there twice`, `the value "x" is no number`, `unknown source "custmer.name"`,
				`unknown source "metadata."`, `field "b": it has neither`, "ON_HOLD is missing", `unknown status "HOLD"`}},
	} {
		_, err := ReadMap(strings.NewReader(c.text))
		if err == nil {
			t.Errorf("%s passes", name)
			continue
		}
		for _, says := range c.says {
			if !strings.Contains(err.Error(), says) {
				t.Errorf("%s: %q is not named in\n%v", name, says, err)
			}
		}
	}
}
