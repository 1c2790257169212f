package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// ticketOf writes a ticket of a service type with metadata.
func ticketOf(serviceType, metadata string) string {
	return fmt.Sprintf(`{"channel":"CHAT","serviceType":"%s","customer":{"name":"Maria Lontoh"},"ticket":{"description":"x","metadata":%s}}`, serviceType, metadata)
}

func TestEveryServiceTypeFollowsTheReferenceData(t *testing.T) {
	cases := []struct{ serviceType, service, group, team, priority, category, hours, title string }{
		{"CLAIM", "Transaction Claim", "Transaction Claims Support", "Transaction Claims Support", "MEDIUM", "SERVICE_REQUEST", "72", "Claim Request from Maria Lontoh"},
		{"REIMBURSEMENT", "Reimbursement", "Transaction Claims Support", "Transaction Claims Support", "MEDIUM", "SERVICE_REQUEST", "72", "Reimbursement Request - Maria Lontoh"},
		{"DISPUTE", "Transaction Dispute", "Transaction Claims Support", "Transaction Claims Support", "HIGH", "INCIDENT", "72", "Transaction Dispute - Maria Lontoh"},
		{"COMPLAINT", "Customer Complaint", "Customer Care", "Dukungan dan Layanan", "HIGH", "INCIDENT", "48", "Customer Complaint - Maria Lontoh"},
		{"INQUIRY", "Customer Inquiry", "Call Center", "Call Center", "LOW", "SERVICE_REQUEST", "72", "Customer Inquiry - Maria Lontoh"},
		{"FEEDBACK", "Customer Feedback", "Call Center", "Call Center", "LOW", "SERVICE_REQUEST", "96", "Customer Feedback"},
		{"TECHNICAL_SUPPORT", "Technical Support", "Technical Support", "IT Support Team", "MEDIUM", "INCIDENT", "24", "Technical Support Request - Maria Lontoh"},
		{"ACCOUNT_ISSUE", "Account Issue", "Customer Care", "Dukungan dan Layanan", "HIGH", "INCIDENT", "24", "Account Issue - Maria Lontoh"},
		{"CARD_ISSUE", "Card Issue", "Card Services", "Card Services", "HIGH", "INCIDENT", "24", "Card Issue Reported - Maria Lontoh"},
		{"ATM_ISSUE", "ATM Issue", "ATM Services", "ATM Services", "CRITICAL", "INCIDENT", "24", "ATM Issue Report"},
		{"MOBILE_BANKING", "Mobile Banking Support", "Technical Support", "IT Support Team", "MEDIUM", "INCIDENT", "24", "Mobile Banking Issue - Maria Lontoh"},
		{"INTERNET_BANKING", "Internet Banking Support", "Technical Support", "IT Support Team", "MEDIUM", "INCIDENT", "24", "Internet Banking Issue - Maria Lontoh"},
		{"GENERAL_REQUEST", "General Request", "Customer Care", "Dukungan dan Layanan", "LOW", "SERVICE_REQUEST", "96", "Service Request - Maria Lontoh"},
		{"OTHER", "Other", "Customer Care", "Dukungan dan Layanan", "MEDIUM", "SERVICE_REQUEST", "24", "Customer Request - Maria Lontoh"},
	}
	if len(cases) != len(desk.ServiceTypes) {
		t.Fatalf("%d cases for %d service types", len(cases), len(desk.ServiceTypes))
	}
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		for _, tc := range cases {
			made := c.Post(t, "/tickets", ticketOf(tc.serviceType, "{}")).Want(t, 201)
			shown := c.Get(t, "/tickets/"+made.Text("ticketNumber")).Want(t, 200)
			for path, want := range map[string]string{"service.name": tc.service, "service.supportGroup": tc.group, "priority": tc.priority, "category": tc.category, "title": tc.title,
				"serviceType": tc.serviceType, "status": "OPEN", "branch.code": "OMNI", "branch.name": "OMNICHANNEL", "requestedPriority": "null", "currentAssignee": "null"} {
				if got := shown.Text(path); got != want {
					t.Errorf("%s: %s is %s, want %s", tc.serviceType, path, got, want)
				}
			}
			if made.Text("metadata.assignedTo") != tc.team || made.Text("metadata.supportGroup") != tc.group || made.Text("metadata.slaHours") != tc.hours {
				t.Errorf("%s: %s", tc.serviceType, made.Text("metadata"))
			}
			if made.Text("estimatedResolution") != shown.Text("sla.resolutionDeadline") {
				t.Errorf("%s: estimatedResolution %s, resolutionDeadline %s", tc.serviceType, made.Text("estimatedResolution"), shown.Text("sla.resolutionDeadline"))
			}
		}
	})
}

func TestEveryListedValueIsAccepted(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		for _, channel := range desk.Channels {
			number := opened(t, c, "/tickets", set(t, aTicket, "channel", quote(string(channel))))
			if got := c.Get(t, "/tickets/"+number).Text("channel"); got != string(channel) {
				t.Errorf("channel %s is shown as %s", channel, got)
			}
		}
		for _, priority := range desk.Priorities {
			for _, category := range desk.Categories {
				body := set(t, set(t, aTicket, "ticket.priority", quote(string(priority))), "ticket.category", quote(string(category)))
				r := c.Get(t, "/tickets/"+opened(t, c, "/tickets", body))
				if r.Text("priority") != string(priority) || r.Text("requestedPriority") != string(priority) || r.Text("category") != string(category) {
					t.Errorf("%s, %s: %s", priority, category, r.Body)
				}
			}
		}
		for _, media := range desk.MediaTransaksi {
			for _, jenis := range desk.JenisTransaksi {
				body := set(t, set(t, aClaim, "mediaTransaksi", quote(string(media))), "jenisTransaksi", quote(string(jenis)))
				want := fmt.Sprintf("KLAIM - OMNI - %s - %s", media, jenis)
				if got := c.Get(t, "/tickets/"+opened(t, c, "/claims", body)).Text("title"); got != want {
					t.Errorf("the title is %q, want %q", got, want)
				}
			}
			r := c.Post(t, "/claims", set(t, aClaim, "mediaTransaksi", quote(string(media))))
			if media == "QRIS" || media == "DEBIT" {
				if got := c.Get(t, "/tickets/"+r.Want(t, 201).Text("ticketNumber")).Text("title"); got != "KLAIM - OMNI - "+string(media) {
					t.Errorf("without a type the title is %q", got)
				}
			} else {
				wantFaults(t, r, map[string]string{"jenisTransaksi": "Jenis transaksi is required for " + string(media)})
			}
		}
	})
}

func TestPrioritiesAreRaisedByAmountsAndFlags(t *testing.T) {
	cases := []struct{ serviceType, asked, metadata, want string }{
		{"INQUIRY", "", `{}`, "LOW"}, {"INQUIRY", "CRITICAL", `{}`, "CRITICAL"}, {"ATM_ISSUE", "LOW", `{}`, "LOW"}, {"INQUIRY", "", `{"urgent":true}`, "MEDIUM"},
		{"INQUIRY", "", `{"escalated":true}`, "MEDIUM"}, {"INQUIRY", "", `{"urgent":true,"escalated":true}`, "MEDIUM"}, {"INQUIRY", "", `{"urgent":"true"}`, "LOW"}, {"INQUIRY", "", `{"urgent":1}`, "LOW"},
		{"ATM_ISSUE", "", `{"urgent":true}`, "CRITICAL"}, {"CLAIM", "", `{"nominal":49999999.99}`, "MEDIUM"}, {"CLAIM", "", `{"nominal":50000000}`, "HIGH"}, {"CLAIM", "", `{"nominal":5e7}`, "HIGH"},
		{"CLAIM", "", `{"nominal":100000000}`, "CRITICAL"}, {"REIMBURSEMENT", "LOW", `{"claimAmount":50000000}`, "HIGH"}, {"DISPUTE", "", `{"disputeAmount":1}`, "HIGH"},
		{"DISPUTE", "", `{"disputeAmount":100000000,"nominal":1}`, "CRITICAL"}, {"CLAIM", "", `{"nominal":50000000,"urgent":true}`, "CRITICAL"}, {"CLAIM", "", `{"deep":{"nominal":100000000}}`, "MEDIUM"},
		{"CLAIM", "CRITICAL", `{"nominal":50000000}`, "CRITICAL"}, {"CLAIM", "", `{"amount":100000000}`, "MEDIUM"}, {"CLAIM", "", `{"nominal":"100000000"}`, "MEDIUM"},
		{"ACCOUNT_ISSUE", "LOW", `{"cannotAccess":true}`, "HIGH"}, {"ACCOUNT_ISSUE", "LOW", `{"accountLocked":true}`, "HIGH"}, {"ACCOUNT_ISSUE", "LOW", `{}`, "LOW"}, {"ACCOUNT_ISSUE", "CRITICAL", `{"accountLocked":true}`, "CRITICAL"},
	}
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		for _, tc := range cases {
			body := ticketOf(tc.serviceType, tc.metadata)
			if tc.asked != "" {
				body = set(t, body, "ticket.priority", quote(tc.asked))
			}
			r := c.Get(t, "/tickets/"+opened(t, c, "/tickets", body)).Want(t, 200)
			asked := tc.asked
			if asked == "" {
				asked = "null"
			}
			if r.Text("priority") != tc.want || r.Text("requestedPriority") != asked {
				t.Errorf("%v: priority %s, requested %s", tc, r.Text("priority"), r.Text("requestedPriority"))
			}
		}
		for nominal, want := range map[string]string{"9999999.99": "MEDIUM", "10000000": "HIGH", "1000000000": "HIGH", "1": "MEDIUM"} {
			if got := c.Get(t, "/tickets/"+opened(t, c, "/claims", set(t, aClaim, "nominal", nominal))).Text("priority"); got != want {
				t.Errorf("a claim of %s: %s, want %s", nominal, got, want)
			}
		}
	})
}

func TestRecommendedFieldsAreMissedButNotRequired(t *testing.T) {
	identifier := map[string]string{"customer.identifier": "Customer identifier"}
	cases := []struct {
		serviceType, body string
		missing           map[string]string
	}{
		{"CLAIM", `{}`, map[string]string{"ticket.metadata.mediaTransaksi": "ticket.metadata.mediaTransaksi", "ticket.metadata.nominal": "ticket.metadata.nominal"}},
		{"CLAIM", `{"mediaTransaksi":"ATM","nominal":5}`, map[string]string{"ticket.metadata.jenisTransaksi": "ticket.metadata.jenisTransaksi"}},
		{"CLAIM", `{"mediaTransaksi":"QRIS","nominal":5}`, nil}, {"CLAIM", `{"mediaTransaksi":"SMS","nominal":5,"jenisTransaksi":"TRANSFER"}`, nil},
		{"REIMBURSEMENT", `{}`, map[string]string{"customer.email": "Customer email", "ticket.metadata.claimAmount": "ticket.metadata.claimAmount"}},
		{"DISPUTE", `{}`, map[string]string{"customer.identifier": "Customer identifier", "ticket.metadata.transactionId": "ticket.metadata.transactionId"}},
		{"COMPLAINT", `{}`, map[string]string{"customer.email|customer.phone": "Customer email or customer phone"}},
		{"ACCOUNT_ISSUE", `{}`, identifier}, {"MOBILE_BANKING", `{}`, identifier}, {"INTERNET_BANKING", `{}`, identifier},
		{"CARD_ISSUE", `{"cardNumber":"****1234"}`, identifier}, {"CARD_ISSUE", `{}`, map[string]string{"customer.identifier": "Customer identifier", "ticket.metadata.cardNumber": "ticket.metadata.cardNumber"}},
		{"ATM_ISSUE", `{}`, map[string]string{"ticket.metadata.atmId": "ticket.metadata.atmId"}}, {"ATM_ISSUE", `{"atmId":"0126"}`, nil}, {"INQUIRY", `{}`, nil}, {"OTHER", `{}`, nil},
	}
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		for _, tc := range cases {
			r := c.Post(t, "/tickets", ticketOf(tc.serviceType, tc.body)).Want(t, 201)
			want, paths := map[string]string{}, []string{}
			for path, label := range tc.missing {
				want[path] = label + " is recommended for " + tc.serviceType
				paths = append(paths, path)
			}
			wantTexts(t, r.Warnings(), want)
			shown := c.Get(t, "/tickets/"+r.Text("ticketNumber"))
			if shown.Len("missingInformation") != len(paths) {
				t.Errorf("%s: missing information %s, want %v", tc.serviceType, shown.Text("missingInformation"), paths)
			}
		}
	})
}

func TestBranchesAreKeptAsGiven(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		for code, name := range map[string]string{"001": "Cabang Utama", "015": "Cabang Tilamuta", "051": "Capem Modoinding", "SLA": "Sentra Layanan ATM", "OMNI": "OMNICHANNEL"} {
			r := c.Post(t, "/tickets", set(t, aTicket, "customer.branchCode", quote(code))).Want(t, 201)
			if shown := c.Get(t, "/tickets/"+r.Text("ticketNumber")); r.Has("warnings") || shown.Text("branch.code") != code || shown.Text("branch.name") != name {
				t.Errorf("%s: %s, %s", code, r.Body, shown.Text("branch"))
			}
		}
		for _, code := range []string{"1", "01", "052", "Manado", " 001"} {
			r := c.Post(t, "/tickets", set(t, aTicket, "customer.branchCode", quote(code))).Want(t, 201)
			wantTexts(t, r.Warnings(), map[string]string{"customer.branchCode": "Unknown branch code, kept as given"})
			if shown := c.Get(t, "/tickets/"+r.Text("ticketNumber")); shown.Text("branch.code") != code || shown.Text("branch.name") != "" || shown.Text("customer.branchCode") != code {
				t.Errorf("%q: %s", code, shown.Text("branch"))
			}
		}
	})
}

func TestWhatContradictsTheKeyIsWarnedAbout(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := documented(t, d)
		for path, body := range map[string]string{"/claims": aClaim, "/tickets": aTicket} {
			r := c.Post(t, path, set(t, set(t, body, "integration.partnerId", `"PARTNER_002"`), "integration.apiVersion", `"2.0"`)).Want(t, 201)
			wantTexts(t, r.Warnings(), map[string]string{"integration.partnerId": "The partner of this API key is PARTNER_001", "integration.apiVersion": "Unknown API version, answered as 1.0"})
			r = c.Post(t, path, set(t, set(t, body, "integration.partnerId", `"PARTNER_001"`), "integration.apiVersion", `"1.0"`)).Want(t, 201)
			if r.Has("warnings") {
				t.Errorf("warnings: %s", r.Body)
			}
		}
		for _, url := range []string{"ftp://example.com", "https://user:secret@example.com/", "example.com/hook", "https://", "javascript:alert(1)", "//example.com"} {
			wantFaults(t, c.Post(t, "/claims", set(t, aClaim, "integration.webhookUrl", quote(url))), map[string]string{"integration.webhookUrl": "Webhook URL must be a valid http or https URL without user information"})
		}
		wantFaults(t, c.Post(t, "/claims", set(t, aClaim, "integration.webhookUrl", `"https://example.com/#top"`)), map[string]string{"integration.webhookUrl": "Webhook URL must not have a fragment (#…), which no request carries"})
	})
}

func TestAClaimIsATicketThatSaysWhatWasClaimed(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		r := c.Get(t, "/tickets/"+opened(t, c, "/claims", claimExample)).Want(t, 200)
		const metadata = `{"namaNasabah":"John Doe","mediaTransaksi":"ATM","jenisTransaksi":"PEMBELIAN","nominal":500000,"nomorRekening":"******7890","nomorKartu":"****1234",` +
			`"claimReason":"Transaction failed but amount was deducted","claimDate":"2024-12-19T10:30:00Z","transactionId":"TXN123456789","referenceNumber":"REF987654321","atmId":"ATM001",` +
			`"description":"ATM transaction failed but money was debited from account"}`
		if got := r.Text("metadata"); got != metadata {
			t.Errorf("metadata\n%s\nwant\n%s", got, metadata)
		}
		for path, want := range map[string]string{"title": "KLAIM - OMNI - ATM - PEMBELIAN", "category": "SERVICE_REQUEST", "serviceType": "CLAIM", "branch.code": "OMNI", "branch.name": "OMNICHANNEL",
			"channel": "null", "customer.name": "John Doe", "customer.branchCode": "null", "service.name": "Transaction Claim", "service.supportGroup": "Transaction Claims Support"} {
			if got := r.Text(path); got != want {
				t.Errorf("%s is %q, want %q", path, got, want)
			}
		}
		description := r.Text("description")
		for _, line := range []string{"Detail klaim", "Nama nasabah: John Doe", "Nominal: Rp500.000", "Nomor rekening: ******7890", "Nomor kartu: ****1234", "Informasi transaksi", "ATM: ATM001", "Deskripsi masalah"} {
			if !strings.Contains(description, line) {
				t.Errorf("the description does not say %q:\n%s", line, description)
			}
		}
		if strings.Contains(string(r.Body), "1234567890") {
			t.Error("the account number is shown")
		}
	})
}

func TestEveryTicketGetsItsNumberAndTrackingCode(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		node := d.Node(t).Client(keyOf(t, d, "on another node", everything))
		numbers, codes := map[string]bool{}, map[string]bool{}
		for range 5 {
			for _, r := range []desktest.Response{c.Post(t, "/claims", aClaim), node.Post(t, "/tickets", aTicket)} {
				number, code := r.Want(t, 201).Text("ticketNumber"), r.Text("trackingCode")
				if numbers[number] || codes[code] || number == "" || code == "" {
					t.Errorf("number %s or code %s twice", number, code)
				}
				numbers[number], codes[code] = true, true
				if r.Text("trackingUrl") != "/tickets/"+number {
					t.Errorf("trackingUrl is %s", r.Text("trackingUrl"))
				}
				if shown := string(c.Get(t, "/tickets/"+number).Body); strings.Contains(shown, code) {
					t.Errorf("a read shows the tracking code: %s", shown)
				}
			}
		}
	})
}

func TestClocksAnswerForThemselves(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c, agent := partner(t, d, "partner"), manager(t, d, "agent")
		breached := func(number string) string { return c.Get(t, "/claims/"+number).Want(t, 200).Text("sla.isBreached") }
		untouched, answered, paused, held, resolved := opened(t, c, "/claims", aClaim), opened(t, c, "/claims", aClaim), opened(t, c, "/claims", aClaim), opened(t, c, "/claims", aClaim), opened(t, c, "/claims", aClaim)
		agent.Patch(t, "/tickets/"+answered, `{"action":"ADD_COMMENT","comment":"We look into it"}`).Want(t, 200)
		agent.Patch(t, "/tickets/"+paused, change(desk.Pending)).Want(t, 200)
		agent.Patch(t, "/tickets/"+held, change(desk.OnHold)).Want(t, 200)
		agent.Patch(t, "/tickets/"+resolved, change(desk.Resolved)).Want(t, 200)
		c.Patch(t, "/tickets/"+untouched, `{"action":"ADD_COMMENT","comment":"Hello?"}`).Want(t, 200)
		wantBreached := func(after time.Duration, want map[string]string) {
			t.Helper()
			d.Clock.Advance(after)
			for number, breach := range want {
				if got := breached(number); got != breach {
					t.Errorf("%s: isBreached is %s, want %s", number, got, breach)
				}
			}
		}
		wantBreached(18*time.Hour, map[string]string{untouched: "false", answered: "false", paused: "false", held: "false", resolved: "false"})
		wantBreached(time.Second, map[string]string{untouched: "true", answered: "false", paused: "false", held: "true", resolved: "false"})
		wantBreached(54*time.Hour, map[string]string{untouched: "true", answered: "true", paused: "false", held: "true", resolved: "false"})
		agent.Patch(t, "/tickets/"+answered, change(desk.Resolved)).Want(t, 200)
		c.Patch(t, "/tickets/"+paused, `{"action":"ADD_COMMENT","comment":"Here"}`).Want(t, 200)
		if got := c.Get(t, "/claims/"+paused).Text("sla.resolutionDeadline"); got != "2024-12-25T10:30:01Z" {
			t.Errorf("after a pause of 72 hours and a second the deadline is %s", got)
		}
		wantBreached(18*time.Hour, map[string]string{answered: "true", paused: "false", resolved: "false"})
		wantBreached(1000*time.Hour, map[string]string{answered: "true", paused: "true", resolved: "false"})
	})
}

func TestAClaimByItsServiceTypeMakesExactlyOneTicket(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		number := opened(t, c, "/tickets", ticketOf("CLAIM", `{"mediaTransaksi":"ATM","jenisTransaksi":"TRANSFER","nominal":500000}`))
		d.Sequence(t)
		if got := strings.Join(numbers(c.Get(t, "/tickets/list")), ","); got != number {
			t.Errorf("the list holds %s, want %s", got, number)
		}
		if got := strings.Join(names(c.Get(t, "/events")), ","); got != "TICKET_CREATED "+number {
			t.Errorf("the events are %s", got)
		}
	})
}
