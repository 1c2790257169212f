package api_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// set returns a body with the member at a path set to a JSON value; an empty value takes it away. Objects and arrays
// on the way are made.
func set(t testing.TB, body, path, value string) string {
	t.Helper()
	var root any
	if err := json.Unmarshal([]byte(body), &root); err != nil {
		t.Fatal(err)
	}
	changed, err := json.Marshal(setAt(root, strings.Split(path, "."), json.RawMessage(value)))
	if err != nil {
		t.Fatalf("%s = %.100s: %v", path, value, err)
	}
	return string(changed)
}

func setAt(at any, path []string, value json.RawMessage) any {
	if len(path) == 0 {
		return value
	}
	if i, err := strconv.Atoi(path[0]); err == nil {
		items, _ := at.([]any)
		for len(items) <= i {
			items = append(items, map[string]any{})
		}
		items[i] = setAt(items[i], path[1:], value)
		return items
	}
	object, _ := at.(map[string]any)
	if object == nil {
		object = map[string]any{}
	}
	if len(path) == 1 && len(value) == 0 {
		delete(object, path[0])
	} else {
		object[path[0]] = setAt(object[path[0]], path[1:], value)
	}
	return object
}

// fullTicket has every documented field.
const fullTicket = `{"channel":"WHATSAPP","channelReferenceId":"ref","serviceType":"TECHNICAL_SUPPORT",
 "customer":{"name":"A","email":"a@example.com","phone":"0812345678","identifier":"CIF1","branchCode":"001","department":"D","preferredLanguage":"id"},
 "ticket":{"title":"T","description":"D","priority":"LOW","category":"INCIDENT","metadata":{}},
 "attachments":[{"filename":"a.txt","mimeType":"text/plain","size":1,"content":"YQ==","description":"d"}],
 "integration":{"webhookUrl":"https://example.com","apiVersion":"1.0","partnerId":"partner","requestId":"r"}}`

// texts of faults that many fields share.
func tooLong(label string, limit int) string {
	return fmt.Sprintf("%s must be at most %d characters", label, limit)
}

func TestEveryTextHasItsLimit(t *testing.T) {
	email := strings.Repeat("a", 254-len("@example.com")) + "@example.com"
	cases := []struct {
		path, label string
		limit       int
		at          string // a value of exactly the limit; empty: letters
	}{
		{"POST /claims namaNasabah", "Nama nasabah", 200, ""},
		{"POST /claims nomorRekening", "Nomor rekening", 128, ""},
		{"POST /claims nomorKartu", "Nomor kartu", 128, ""},
		{"POST /claims claimReason", "Claim reason", 20000, ""},
		{"POST /claims transactionId", "Transaction ID", 128, ""},
		{"POST /claims referenceNumber", "Reference number", 128, ""},
		{"POST /claims atmId", "ATM ID", 128, ""},
		{"POST /claims description", "Description", 20000, ""},
		{"POST /claims channelReferenceId", "Channel reference ID", 128, ""},
		{"POST /claims integration.requestId", "Request ID", 128, ""},
		{"POST /tickets channelReferenceId", "Channel reference ID", 128, ""},
		{"POST /tickets customer.name", "Customer name", 200, ""},
		{"POST /tickets customer.email", "Customer email", 254, email},
		{"POST /tickets customer.phone", "Customer phone", 128, "0812" + strings.Repeat(" ", 120) + "3456"},
		{"POST /tickets customer.identifier", "Customer identifier", 128, ""},
		{"POST /tickets customer.branchCode", "Branch code", 128, ""},
		{"POST /tickets customer.department", "Department", 200, ""},
		{"POST /tickets customer.preferredLanguage", "Preferred language", 128, ""},
		{"POST /tickets ticket.title", "Title", 255, ""},
		{"POST /tickets ticket.description", "Description", 20000, ""},
		{"POST /tickets attachments.0.filename", "File name", 255, ""},
		{"POST /tickets attachments.0.mimeType", "MIME type", 128, "text/plain; x=" + strings.Repeat("a", 114)},
		{"POST /tickets attachments.0.description", "Description", 2000, ""},
		{"POST /tickets integration.webhookUrl", "Webhook URL", 2048, "https://example.com/" + strings.Repeat("a", 2028)},
		{"POST /tickets integration.apiVersion", "API version", 128, ""},
		{"POST /tickets integration.partnerId", "Partner ID", 128, ""},
		{"POST /tickets integration.requestId", "Request ID", 128, ""},
		{"PATCH ADD_COMMENT comment", "Comment", 10000, ""},
		{"PATCH ADD_COMMENT author", "Author", 200, ""},
		{"PATCH UPDATE_STATUS reason", "Reason", 2000, ""},
	}
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		for i, tc := range cases {
			operation, field, path := strings.Fields(tc.path)[0], strings.Fields(tc.path)[2], strings.Fields(tc.path)[1]
			body := map[string]string{"/claims": aClaim, "/tickets": set(t, fullTicket, "integration.requestId", `"limit-`+strconv.Itoa(i)+`"`),
				"ADD_COMMENT": `{"action":"ADD_COMMENT","comment":"x"}`, "UPDATE_STATUS": `{"action":"UPDATE_STATUS","status":"CANCELLED"}`}[path]
			status := 201
			if operation == "PATCH" {
				path, status = "/tickets/"+opened(t, c, "/tickets", aTicket), 200
			}
			if tc.at == "" {
				tc.at = strings.Repeat(string(rune('à'+i)), tc.limit) // two bytes each: characters count
			}
			over := tc.at + "x"
			if operation == "POST" {
				wantFaults(t, c.Post(t, path, set(t, body, field, quote(over))), map[string]string{field: tooLong(tc.label, tc.limit)})
			} else {
				wantFaults(t, c.Patch(t, path, set(t, body, field, quote(over))), map[string]string{field: tooLong(tc.label, tc.limit)})
			}
			if r := c.Do(t, operation, path, set(t, body, field, quote(tc.at))); r.Status != status {
				t.Errorf("%s at its limit: %d %s", tc.path, r.Status, r.Body)
			}
		}
	})
}

// quote writes a text as JSON.
func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

func TestMetadataHasItsLimits(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		with := func(metadata string) string { return set(t, aTicket, "ticket.metadata", metadata) }
		members := func(n int) string {
			var b strings.Builder
			for i := range n {
				fmt.Fprintf(&b, `,"k%d":%d`, i, i)
			}
			return "{" + strings.TrimPrefix(b.String(), ",") + "}"
		}
		opened(t, c, "/tickets", with(members(200)))
		keys := map[string]string{"ticket.metadata": "Metadata must have at most 200 keys"}
		wantFaults(t, c.Post(t, "/tickets", with(members(201))), keys)
		wantFaults(t, c.Post(t, "/tickets", with(`{"deep":[`+members(100)+`,{"deeper":`+members(99)+`}]}`)), keys)
		const framing = len(`{"k":""}`)
		opened(t, c, "/tickets", with(`{"k":"`+strings.Repeat("a", 64<<10-framing)+`"}`))
		wantFaults(t, c.Post(t, "/tickets", with(`{"k":"`+strings.Repeat("a", 64<<10-framing+1)+`"}`)), map[string]string{"ticket.metadata": "Metadata must be at most 64 kB"})
	})
}

func TestAmountsAreExactAndBounded(t *testing.T) {
	stored := map[string]string{
		"500000": "500000", "0.01": "0.01", "87500.5": "87500.5", "87500.50": "87500.5", "5e5": "500000", "1.5E+3": "1500", "1000000000": "1000000000",
		"1000000000.00": "1000000000", "123456789.99": "123456789.99", "100000000e1": "1000000000", "5000000e-2": "50000",
	}
	faults := map[string]string{
		"0": "Nominal must be positive", "-1": "Nominal must be positive", "-0": "Nominal must be positive", "0e9": "Nominal must be positive",
		"1000000000.01": "Nominal exceeds maximum limit", "1000000001": "Nominal exceeds maximum limit", "1e400": "Nominal exceeds maximum limit",
		"99999999999999999999": "Nominal exceeds maximum limit", "-1e400": "Nominal must be positive",
		"0.001": "Nominal must have at most 2 decimals", "1e-3": "Nominal must have at most 2 decimals", "500000.123": "Nominal must have at most 2 decimals",
		`"500000"`: "Nominal must be a number", `"500.000"`: "Nominal must be a number", "true": "Nominal must be a number",
		"[5]": "Nominal must be a number", "{}": "Nominal must be a number", "null": "Nominal is required",
	}
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		for literal, want := range stored {
			number := opened(t, c, "/claims", set(t, aClaim, "nominal", literal))
			if got := c.Get(t, "/tickets/"+number).Want(t, 200).Text("metadata.nominal"); got != want {
				t.Errorf("nominal %s is shown as %s, want %s", literal, got, want)
			}
		}
		for literal, want := range faults {
			wantFaults(t, c.Post(t, "/claims", strings.Replace(aClaim, "50000", literal, 1)), map[string]string{"nominal": want})
		}
	})
}

func TestFieldsOfTheWrongTypeAreNamed(t *testing.T) {
	texts := []string{
		"POST /claims namaNasabah Nama nasabah", "POST /claims mediaTransaksi Media transaksi", "POST /claims jenisTransaksi Jenis transaksi", "POST /claims nomorRekening Nomor rekening",
		"POST /claims nomorKartu Nomor kartu", "POST /claims claimReason Claim reason", "POST /claims claimDate Claim date", "POST /claims transactionId Transaction ID",
		"POST /claims referenceNumber Reference number", "POST /claims atmId ATM ID", "POST /claims description Description", "POST /claims channelReferenceId Channel reference ID",
		"POST /claims integration.requestId Request ID",
		"POST /tickets channel Channel", "POST /tickets channelReferenceId Channel reference ID", "POST /tickets serviceType Service type", "POST /tickets customer.name Customer name",
		"POST /tickets customer.email Customer email", "POST /tickets customer.phone Customer phone", "POST /tickets customer.identifier Customer identifier",
		"POST /tickets customer.branchCode Branch code", "POST /tickets customer.department Department", "POST /tickets customer.preferredLanguage Preferred language",
		"POST /tickets ticket.title Title", "POST /tickets ticket.description Description", "POST /tickets ticket.priority Priority", "POST /tickets ticket.category Category",
		"POST /tickets attachments.0.filename File name", "POST /tickets attachments.0.mimeType MIME type", "POST /tickets attachments.0.content Content", "POST /tickets attachments.0.description Description",
		"POST /tickets integration.webhookUrl Webhook URL", "POST /tickets integration.apiVersion API version", "POST /tickets integration.partnerId Partner ID", "POST /tickets integration.requestId Request ID",
	}
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		for _, text := range texts {
			parts := strings.SplitN(text, " ", 4)
			body := map[string]string{"/claims": aClaim, "/tickets": fullTicket}[parts[1]]
			for _, value := range []string{"5", "true", "{}", "[]", `["x"]`} {
				r := c.Post(t, parts[1], set(t, body, parts[2], value))
				if r.Status != 400 || r.Errors()[parts[2]] != parts[3]+" must be a text" {
					t.Errorf("%s = %s: %s", text, value, r.Body)
				}
			}
		}
		others := []struct{ path, value, fault string }{
			{"customer", `"x"`, "Customer must be an object"}, {"customer", `[]`, "Customer must be an object"}, {"ticket", `5`, "Ticket must be an object"},
			{"integration", `[]`, "Integration must be an object"}, {"attachments", `{}`, "Attachments must be an array"}, {"attachments", `"x"`, "Attachments must be an array"},
			{"attachments.0", `"x"`, "attachments.0 must be an object"}, {"attachments.0.size", `"70"`, "Size must be a number"}, {"attachments.0.size", `1.5`, "Size must be a whole number from 0 to 10485760"},
			{"attachments.0.size", `-1`, "Size must be a whole number from 0 to 10485760"}, {"ticket.metadata", `[]`, "Metadata must be an object"}, {"ticket.metadata", `"x"`, "Metadata must be an object"},
		}
		for _, tc := range others {
			if got := c.Post(t, "/tickets", set(t, fullTicket, tc.path, tc.value)).Want(t, 400).Errors()[tc.path]; got != tc.fault {
				t.Errorf("%s = %s: %q, want %q", tc.path, tc.value, got, tc.fault)
			}
		}
	})
}

func TestAllFaultsAreToldAtOnce(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		wantFaults(t, c.Post(t, "/claims", `{"namaNasabah":" ","mediaTransaksi":"BANK","jenisTransaksi":"TARIK","nominal":1e10,"claimDate":"19/12/2024","nomorRekening":5,
			"channelReferenceId":"4111111111111111","integration":{"webhookUrl":"ftp://x","requestId":"4111111111111111","partnerId":"5555 5555 5555 4444"}}`), map[string]string{
			"namaNasabah":            "Nama nasabah is required",
			"mediaTransaksi":         "Invalid media transaksi. Must be one of: ATM, QRIS, DEBIT, TOUCH, SMS",
			"jenisTransaksi":         "Invalid jenis transaksi. Must be one of: PEMBELIAN, PEMBAYARAN, TRANSFER",
			"nominal":                "Nominal exceeds maximum limit",
			"claimDate":              "Claim date must be an ISO 8601 date or date-time",
			"nomorRekening":          "Nomor rekening must be a text",
			"channelReferenceId":     "Channel reference ID must not be a card number",
			"integration.webhookUrl": "Webhook URL must be a valid http or https URL without user information",
			"integration.requestId":  "Request ID must not be a card number",
			"integration.partnerId":  "Partner ID must not be a card number",
		})
		wantFaults(t, c.Post(t, "/tickets", `{"channel":"FAX","serviceType":"HELP","customer":{"email":"nobody","phone":"call me"},"ticket":{"priority":"URGENT","category":"BUG","metadata":5},
			"attachments":[{"filename":"a.png","mimeType":"image/png","content":"YQ=="},{"mimeType":"text/plain","size":-1,"content":"?"},{}]}`), map[string]string{
			"channel":                "Invalid channel. Must be one of: WHATSAPP, EMAIL, CHAT, PHONE, SMS, FACEBOOK, INSTAGRAM, TWITTER, TELEGRAM, WEB_PORTAL",
			"serviceType":            "Invalid service type. Must be one of: CLAIM, REIMBURSEMENT, DISPUTE, COMPLAINT, INQUIRY, FEEDBACK, TECHNICAL_SUPPORT, ACCOUNT_ISSUE, CARD_ISSUE, ATM_ISSUE, MOBILE_BANKING, INTERNET_BANKING, GENERAL_REQUEST, OTHER",
			"customer.name":          "Customer name is required",
			"customer.email":         "Customer email must be a valid email address",
			"customer.phone":         "Customer phone must be a valid phone number",
			"ticket.description":     "Description is required",
			"ticket.priority":        "Invalid priority. Must be one of: LOW, MEDIUM, HIGH, CRITICAL",
			"ticket.category":        "Invalid category. Must be one of: INCIDENT, SERVICE_REQUEST, CHANGE_REQUEST, EVENT_REQUEST",
			"ticket.metadata":        "Metadata must be an object",
			"attachments.0.mimeType": "MIME type is image/png, but the content is text/plain",
			"attachments.1.filename": "File name is required",
			"attachments.1.size":     "Size must be a whole number from 0 to 10485760",
			"attachments.1.content":  "Content must be valid base64",
			"attachments.2.filename": "File name is required",
			"attachments.2.mimeType": "MIME type is required",
			"attachments.2.content":  "Content is required",
		})
	})
}

func TestFaultsAreToldInIndonesianWhenAsked(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		for _, accept := range []string{"id", "id-ID,id;q=0.9,en;q=0.8", "fr, id"} {
			r := c.With("Accept-Language", accept).Post(t, "/claims", `{"mediaTransaksi":"ATM","nominal":-1}`)
			wantMessage(t, r, 400, "Validasi gagal.")
			wantTexts(t, r.Errors(), map[string]string{"namaNasabah": "Nama nasabah wajib diisi.", "nominal": "Nominal harus lebih besar dari 0.",
				"jenisTransaksi": "Jenis transaksi wajib diisi bila Media transaksi adalah ATM."})
		}
		for _, accept := range []string{"", "en", "en-US,id;q=0.5", "de", "id;q=0", "*"} {
			wantMessage(t, c.With("Accept-Language", accept).Post(t, "/claims", `{}`), 400, "Validation failed")
		}
		indonesian := c.With("Accept-Language", "id")
		wantMessage(t, indonesian.Get(t, "/tickets/1"), 404, "Tiket tidak ditemukan.")
		wantMessage(t, indonesian.Get(t, "/tickets"), 400, "Isi salah satu: ticketNumber atau channelReferenceId.")
		wantMessage(t, d.Client("").With("Accept-Language", "id").Get(t, "/tickets"), 401, "Kunci API tidak ada atau tidak valid.")
		wantMessage(t, d.Client(keyOf(t, d, "reader", "omnichannel:read")).With("Accept-Language", "id").Post(t, "/claims", aClaim), 403, "Kunci API tidak memiliki izin untuk tindakan ini.")
		r := indonesian.Post(t, "/batch", `{"operations":[{"id":"1","method":"GET","path":"/tickets/1"}]}`).Want(t, 200)
		if got := r.Text("results.0.body.message"); got != "Tiket tidak ditemukan." {
			t.Errorf("inside a batch: %q", got)
		}
	})
}
