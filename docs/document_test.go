package docs_test

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/desk"
)

// documentText returns the OpenAPI document of this service.
func documentText(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile("../api/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func loadDocument(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := theDocument()
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// theDocument is read once for all tests, which only look at it.
var theDocument = sync.OnceValues(func() (*openapi3.T, error) {
	return openapi3.NewLoader().LoadFromFile("../api/openapi.yaml")
})

// operations calls visit for every operation of the document.
func operations(doc *openapi3.T, visit func(method, path string, op *openapi3.Operation)) {
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			visit(method, path, op)
		}
	}
}

// bodies calls visit for every body that the document describes; status is empty for a request's.
func bodies(doc *openapi3.T, visit func(operation, status string, media *openapi3.MediaType)) {
	operations(doc, func(_, _ string, op *openapi3.Operation) {
		if op.RequestBody != nil {
			visit(op.OperationID, "", op.RequestBody.Value.Content["application/json"])
		}
		for status, r := range op.Responses.Map() {
			if media := r.Value.Content["application/json"]; media != nil {
				visit(op.OperationID, status, media)
			}
		}
	})
}

func TestTheDocumentIsValidOpenAPI(t *testing.T) {
	doc := loadDocument(t)
	if !doc.IsOpenAPI31OrLater() {
		t.Errorf("version %s, want 3.1", doc.OpenAPI)
	}
	if err := doc.Validate(t.Context(), openapi3.EnableMultiError()); err != nil {
		t.Error(err)
	}
}

func TestEveryExampleFitsItsSchema(t *testing.T) {
	count := 0
	bodies(loadDocument(t), func(operation, status string, media *openapi3.MediaType) {
		direction := openapi3.VisitAsResponse()
		if status == "" {
			direction = openapi3.VisitAsRequest()
		}
		for name, e := range media.Examples {
			count++
			if err := media.Schema.Value.VisitJSON(asJSON(t, e.Value.Value), direction, openapi3.EnableJSONSchema2020()); err != nil {
				t.Errorf("%s %s, example %s: %v", operation, status, name, err)
			}
		}
	})
	if count < 60 {
		t.Errorf("only %d examples were found", count)
	}
}

func TestEveryBodyHasAnExample(t *testing.T) {
	bodies(loadDocument(t), func(operation, status string, media *openapi3.MediaType) {
		if len(media.Examples) == 0 && operation != "getOpenAPIJSON" {
			t.Errorf("%s %s has no example", operation, status)
		}
	})
}

// asJSON turns an example into what a JSON decoder would have made of it.
func asJSON(t *testing.T, value any) any {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var decoded any
	if err := json.Unmarshal(text, &decoded); err != nil {
		t.Fatal(err)
	}
	return decoded
}

// decoded reads JSON; what is none reads as nothing.
func decoded(text string) (value any) {
	if json.Unmarshal([]byte(text), &value) != nil {
		return nil
	}
	return value
}

// openObjects are the places in answers where any key may stand: a partner's own data, texts by path, whole answers, the
// provider's fields.
var openObjects = map[string]bool{
	"metadata": true, "errors": true, "warnings": true, "response": true, "body": true, "data": true, "edits": true,
}

func TestAnswersRefuseUndocumentedKeysAndRequestsDoNot(t *testing.T) {
	bodies(loadDocument(t), func(operation, status string, media *openapi3.MediaType) {
		if operation == "getOpenAPIJSON" {
			return
		}
		objects(media.Schema.Value, "", func(path string, s *openapi3.Schema) {
			closed := s.AdditionalProperties.Has != nil && !*s.AdditionalProperties.Has
			last := path[strings.LastIndexByte(path, '.')+1:]
			switch {
			case status == "" && closed:
				t.Errorf("%s: the request refuses unknown fields of %q", operation, path)
			case status != "" && !closed && (len(s.Properties) > 0 || !openObjects[last]):
				t.Errorf("%s %s: the answer allows unknown keys of %q", operation, status, path)
			}
		})
	})
}

// objects calls visit for a schema and all objects inside it.
func objects(s *openapi3.Schema, path string, visit func(string, *openapi3.Schema)) {
	if s.Type.Includes("object") {
		visit(path, s)
	}
	for name, p := range s.Properties {
		objects(p.Value, path+"."+name, visit)
	}
	if s.Items != nil {
		objects(s.Items.Value, path, visit)
	}
	for _, form := range slices.Concat(s.OneOf, s.AllOf) {
		objects(form.Value, path, visit)
		if form.Value.Then != nil {
			objects(form.Value.Then.Value, path, visit)
		}
	}
}

func TestOperationsDocumentTheirAnswers(t *testing.T) {
	write := []string{"400", "401", "403", "408", "413", "415", "422", "429", "500", "503"}
	read := []string{"200", "304", "400", "401", "403", "429", "500", "503"}
	want := map[string][]string{
		"createClaim":     append([]string{"201"}, write...),
		"createTicket":    append([]string{"201"}, write...),
		"updateTicket":    append([]string{"200", "404", "412"}, write...),
		"getClaim":        append([]string{"404"}, read...),
		"getTicketStatus": append([]string{"404"}, read...),
		"listTickets":     read,
		"getTicket":       append([]string{"404"}, read...),
		"getAttachment":   append([]string{"404"}, read...),
		"listEvents":      read,
		"getRequest":      append([]string{"404"}, read...),
		"searchTickets":   {"200", "400", "401", "403", "408", "413", "415", "429", "500", "503"},
		"createWebhook":   append([]string{"201", "409"}, write...),
		"listWebhooks":    read,
		"getWebhook":      append([]string{"404"}, read...),
		"updateWebhook":   append([]string{"200", "404", "412"}, write...),
		"deleteWebhook":   {"200", "400", "401", "403", "404", "409", "422", "429", "500", "503"},
		"testWebhook":     append([]string{"200", "404"}, write...),
		"listDeliveries":  append([]string{"404"}, read...),
		"resendDelivery":  append([]string{"200", "404"}, write...),
		"skipDelivery":    append([]string{"200", "404", "409"}, write...),
		"runBatch":        {"200", "400", "401", "408", "413", "415", "429", "500", "503"},
		"getOpenAPIYAML":  {"200", "304", "400"},

		"rotateWebhookSecret": append([]string{"200", "404", "409"}, write...),
		"endWebhookRotation":  append([]string{"200", "404"}, write...),
		"resendDeliveries":    append([]string{"200", "404"}, write...),
		"getOpenAPIJSON":      {"200", "304", "400"},

		"getStatus":             {"200", "304", "400", "503"},
		"getStatusJSON":         {"200", "304", "400", "503"},
		"getConnector":          read,
		"listConnectorTickets":  read,
		"getConnectorTicket":    append([]string{"404"}, read...),
		"retryConnectorTicket":  append([]string{"200", "404", "409"}, write...),
		"parkConnectorTicket":   append([]string{"200", "404", "409"}, write...),
		"finishConnectorTicket": append([]string{"200", "404", "409"}, write...),
		"retryConnector":        append([]string{"200"}, write...),
		"pauseConnector":        append([]string{"200"}, write...),
		"resumeConnector":       append([]string{"200"}, write...),
		"probeConnector":        append([]string{"200"}, write...),
	}
	got := map[string][]string{}
	operations(loadDocument(t), func(_, _ string, op *openapi3.Operation) {
		got[op.OperationID] = slices.Sorted(maps.Keys(op.Responses.Map()))
	})
	for _, statuses := range want {
		slices.Sort(statuses)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answers by operation (-want +got):\n%s", diff)
	}
}

func TestAnswersDocumentTheirHeaders(t *testing.T) {
	operations(loadDocument(t), func(method, path string, op *openapi3.Operation) {
		for status, r := range op.Responses.Map() {
			code, _ := strconv.Atoi(status)
			due := map[string]bool{
				"X-Request-Id":        true,
				"ETag":                method == "GET" && code < 400,
				"Retry-After":         code == 429 || code == 503,
				"Idempotent-Replayed": op.Responses.Value("422") != nil && code < 300,
			}
			for name, want := range due {
				if _, got := r.Value.Headers[name]; got != want {
					t.Errorf("%s %s %s: header %s documented: %t, want %t", method, path, status, name, got, want)
				}
			}
		}
	})
}

// documentExamples are the request bodies that the API document prints, without those that it prints shortened.
var documentExamples = map[string][]string{
	"createClaim": {
		`{"namaNasabah":"John Doe","mediaTransaksi":"ATM","jenisTransaksi":"PEMBELIAN","nominal":500000,
		  "nomorRekening":"1234567890","nomorKartu":"****1234","claimReason":"Transaction failed but amount was deducted",
		  "claimDate":"2024-12-19T10:30:00Z","transactionId":"TXN123456789","referenceNumber":"REF987654321",
		  "atmId":"ATM001","description":"ATM transaction failed but money was debited from account"}`,
		`{"namaNasabah":"Ahmad Suryanto","mediaTransaksi":"ATM","jenisTransaksi":"PEMBAYARAN","nominal":150000,
		  "nomorKartu":"****5678","claimReason":"ATM tidak mengeluarkan uang tetapi saldo terpotong","atmId":"ATM_JKT_001",
		  "description":"Transaksi pembayaran di ATM gagal, uang tidak keluar tapi saldo berkurang"}`,
	},
	"createTicket": {
		`{"channel":"EMAIL","serviceType":"MOBILE_BANKING",
		  "customer":{"name":"Sarah Johnson","email":"sarah.j@email.com","identifier":"CIF789123"},
		  "ticket":{"title":"Cannot access mobile banking","description":"App crashes every time I try to check balance",
		    "priority":"MEDIUM",
		    "metadata":{"deviceType":"iPhone 14","applicationVersion":"3.2.1","errorCode":"APP_CRASH_001"}}}`,
		`{"channel":"WEB_PORTAL","serviceType":"COMPLAINT",
		  "customer":{"name":"Robert Kim","email":"robert.kim@email.com","branchCode":"015"},
		  "ticket":{"title":"Poor service at branch","description":"Long waiting time and unprofessional staff behavior",
		    "priority":"HIGH","category":"SERVICE_REQUEST",
		    "metadata":{"incidentDate":"2024-12-18","branchVisited":"015","staffInvolved":"Not specified"}}}`,
	},
	"updateTicket": {
		`{"action":"ADD_COMMENT","comment":"I have restarted my phone and cleared all app data, but the issue persists."}`,
		`{"action":"UPDATE_STATUS","status":"CANCELLED"}`,
		`{"action":"ADD_ATTACHMENT","attachments":[{"filename":"system_logs.txt","mimeType":"text/plain","size":1024,
		  "content":"VGhpcyBpcyBhIHNhbXBsZSBsb2cgZmlsZQ=="}]}`,
	},
}

func TestTheRequestExamplesOfTheAPIDocumentAreInIt(t *testing.T) {
	found := map[string][]any{}
	bodies(loadDocument(t), func(operation, status string, media *openapi3.MediaType) {
		for _, e := range media.Examples {
			if status == "" {
				found[operation] = append(found[operation], asJSON(t, e.Value.Value))
			}
		}
	})
	for operation, texts := range documentExamples {
		for _, text := range texts {
			want := asJSON(t, json.RawMessage(text))
			if !slices.ContainsFunc(found[operation], func(have any) bool { return cmp.Equal(want, have) }) {
				t.Errorf("%s has no example %s", operation, text)
			}
		}
	}
}

// deskMessages are the texts that an error's message may have, as patterns.
func deskMessages() []*regexp.Regexp {
	texts := []desk.Text{
		desk.UnauthorizedText, desk.CannotCreate, desk.CannotRead, desk.CannotUpdate, desk.ValidationFailed,
		desk.EitherReference, desk.TicketNotFound, desk.AttachmentNotFound, desk.RequestNotFound, desk.TicketFinalized,
		desk.SystemUserNotFound, desk.ClaimServiceNotFound, desk.InvalidJSON, desk.BodyTooLarge, desk.NotJSON,
		desk.BadEncoding, desk.BodySlow, desk.RequestIDReused, desk.ChangedElsewhere, desk.RateLimited, desk.TryLater, desk.InternalError,
		desk.TargetNotFound, desk.DeliveryNotFound, desk.TooManyTargets, desk.DeliveryUnderWay, desk.DeliveryNotNext, desk.DeliveryDone, desk.DeliverySkipped, desk.DeliveryGivenUp, desk.TicketTargetStays, desk.TargetKeepsSecret, desk.TargetChanged,
		desk.NotForwarded, desk.ForwardUnderWay, desk.ForwardSentAs,
	}
	argument := regexp.MustCompile(`\\{\d\\}`)
	var patterns []*regexp.Regexp
	for _, text := range texts {
		for _, language := range []desk.Language{desk.English, desk.Indonesian} {
			quoted := regexp.QuoteMeta(text.In(language, ""))
			patterns = append(patterns, regexp.MustCompile("^"+argument.ReplaceAllString(quoted, ".+")+"$"))
		}
	}
	return patterns
}

func TestErrorExamplesUseTheTextsOfTheDesk(t *testing.T) {
	patterns := deskMessages()
	used := map[*regexp.Regexp]bool{}
	bodies(loadDocument(t), func(operation, status string, media *openapi3.MediaType) {
		for name, e := range media.Examples {
			example := asJSON(t, e.Value.Value).(map[string]any)
			message, _ := example["message"].(string)
			if status < "400" || strings.HasPrefix(operation, "getStatus") { // which is no error
				continue
			}
			i := slices.IndexFunc(patterns, func(p *regexp.Regexp) bool { return p.MatchString(message) })
			if i < 0 {
				t.Errorf("%s %s, example %s: the desk has no text %q", operation, status, name, message)
				continue
			}
			used[patterns[i]] = true
		}
	})
	for i := 0; i < len(patterns); i += 2 { // the English ones
		if !used[patterns[i]] {
			t.Errorf("no example shows the message %s", patterns[i])
		}
	}
}

func TestFieldErrorsInExamplesAreWordedAsTheDeskWordsThem(t *testing.T) {
	media, actions := []string{"ATM", "QRIS", "DEBIT", "TOUCH", "SMS"}, "ADD_COMMENT, UPDATE_STATUS, ADD_ATTACHMENT, ASSIGN, SET_PRIORITY"
	want := map[string]string{
		"namaNasabah":            desk.Required.In(desk.English, "namaNasabah"),
		"nominal":                desk.MustBePositive.In(desk.English, "nominal"),
		"jenisTransaksi":         desk.RequiredFor.In(desk.English, "jenisTransaksi", "ATM"),
		"mediaTransaksi":         desk.MustBeOneOf.In(desk.English, "mediaTransaksi", strings.Join(media, ", ")),
		"claimDate":              desk.MustBeISODate.In(desk.English, "claimDate"),
		"customer.name":          desk.Required.In(desk.English, "customer.name"),
		"customer.email":         desk.MustBeEmail.In(desk.English, "customer.email"),
		"attachments.0.content":  desk.MustBeBase64.In(desk.English, "attachments.0.content"),
		"attachments.1.mimeType": desk.TypeDiffers.In(desk.English, "attachments.1.mimeType", "image/png", "application/pdf"),
		"cursor":                 desk.CursorInvalid.In(desk.English, "cursor"),
		"wait":                   desk.MustBeWhole.In(desk.English, "wait", "0", "30"),
		"operations":             desk.TooManyItems.In(desk.English, "operations", "100"),
		"status":                 desk.StatusNotAllowed.In(desk.English, "status", "OPEN", "RESOLVED", "PENDING, CANCELLED"),
		"action":                 desk.MustBeOneOf.In(desk.English, "action", actions),
		"comment":                desk.DiffersFromFirst.In(desk.English, "comment"),
		"integration.requestId":  desk.RequestIDDiffers.In(desk.English, "integration.requestId"),
		"internal":               desk.NotAllowedForKey.In(desk.English, "internal"),
		"identifier":             desk.OneIdentifier.In(desk.English, "identifier"),
		"operations.0.path":      desk.PathRefused.In(desk.English, "operations.0.path"),
	}
	shown := map[string][]string{}
	bodies(loadDocument(t), func(_, _ string, media *openapi3.MediaType) {
		for _, e := range media.Examples {
			errors, _ := asJSON(t, e.Value.Value).(map[string]any)["errors"].(map[string]any)
			for path, text := range errors {
				shown[path] = append(shown[path], text.(string))
			}
		}
	})
	for path, text := range want {
		if !slices.Contains(shown[path], text) {
			t.Errorf("no example shows %s: %q, only %q", path, text, shown[path])
		}
	}
}

func TestListsOfValuesAreThoseOfTheDesk(t *testing.T) {
	doc := loadDocument(t)
	for name, want := range map[string][]string{
		"Channel":        asTexts(desk.Channels),
		"ServiceType":    asTexts(desk.ServiceTypes),
		"Priority":       asTexts(desk.Priorities),
		"Category":       asTexts(desk.Categories),
		"Status":         asTexts(desk.Statuses),
		"MediaTransaksi": asTexts(desk.MediaTransaksi),
		"JenisTransaksi": asTexts(desk.JenisTransaksi),
	} {
		var got []string
		for _, v := range doc.Components.Schemas[name].Value.Enum {
			got = append(got, v.(string))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-desk +document):\n%s", name, diff)
		}
	}
}

func asTexts[T ~string](values []T) []string {
	var texts []string
	for _, v := range values {
		texts = append(texts, string(v))
	}
	return texts
}
