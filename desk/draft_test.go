package desk

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// documentDraft is the ticket of the document's example (Create Full Ticket) as the door reads it.
func documentDraft() TicketDraft {
	return TicketDraft{
		Channel: "WHATSAPP", ChannelReference: "wa_msg_123456", ServiceType: "TECHNICAL_SUPPORT",
		Customer: Customer{Name: "Jane Smith", Email: "jane.smith@email.com", Phone: "+628123456789", Identifier: "CIF123456",
			BranchCode: "001", Department: "Personal Banking", Language: "id"},
		Title: "Mobile Banking Login Issue", Description: "Unable to login to mobile banking app. Getting error code 500.",
		Priority: High, Category: "INCIDENT",
		Metadata:    Metadata{JSON: `{"errorCode":"ERR_500"}`, Texts: map[string]string{"errorCode": "ERR_500"}},
		Integration: Integration{WebhookURL: "https://your-system.com/webhook", APIVersion: "1.0", PartnerID: "PARTNER_001", RequestID: "req_123456789"},
		Attachments: []Attachment{{Filename: "error_screenshot.png", MIME: "image/png", Size: 245_760}},
	}
}

func TestTheDraftOfTheDocumentIsRight(t *testing.T) {
	if err := documentDraft().Check(); err != nil {
		t.Error(err)
	}
}

func TestADraftThatSaysAsLittleAsItMayIsRight(t *testing.T) {
	for _, kind := range ServiceTypes {
		if err := customerDraft(kind).Check(); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestAllFaultsOfADraftAreToldAtOnce(t *testing.T) {
	const channels = "WHATSAPP, EMAIL, CHAT, PHONE, SMS, FACEBOOK, INSTAGRAM, TWITTER, TELEGRAM, WEB_PORTAL"
	empty := map[string]string{
		"channel":            "Channel is required",
		"serviceType":        "Service type is required",
		"customer.name":      "Customer name is required",
		"ticket.description": "Description is required",
	}
	if diff := cmp.Diff(empty, faultTexts(t, TicketDraft{Description: "\n "}.Check())); diff != "" {
		t.Errorf("nothing given:\n%s", diff)
	}
	wrong := TicketDraft{Channel: "FAX", ServiceType: "claim", ChannelReference: " 4111111111111111 ",
		Customer: Customer{Name: " ", Email: "jane", Phone: "none"}, Priority: "URGENT", Category: "incident",
		Integration: Integration{WebhookURL: "https://user@host/", PartnerID: "5500000000000004", RequestID: "4111-1111-1111-1111"},
		Attachments: filesOf(MaxAttachment + 1)}
	want := map[string]string{
		"channel": "Invalid channel. Must be one of: " + channels,
		"serviceType": "Invalid service type. Must be one of: CLAIM, REIMBURSEMENT, DISPUTE, COMPLAINT, INQUIRY, FEEDBACK, TECHNICAL_SUPPORT, " +
			"ACCOUNT_ISSUE, CARD_ISSUE, ATM_ISSUE, MOBILE_BANKING, INTERNET_BANKING, GENERAL_REQUEST, OTHER",
		"channelReferenceId":     "Channel reference ID must not be a card number",
		"customer.name":          "Customer name is required",
		"customer.email":         "Customer email must be a valid email address",
		"customer.phone":         "Customer phone must be a valid phone number",
		"ticket.description":     "Description is required",
		"ticket.priority":        "Invalid priority. Must be one of: LOW, MEDIUM, HIGH, CRITICAL",
		"ticket.category":        "Invalid category. Must be one of: INCIDENT, SERVICE_REQUEST, CHANGE_REQUEST, EVENT_REQUEST",
		"integration.webhookUrl": "Webhook URL must be a valid http or https URL without user information",
		"integration.partnerId":  "Partner ID must not be a card number",
		"integration.requestId":  "Request ID must not be a card number",
		"attachments.0.content":  "Content must be at most 10 MB",
	}
	if diff := cmp.Diff(want, faultTexts(t, wrong.Check())); diff != "" {
		t.Errorf("all wrong:\n%s", diff)
	}
}

func TestWhatTheDoorFoundIsNotJudgedAgain(t *testing.T) {
	d := customerDraft("OTHER")
	d.Channel, d.Description = "", ""
	d.Faults.Add("channel", MustBeText)
	d.Faults.Add("ticket.description", TooLong, "20000")
	want := map[string]string{"channel": "Channel must be a text", "ticket.description": "Description must be at most 20000 characters"}
	if diff := cmp.Diff(want, faultTexts(t, d.Check())); diff != "" {
		t.Error(diff)
	}
}

func TestLimitsAreThoseOfTheSpec(t *testing.T) {
	for want, got := range map[string]int{
		"name 200": MaxName, "title 255": MaxTitle, "description 20000": MaxDescription, "comment 10000": MaxComment,
		"references and ids 128": MaxReference, "URL 2048": MaxURL, "metadata bytes 65536": MaxMetadata, "keys of metadata 200": MaxKeys,
		"attachments 20": MaxAttachments, "bytes of one 10485760": MaxAttachment, "bytes of all 52428800": MaxAttachmentBytes,
	} {
		if !strings.HasSuffix(want, " "+strconv.Itoa(got)) {
			t.Errorf("want %s, got %d", want, got)
		}
	}
}

func TestAValueMustBeInItsList(t *testing.T) {
	for given, want := range map[Status]map[string]string{
		Open:   nil,
		"":     {"status": "Status is required"},
		"open": {"status": "Invalid status. Must be one of: OPEN, CLOSED"},
	} {
		var faults Faults
		CheckOneOf(&faults, "status", given, []Status{Open, Closed})
		if diff := cmp.Diff(want, faultTexts(t, faults.Err())); diff != "" {
			t.Errorf("%q:\n%s", given, diff)
		}
	}
}

func TestLengthsAreCountedInCharacters(t *testing.T) {
	for _, letter := range []string{"a", "é", "漢", "😀"} {
		for n, tooLong := range map[int]bool{0: false, 199: false, 200: false, 201: true, 900: true} {
			var faults Faults
			CheckLength(&faults, "customer.name", strings.Repeat(letter, n), MaxName)
			want := map[string]string(nil)
			if tooLong {
				want = map[string]string{"customer.name": "Customer name must be at most 200 characters"}
			}
			if diff := cmp.Diff(want, faultTexts(t, faults.Err())); diff != "" {
				t.Errorf("%d times %s:\n%s", n, letter, diff)
			}
		}
	}
}

func TestURLsThatMayBeCalled(t *testing.T) {
	for given, want := range map[string]bool{
		"https://your-system.com/webhook": true,
		"http://10.0.0.1:8080/":           true, // whether it may be reached is decided when it is
		"HTTPS://Host/a?b=c":              true,
		"https://host/a?b=c#d":            false,
		"https://[2001:db8::1]:65535/":    true,
		"https://host":                    true,
		"https://host:/":                  true,
		"https://xn--bcher-kva.id/ü":      true,
		"":                                true, // not given
		"https://user@host/":              false,
		"https://user:secret@host/":       false,
		"https://@host/":                  false,
		"https://:@host/":                 false,
		"ftp://host/":                     false,
		"file:///etc/passwd":              false,
		"javascript:alert(1)":             false,
		"https:host":                      false,
		"https:/host":                     false,
		"//host/path":                     false,
		"host/path":                       false,
		"https://":                        false,
		"https:///path":                   false,
		"https://:8080/":                  false,
		"https://host:0/":                 false,
		"https://host:65536/":             false,
		"https://host:99999999999/":       false,
		"https://host:http/":              false,
		"https://ho st/":                  false,
		"https://host/\n":                 false,
		" https://host/":                  false,
		"https://%41/":                    false,
		"https://[::1/":                   false,
	} {
		var faults Faults
		Integration{WebhookURL: given}.check(&faults)
		if got := faults == nil; got != want {
			t.Errorf("%q: accepted %v, want %v", given, got, want)
		}
	}
}

func TestTimesAreISO8601(t *testing.T) {
	for given, want := range map[string]string{
		"2024-12-19T10:30:00Z":           "2024-12-19T10:30:00Z",
		"2024-12-19T10:30:00.123456789Z": "2024-12-19T10:30:00Z",
		"2024-12-19T10:30:00,5Z":         "2024-12-19T10:30:00Z",
		"2024-12-19T10:30:00+08:00":      "2024-12-19T02:30:00Z",
		"2024-12-19T10:30:00-03:30":      "2024-12-19T14:00:00Z",
		"2024-12-19T10:30:00+0800":       "2024-12-19T02:30:00Z",
		"2024-12-19T10:30:00.000+0000":   "2024-12-19T10:30:00Z",
		"2024-12-19T10:30:00+08":         "2024-12-19T02:30:00Z",
		"2024-12-19T10:30Z":              "2024-12-19T10:30:00Z",
		"2024-12-19T10:30+08:00":         "2024-12-19T02:30:00Z",
		"2024-12-19T10:30+08":            "2024-12-19T02:30:00Z",
		"2024-12-19T10:30:00":            "2024-12-19T02:30:00Z", // WITA
		"2024-12-19T10:30":               "2024-12-19T02:30:00Z",
		"2024-12-19":                     "2024-12-18T16:00:00Z",
		"2024-02-29":                     "2024-02-28T16:00:00Z",
		"2023-02-29":                     "",
		"2024-13-01":                     "",
		"2024-12-32T00:00:00Z":           "",
		"2024-12-19T24:30:00Z":           "",
		"2024-12-19T10:60:00Z":           "",
		"2024-12-19T1:30:00Z":            "",
		"2024-12-19 10:30:00":            "",
		"2024-12-19T10Z":                 "",
		"2024-12-19Z":                    "",
		"2024-12-19T10:30:00 Z":          "",
		"2024-12-19T10:30:00.Z":          "",
		"2024-12-19T10:30.5Z":            "",
		"19-12-2024":                     "",
		"19/12/2024":                     "",
		"1734604200":                     "",
		"yesterday":                      "",
		" 2024-12-19":                    "",
		"2024-12-19\n":                   "",
		"":                               "",
	} {
		at, ok := ParseTime(given)
		got := ""
		if ok {
			got = FormatTime(at)
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", given, got, want)
		}
	}
}

func TestWrittenTimesReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(0, 253_000_000_000).Draw(t, "second"), rapid.Int64Range(0, 999_999_999).Draw(t, "nano"))
		at = at.In(time.FixedZone("", rapid.IntRange(-12*4, 14*4).Draw(t, "quarters")*15*60))
		got, ok := ParseTime(FormatTime(at))
		if !ok || !got.Equal(at.Truncate(time.Second)) || got.Location() != time.UTC {
			t.Fatalf("%s came back as %s, %v", at, got, ok)
		}
		local, ok := ParseTime(at.Format("2006-01-02T15:04:05.999999999-07:00"))
		if !ok || !local.Equal(at) {
			t.Fatalf("%s came back as %s, %v", at, local, ok)
		}
	})
}

func TestTheBanksTimeIsEightHoursAhead(t *testing.T) {
	if got := hours(0).In(WITA()).Format(time.RFC3339 + " MST"); got != "2024-12-19T18:30:00+08:00 WITA" {
		t.Errorf("got %s", got)
	}
}

func TestCardNumbersOfADraftAreMaskedAndTold(t *testing.T) {
	const card = "4111111111111111"
	d := TicketDraft{Title: card, Description: card, ChannelReference: "r " + card,
		Customer: Customer{Name: card, Email: card + "@email.com", Phone: card, Identifier: card, BranchCode: card, Department: card, Language: card},
		Metadata: Metadata{Masked: []string{"ticket.metadata.note"}}, Attachments: []Attachment{{Filename: card + ".png", Description: card}},
		Integration: Integration{WebhookURL: "https://a.id/" + card, APIVersion: card, PartnerID: "p " + card, RequestID: "i " + card}}
	var told []string
	d.MaskCards(func(path string) { told = append(told, path) })
	const masked = "****1111"
	want := TicketDraft{Title: masked, Description: masked, ChannelReference: "r " + card,
		Customer: Customer{Name: masked, Email: masked + "@email.com", Phone: masked, Identifier: masked, BranchCode: masked, Department: masked, Language: masked},
		Metadata: Metadata{Masked: []string{"ticket.metadata.note"}}, Attachments: []Attachment{{Filename: masked + ".png", Description: masked}},
		Integration: Integration{WebhookURL: "https://a.id/" + masked, APIVersion: masked, PartnerID: "p " + card, RequestID: "i " + card}}
	if diff := cmp.Diff(want, d); diff != "" {
		t.Error(diff)
	}
	paths := strings.Fields(`ticket.title ticket.description customer.name customer.email customer.phone customer.identifier customer.branchCode
		customer.department customer.preferredLanguage integration.webhookUrl integration.apiVersion ticket.metadata.note
		attachments.0.filename attachments.0.description`)
	if diff := cmp.Diff(paths, told); diff != "" {
		t.Error(diff)
	}
}

func TestWhatAnEmployeeFillsInIsMetadata(t *testing.T) {
	var faults Faults
	got := PlainMetadata(map[string]string{"nominal": "Rp1.500.000,50", "nomorRekening": "1234567890", "cardNumber": "4111111111111111", "atmId": "0126", "mediaTransaksi": "",
		"transactionId": `5500005555555559 "x"`}, &faults)
	want := Metadata{JSON: `{"atmId":"0126","cardNumber":"****1111","nominal":1500000.5,"nomorRekening":"******7890","transactionId":"****5559 \"x\""}`,
		Amount: got.Amount, Accounts: map[string]string{"nomorRekening": "1234567890"}, Flags: map[string]bool{},
		Texts:  map[string]string{"atmId": "0126", "cardNumber": "****1111", "nominal": "1500000.5", "nomorRekening": "1234567890", "transactionId": `****5559 "x"`},
		Masked: []string{"ticket.metadata.cardNumber", "ticket.metadata.transactionId"}}
	if diff := cmp.Diff(want, got); diff != "" || len(faults) > 0 || got.Amount.String() != "1500000.5" {
		t.Errorf("faults %v, amount %s, metadata (-want +got): %s", faults, got.Amount, diff)
	}
	none := PlainMetadata(map[string]string{"nominal": "", "atmId": ""}, &faults)
	if none.JSON != "{}" || len(faults) > 0 {
		t.Errorf("of an empty form: %s, %v", none.JSON, faults)
	}
	for text, fault := range map[string]Text{"1.500.00": AmountUnclear, "99.999.999.999.999.999.999": ExceedsMaximum} {
		var faults Faults
		broken := PlainMetadata(map[string]string{"nominal": text}, &faults)
		if diff := cmp.Diff(Faults{{Path: "nominal", Text: fault}}, faults); diff != "" || broken.Amount != 0 || broken.JSON != `{"nominal":0}` {
			t.Errorf("%s: %s, faults (-want +got): %s", text, broken.JSON, diff)
		}
	}
}
