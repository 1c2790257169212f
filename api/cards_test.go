package api_test

import (
	"fmt"
	"strings"
	"testing"

	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// card is a full card number; masked is what may be seen of it.
const (
	card   = "4111 1111 1111 1111"
	masked = "****1111"
)

const cardWarning = "A full card number was masked before it was stored"

// nowhere fails the test when a card number is in what the desk shows, stores or logs.
func nowhere(t *testing.T, d *desktest.Desk, clients ...*desktest.Client) {
	t.Helper()
	d.Sequence(t)
	for _, number := range []string{card, strings.ReplaceAll(card, " ", ""), strings.ReplaceAll(card, " ", "-")} {
		for _, c := range clients {
			for _, path := range []string{"/tickets/list", "/events"} {
				if strings.Contains(string(c.Get(t, path).Want(t, 200).Body), number) {
					t.Errorf("%s shows %s", path, number)
				}
			}
		}
		if strings.Contains(d.Log.String(), number) {
			t.Errorf("the log holds %s", number)
		}
		if where := onDisk(t, d.Folder, []byte(number)); where != "" {
			t.Errorf("%s is stored in %s", number, where)
		}
	}
}

func TestCardNumbersAreMaskedInEveryFieldAndWarnedAbout(t *testing.T) {
	fields := map[string][]string{
		"/claims": {"namaNasabah", "nomorRekening", "nomorKartu", "claimReason", "transactionId", "referenceNumber", "atmId", "description"},
		"/tickets": {"customer.name", "customer.phone", "customer.identifier", "customer.branchCode", "customer.department", "customer.preferredLanguage",
			"ticket.title", "ticket.description", "attachments.0.filename", "attachments.0.description", "attachments.0.mimeType", "ticket.metadata.note", "ticket.metadata.deep.0.er", "ticket.metadata.cardNumber"},
	}
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		full := set(t, fullTicket, "integration", "")
		for path, body := range map[string]string{"/claims": aClaim, "/tickets": full} {
			for _, field := range fields[path] {
				for _, value := range []string{card, "Kartu 4111-1111-1111-1111 tertelan", "4111111111111111"} {
					switch field {
					case "customer.phone":
						value = card // anything else is no telephone number
					case "attachments.0.mimeType":
						value = "text/4111-1111-1111-1111"
					}
					r := c.Post(t, path, set(t, body, field, quote(value))).Want(t, 201)
					if got := r.Warnings()[field]; got != cardWarning {
						t.Errorf("%s: the warnings are %v", field, r.Warnings())
					}
					shown := c.Get(t, "/tickets/"+r.Text("ticketNumber")).Want(t, 200)
					if text := string(shown.Body); strings.Contains(text, "4111") {
						t.Errorf("%s = %s is shown as %s", field, value, text)
					}
				}
			}
		}
		nowhere(t, d, c)
	})
}

func TestCardNumbersInMetadataAreMaskedWhateverTheirForm(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		cases := []struct{ metadata, shown, path string }{
			{`{"n":4111111111111111}`, `{"n":"****1111"}`, "n"}, {`{"n":4.111111111111111e15}`, `{"n":"****1111"}`, "n"}, {`{"n":[1,4111111111111111]}`, `{"n":[1,"****1111"]}`, "n.1"},
			{`{"4111111111111111":"x"}`, `{"****1111":"x"}`, "****1111"}, {`{"a":"4111-1111-1111-1111"}`, `{"a":"****1111"}`, "a"}, {`{"cardNumber":"1234567890123"}`, `{"cardNumber":"****0123"}`, "cardNumber"},
			{`{"a":"4111111111111112"}`, `{"a":"4111111111111112"}`, ""}, {`{"a":"4111111111111111"}`, `{"a":"****1111"}`, "a"},
			{`{"trace":"a4111111-1111-4111-8111-111111111111"}`, `{"trace":"a4111111-1111-4111-8111-111111111111"}`, ""}, {`{"hash":"deadbeef5555555555554444"}`, `{"hash":"deadbeef5555555555554444"}`, ""},
			{`{"cardNumber":"****1234"}`, `{"cardNumber":"****1234"}`, ""},
		}
		for _, tc := range cases {
			r := c.Post(t, "/tickets", ticketOf("INQUIRY", tc.metadata)).Want(t, 201)
			if got := c.Get(t, "/tickets/"+r.Text("ticketNumber")).Text("metadata"); got != tc.shown {
				t.Errorf("%s is shown as %s", tc.metadata, got)
			}
			if _, warned := r.Warnings()["ticket.metadata."+tc.path]; warned != (tc.path != "") {
				t.Errorf("%s: warnings %v", tc.metadata, r.Warnings())
			}
		}
		nowhere(t, d, c)
	})
}

func TestCardNumbersInUpdatesAreMasked(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c, agent := partner(t, d, "partner"), manager(t, d, "agent")
		path := "/tickets/" + opened(t, c, "/tickets", aTicket)
		r := c.Patch(t, path, `{"action":"ADD_COMMENT","comment":"My card `+card+`","author":"`+card+`"}`).Want(t, 200)
		wantTexts(t, r.Warnings(), map[string]string{"comment": cardWarning, "author": cardWarning})
		if r.Text("result.comment.content") != "[Via Omnichannel] My card "+masked || r.Text("result.comment.author") != masked {
			t.Errorf("%s", r.Body)
		}
		r = agent.Patch(t, path, `{"action":"ADD_COMMENT","comment":"Card `+card+`","internal":true}`).Want(t, 200)
		wantTexts(t, r.Warnings(), map[string]string{"comment": cardWarning})
		r = c.Patch(t, path, attach(file("foto "+card+".png", "image/png", png))).Want(t, 200)
		wantTexts(t, r.Warnings(), map[string]string{"attachments.0.filename": cardWarning})
		if r.Text("result.attachments.0.filename") != "foto "+masked+".png" {
			t.Errorf("%s", r.Body)
		}
		agent.Patch(t, path, `{"action":"UPDATE_STATUS","status":"RESOLVED","reason":"`+card+`"}`).Want(t, 200)
		r = agent.Patch(t, path, `{"action":"UPDATE_STATUS","status":"IN_PROGRESS","reason":"Card `+card+`"}`).Want(t, 200)
		wantTexts(t, r.Warnings(), map[string]string{"reason": cardWarning})
		r = c.Patch(t, path, `{"action":"ADD_COMMENT","comment":"x","`+card+`":1}`).Want(t, 200)
		wantTexts(t, r.Warnings(), map[string]string{masked: "Unknown field, ignored"})
		nowhere(t, d, c, agent)
	})
}

func TestIdentifiersThatAreCardNumbersAreRefused(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		labels := map[string]string{"channelReferenceId": "Channel reference ID", "integration.requestId": "Request ID", "integration.partnerId": "Partner ID"}
		for _, number := range []string{card, "4111111111111111", "4111-1111-1111-1111", " 4111111111111111 "} {
			for field, label := range labels {
				for path, body := range map[string]string{"/claims": aClaim, "/tickets": aTicket} {
					wantFaults(t, c.Post(t, path, set(t, body, field, quote(number))), map[string]string{field: label + " must not be a card number"})
				}
			}
			wantFaults(t, c.With("Idempotency-Key", strings.TrimSpace(number)).Post(t, "/claims", aClaim), map[string]string{"Idempotency-Key": "Idempotency-Key must not be a card number"})
		}
		for _, reference := range []string{"ref 4111111111111111", "4111111111111111-1", "4111111111111112", "wa_4111111111111111"} {
			number := opened(t, c, "/claims", set(t, aClaim, "channelReferenceId", quote(reference)))
			if got := c.Get(t, "/tickets/"+number).Text("channelReferenceId"); got != reference {
				t.Errorf("the reference %q became %q", reference, got)
			}
		}
	})
}

func TestCardNumbersInAddressesAndFaultsAreNotKept(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		plain := strings.ReplaceAll(card, " ", "")
		c.Get(t, "/tickets/"+plain).Want(t, 404)
		c.Get(t, "/tickets?channelReferenceId="+plain).Want(t, 404)
		c.Get(t, "/requests/"+plain).Want(t, 404)
		c.Patch(t, "/tickets/"+plain, `{"action":"ADD_COMMENT","comment":"x"}`).Want(t, 404)
		c.Patch(t, "/tickets/"+plain, withID(t, `{"action":"ADD_COMMENT","comment":"x"}`, "r-1")).Want(t, 404)
		c.With("X-Request-Id", plain).Get(t, "/tickets/list").Want(t, 200)
		c.Get(t, "/"+plain).Want(t, 404)
		r := c.Post(t, "/claims", `{"`+plain+`":1,"`+plain+`":2}`).Want(t, 400)
		if strings.Contains(string(r.Body), plain) {
			t.Errorf("%s", r.Body)
		}
		r = c.Post(t, "/tickets", set(t, aTicket, "attachments.0", `{"filename":"a","mimeType":"image/`+plain+`","content":"YQ=="}`)).Want(t, 400)
		if strings.Contains(string(r.Body), plain) {
			t.Errorf("%s", r.Body)
		}
		body := withID(t, aClaim, "r-2")
		c.Post(t, "/claims", body).Want(t, 201)
		r = c.Post(t, "/claims", set(t, body, "x"+plain, `"`+plain+`"`)).Want(t, 422)
		if strings.Contains(string(r.Body), plain) {
			t.Errorf("%s", r.Body)
		}
		nowhere(t, d, c)
	})
}

func TestPersonalIdentifiersAreShownMaskedAndStoredSealed(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c, agent := partner(t, d, "partner"), manager(t, d, "agent")
		secrets := map[string]string{"customer.email": "very.secret@example.com", "customer.phone": "+6281298765432", "customer.identifier": "CIF99887766", "ticket.metadata.nomorRekening": "0099887766554", "ticket.metadata.more.0.nomorRekening": "7766554433"}
		body := aTicket
		for path, value := range secrets {
			body = set(t, body, path, quote(value))
		}
		made := c.Post(t, "/tickets", withID(t, body, "secret")).Want(t, 201)
		claim := c.Post(t, "/claims", set(t, aClaim, "nomorRekening", `"0099887766554"`)).Want(t, 201)
		d.Sequence(t)
		answers := []desktest.Response{made, claim, c.Get(t, "/events"), c.Get(t, "/tickets/list"), c.Get(t, "/requests/secret"), c.Post(t, "/tickets/search", `{"email":"very.secret@example.com"}`)}
		for _, client := range []*desktest.Client{c, agent} {
			shown := client.Get(t, "/tickets/"+made.Text("ticketNumber")).Want(t, 200)
			for path, want := range map[string]string{"customer.email": "v***@example.com", "customer.phone": "+62812****5432", "customer.identifier": "*******7766",
				"metadata.nomorRekening": "*********6554", "metadata.more.0.nomorRekening": "******4433"} {
				if got := shown.Text(path); got != want {
					t.Errorf("%s is shown as %s, want %s", path, got, want)
				}
			}
			answers = append(answers, shown, client.Get(t, "/tickets/"+claim.Text("ticketNumber")))
		}
		for path, secret := range secrets {
			for _, r := range answers {
				if strings.Contains(string(r.Body), secret) {
					t.Errorf("%s is shown in %s", path, r.Body)
				}
			}
			if strings.Contains(d.Log.String(), secret) {
				t.Errorf("%s is in the log", path)
			}
			if where := onDisk(t, d.Folder, []byte(secret)); where != "" {
				t.Errorf("%s is stored in %s", path, where)
			}
		}
		if code := made.Text("trackingCode"); onDisk(t, d.Folder, []byte(code)) != "" {
			t.Error("the tracking code is stored in clear")
		}
	})
}

func TestFaultsDoNotRepeatWhatWasSent(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		for i, field := range []string{"namaNasabah", "mediaTransaksi", "jenisTransaksi", "claimDate", "integration.webhookUrl"} {
			value := fmt.Sprintf("private%d@example.com", i) + strings.Repeat(" ", 300)
			if r := c.Post(t, "/claims", set(t, aClaim, field, quote(value))).Want(t, 400); strings.Contains(string(r.Body), "private") {
				t.Errorf("%s: %s", field, r.Body)
			}
		}
		if strings.Contains(d.Log.String(), "private") {
			t.Error("the log repeats what was sent")
		}
	})
}
