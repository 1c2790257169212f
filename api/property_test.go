package api_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// anyValue makes a JSON value of any kind, texts that look like something among them.
func anyValue() *rapid.Generator[any] {
	text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", " ", "4111111111111111", "a@example.com", "0812345678", "2024-12-19", "https://example.com", "001", "ATM", "OPEN", "YQ==", "text/plain", "\u2028", "😀", "'; --"}))
	scalar := rapid.OneOf(rapid.Map(text, func(s string) any { return s }), rapid.Map(rapid.Float64Range(-1e12, 1e12), func(f float64) any { return f }),
		rapid.Map(rapid.Int64(), func(n int64) any { return n }), rapid.Map(rapid.Bool(), func(b bool) any { return b }), rapid.Just[any](nil))
	return rapid.OneOf(scalar, rapid.Map(rapid.SliceOfN(scalar, 0, 3), func(v []any) any { return v }),
		rapid.Map(rapid.MapOfN(rapid.StringN(0, 8, -1), scalar, 0, 3), func(v map[string]any) any { return v }))
}

// anyBody makes a body with some of the fields set to anything, the others as they are in a valid one.
func anyBody(t *rapid.T, valid string, fields []string) string {
	var root any
	if err := json.Unmarshal([]byte(valid), &root); err != nil {
		t.Fatal(err)
	}
	for _, field := range rapid.SliceOfNDistinct(rapid.SampledFrom(fields), 0, 5, rapid.ID).Draw(t, "fields") {
		value, err := json.Marshal(anyValue().Draw(t, field))
		if err != nil {
			t.Fatal(err)
		}
		root = setAt(root, strings.Split(field, "."), value)
	}
	body, err := json.Marshal(root)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// fieldsOf are the documented fields of a body, and some that nobody knows.
var fieldsOf = map[string][]string{
	"/claims": {"namaNasabah", "mediaTransaksi", "jenisTransaksi", "nominal", "nomorRekening", "nomorKartu", "claimReason", "claimDate", "transactionId", "referenceNumber", "atmId", "description",
		"channelReferenceId", "integration", "integration.webhookUrl", "integration.apiVersion", "integration.partnerId", "integration.requestId", "unknown"},
	"/tickets": {"channel", "channelReferenceId", "serviceType", "customer", "customer.name", "customer.email", "customer.phone", "customer.identifier", "customer.branchCode", "customer.department",
		"customer.preferredLanguage", "ticket", "ticket.title", "ticket.description", "ticket.priority", "ticket.category", "ticket.metadata", "ticket.metadata.x", "attachments", "attachments.0", "attachments.0.filename",
		"attachments.0.mimeType", "attachments.0.size", "attachments.0.content", "integration", "integration.requestId", "integration.webhookUrl", "un.known"},
	"/tickets/search": {"email", "phone", "identifier", "nomorRekening", "cursor", "unknown"},
	"/tickets/1": {"action", "comment", "author", "internal", "status", "reason", "assignee", "supportGroup", "priority", "attachments", "attachments.0.filename", "attachments.0.mimeType", "attachments.0.content",
		"integration.requestId", "unknown"},
	"/batch": {"operations", "operations.0", "operations.0.id", "operations.0.method", "operations.0.path", "operations.0.body", "operations.0.idempotencyKey", "operations.1", "unknown"},
}

func TestNoBodyMakesTheProgramFail(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := d.Client(keyOf(t, d, "partner", "*"))
		number := opened(t, c, "/tickets", aTicket)
		bodies := map[string]string{"/claims": aClaim, "/tickets": fullTicket, "/tickets/search": `{"email":"a@example.com"}`, "/tickets/1": writes(number)[2].body,
			"/batch": batch("GET /tickets/"+number, "POST /claims "+aClaim)}
		rapid.Check(t, func(t *rapid.T) {
			path := rapid.SampledFrom([]string{"/claims", "/tickets", "/tickets/search", "/tickets/1", "/batch"}).Draw(t, "path")
			body, method := anyBody(t, bodies[path], fieldsOf[path]), "POST"
			if path == "/tickets/1" {
				path, method = "/tickets/"+number, "PATCH"
			}
			r, err := c.Send(method, path, []byte(body))
			if err != nil {
				t.Fatal(err) // the contract is broken
			}
			if r.Status >= 500 || r.Status != 422 && r.Status >= 402 {
				t.Fatalf("%s %s %s: %d %s", method, path, body, r.Status, r.Body)
			}
			for i := range r.Len("results") {
				if status := r.Text("results." + string(rune('0'+i)) + ".status"); status >= "500" {
					t.Fatalf("%s: %s", body, r.Body)
				}
			}
		})
	})
}

func TestNoAddressMakesTheProgramFail(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := d.Client(keyOf(t, d, "partner", desk.MayRead))
		rapid.Check(t, func(t *rapid.T) {
			raw := string(rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "raw"))
			path := rapid.SampledFrom([]string{"/tickets/X", "/claims/X", "/requests/X", "/tickets/1/attachments/X", "/tickets?ticketNumber=X", "/tickets?channelReferenceId=X&ticketNumber=X",
				"/tickets/list?cursor=X", "/tickets/list?status=X&limit=X&updatedSince=X", "/events?after=X&limit=X", "/X"}).Draw(t, "path")
			r, err := c.Send("GET", strings.ReplaceAll(path, "X", url.PathEscape(raw)), nil)
			if err != nil {
				t.Fatal(err)
			}
			if r.Status >= 406 {
				t.Fatalf("%s with %q: %d %s", path, raw, r.Status, r.Body)
			}
		})
	})
}
