package api_test

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strings"
	"testing"

	"net/http/httptest"

	"github.com/klauspost/compress/gzhttp"

	"banksulutgo.co.id/servicedesk/api"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

func TestWhatIsNotStrictJSONIsRefusedWithItsPosition(t *testing.T) {
	deep := `{"a":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`
	cases := []struct{ name, body, message string }{
		{"empty", " ", "the body is empty at line 1, column 1"},
		{"cut", `{"namaNasabah":"A"`, "unexpected end of the body at line 1, column 19"},
		{"trailing comma", "{\"a\":1,\n}", "unexpected character '}' at line 2, column 1"},
		{"single quotes", `{'a':1}`, `unexpected character '\'' at line 1, column 2`},
		{"line comment", "{\n  // note\n}", "comments are not allowed at line 2, column 3"},
		{"block comment", `{"a":/* x */1}`, "comments are not allowed at line 1, column 6"},
		{"comment behind", aClaim + " // done", "comments are not allowed at line 1, column 72"},
		{"trailing data", `{} {}`, "more data after the end at line 1, column 4"},
		{"duplicate key", `{"nominal":1,"nominal":2}`, `duplicate key "nominal" at line 1, column 14`},
		{"duplicate key, escaped", `{"nominal":1,"\u006eominal":2}`, `duplicate key "nominal" at line 1, column 14`},
		{"duplicate key inside", `{"ticket":{"x":[{"a":1,"a":2}]}}`, `duplicate key "a" at line 1, column 24`},
		{"prototype", `{"__proto__":{"x":1}}`, `key "__proto__" is not allowed at line 1, column 2`},
		{"prototype, escaped", `{"a":{"\u005f_proto__":1}}`, `key "__proto__" is not allowed at line 1, column 7`},
		{"too deep", deep, "more than 64 levels at line 1, column 69"},
		{"NUL", `{"a":"\u0000"}`, "NUL character at line 1, column 7"},
		{"raw NUL", "{\"a\":\"\x00\"}", "NUL character at line 1, column 7"},
		{"NUL in a key", `{"\u0000":1}`, "NUL character at line 1, column 3"},
		{"lone high surrogate", `{"a":"\ud83d"}`, "lone surrogate at line 1, column 7"},
		{"lone low surrogate", `{"a":"\ude00"}`, "lone surrogate at line 1, column 7"},
		{"surrogates the wrong way round", `{"a":"\ude00\ud83d"}`, "lone surrogate at line 1, column 7"},
		{"invalid UTF-8", "{\"a\":\"\xff\"}", "invalid UTF-8 at line 1, column 7"},
		{"byte order mark", "\ufeff{}", "byte order mark at line 1, column 1"},
		{"control character", "{\"a\":\"\n\"}", "control character in a string at line 1, column 7"},
		{"NaN", `{"nominal":NaN}`, "unexpected character 'N' at line 1, column 12"},
		{"leading zero", `{"nominal":0123}`, "unexpected character '1' at line 1, column 13"},
		{"plus sign", `{"nominal":+1}`, "unexpected character '+' at line 1, column 12"},
	}
	d := onDesk(t)
	c := partner(t, d, "partner")
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			wantMessage(t, c.Post(t, "/claims", tc.body), 400, "Invalid JSON: "+tc.message)
		})
	}
	wantMessage(t, c.With("Accept-Language", "id").Post(t, "/claims", `{`), 400, "JSON tidak valid: isi berakhir terlalu dini pada baris 1, kolom 2")
}

func TestEveryOperationWithABodyWantsAnObject(t *testing.T) {
	d := onDesk(t)
	c := partner(t, d, "partner")
	number := opened(t, c, "/tickets", aTicket)
	for _, path := range []string{"POST /claims", "POST /tickets", "POST /tickets/search", "POST /batch", "PATCH /tickets/" + number} {
		method, path, _ := strings.Cut(path, " ")
		for _, body := range []string{`[]`, `"text"`, `5`, `true`, `null`, `[{}]`} {
			wantFaults(t, c.Do(t, method, path, body), map[string]string{"body": "Body must be an object"})
		}
		wantMessage(t, c.Do(t, method, path, ""), 400, "Invalid JSON: the body is empty at line 1, column 1")
		wantMessage(t, c.Do(t, method, path, `{"a":1,}`), 400, "Invalid JSON: unexpected character '}' at line 1, column 8")
	}
}

func TestSurrogatePairsAndEveryOtherCharacterArePassedOn(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		body := `{"channel":"PHONE","serviceType":"INQUIRY","customer":{"name":"Ñ \ud83d\ude00 <b>&amp;\u2028"},"ticket":{"description":"a\tb\u001f\"\\\/","metadata":{"k<>":"v\u00e9"}}}`
		r := c.Get(t, "/tickets/"+opened(t, c, "/tickets", body)).Want(t, 200)
		for path, want := range map[string]string{"customer.name": "Ñ 😀 <b>&amp;\u2028", "description": "a\tb\x1f\"\\/", "metadata.k<>": "vé"} {
			if got := r.Text(path); got != want {
				t.Errorf("%s is %q, want %q", path, got, want)
			}
		}
	})
}

func TestNullAndEmptyTextsCountAsAbsent(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		for _, absent := range []string{`null`, `""`} {
			claim := strings.NewReplacer("{", `{"jenisTransaksi":A,"nomorRekening":A,"nomorKartu":A,"claimReason":A,"claimDate":A,"transactionId":A,"referenceNumber":A,`+
				`"atmId":A,"description":A,"channelReferenceId":A,`).Replace(aClaim)
			if r := c.Post(t, "/claims", strings.ReplaceAll(claim, ":A,", ":"+absent+",")).Want(t, 201); r.Has("warnings") {
				t.Errorf("warnings: %s", r.Body)
			}
			ticket := `{"channel":"PHONE","channelReferenceId":A,"serviceType":"INQUIRY","customer":{"email":A,"phone":A,"identifier":A,"branchCode":A,"department":A,` +
				`"preferredLanguage":A,"name":"Maria Lontoh"},"ticket":{"title":A,"priority":A,"category":A,"description":"x"},"integration":{"webhookUrl":A,"apiVersion":A,"partnerId":A,"requestId":A,"x":null}}`
			if r := c.Post(t, "/tickets", strings.ReplaceAll(ticket, ":A,", ":"+absent+",")).Want(t, 201); r.Has("warnings") {
				t.Errorf("warnings: %s", r.Body)
			}
		}
		r := c.Post(t, "/tickets", `{"channel":null,"serviceType":null,"customer":null,"ticket":null,"attachments":null,"integration":null}`)
		wantFaults(t, r, map[string]string{"channel": "Channel is required", "serviceType": "Service type is required",
			"customer.name": "Customer name is required", "ticket.description": "Description is required"})
		opened(t, c, "/tickets", strings.Replace(aTicket, "{", `{"attachments":null,"integration":null,`, 1))
		wantFaults(t, c.Post(t, "/claims", `{"namaNasabah":null,"mediaTransaksi":null,"nominal":null}`), map[string]string{
			"namaNasabah": "Nama nasabah is required", "mediaTransaksi": "Media transaksi is required", "nominal": "Nominal is required"})
	})
}

func TestUnknownFieldsAreIgnoredAndNamed(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		ignored := "Unknown field, ignored"
		r := c.Post(t, "/claims", strings.Replace(aClaim, "{", `{"Nominal":5,"NAMANASABAH":"x","extra":{"deep":1},"integration":{"callback":"x"},`, 1)).Want(t, 201)
		wantTexts(t, r.Warnings(), map[string]string{"Nominal": ignored, "NAMANASABAH": ignored, "extra": ignored, "integration.callback": ignored})

		body := `{"channel":"PHONE","serviceType":"INQUIRY","Channel":"x","customer":{"name":"A","Email":"x","a.b":1},"ticket":{"description":"x","metadata":{"any":1},"ticket":{}},` +
			`"attachments":[{"filename":"a.txt","mimeType":"text/plain","content":"YQ==","encoding":"base64"}]}`
		r = c.Post(t, "/tickets", body).Want(t, 201)
		wantTexts(t, r.Warnings(), map[string]string{"Channel": ignored, "customer.Email": ignored, `customer.a\.b`: ignored, "ticket.ticket": ignored, "attachments.0.encoding": ignored})

		r = c.With("Accept-Language", "id").Patch(t, "/tickets/"+r.Text("ticketNumber"), `{"action":"ADD_COMMENT","comment":"x","status":"CANCELLED"}`).Want(t, 200)
		wantTexts(t, r.Warnings(), map[string]string{"status": "Kolom tidak dikenal, diabaikan."})
		r = c.Post(t, "/tickets/search", `{"email":"a@example.com","name":"A"}`).Want(t, 200)
		wantTexts(t, r.Warnings(), map[string]string{"name": ignored})
		r = c.Post(t, "/batch", `{"operations":[{"id":"1","method":"GET","path":"/tickets/list","headers":{}}],"atomic":true}`).Want(t, 200)
		wantTexts(t, r.Warnings(), map[string]string{"operations.0.headers": ignored, "atomic": ignored})
	})
}

func TestTheBodyMustSayThatItIsJSON(t *testing.T) {
	d := onDesk(t)
	c := d.Client(keyOf(t, d, "partner", "*"))
	number := opened(t, c, "/tickets", aTicket)
	for _, kind := range []string{"application/json", "application/json; charset=utf-8", "Application/JSON"} {
		c.With("Content-Type", kind).Post(t, "/claims", aClaim).Want(t, 201)
	}
	req, err := http.NewRequest("POST", d.URL+api.Base+"/claims", strings.NewReader(aClaim))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-API-Key", keyOf(t, d, "without a type", everything))
	r, err := c.Exchange(req)
	if err != nil {
		t.Fatal(err)
	}
	r.Want(t, 201)
	for _, tc := range requests(map[string]string{"ticketNumber": number}) {
		if tc.body == "" {
			continue
		}
		for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", "text/json"} {
			wantMessage(t, c.With("Content-Type", kind).Do(t, tc.method, tc.path, tc.body), 415, "Content-Type must be application/json")
		}
		for _, encoding := range []string{"br", "deflate", "gzip, gzip"} {
			wantMessage(t, c.With("Content-Encoding", encoding).Do(t, tc.method, tc.path, tc.body), 415, "Content-Encoding must be gzip or absent, and the body must be what it says")
		}
	}
}

func zipped(t testing.TB, body []byte) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestABodyMayBeGzipped(t *testing.T) {
	d := onDesk(t)
	c := partner(t, d, "partner").With("Content-Encoding", "gzip")
	number := opened(t, c, "/claims", zipped(t, []byte(aClaim)))
	c.Patch(t, "/tickets/"+number, zipped(t, []byte(`{"action":"ADD_COMMENT","comment":"x"}`))).Want(t, 200)
	whole := zipped(t, []byte(aClaim))
	wrong := "Content-Encoding must be gzip or absent, and the body must be what it says"
	wantMessage(t, c.Post(t, "/claims", aClaim), 400, wrong)
	wantMessage(t, c.Post(t, "/claims", whole[:len(whole)-6]), 400, "The request body ended too early")
	wantMessage(t, c.Post(t, "/claims", whole[:len(whole)-8]+"12345678"), 400, wrong)
	c.With("Content-Encoding", "identity").Post(t, "/claims", aClaim).Want(t, 201)
}

func TestABodyOverTheLimitIsRefusedByEveryOperation(t *testing.T) {
	d := onDesk(t)
	c := d.Client(keyOf(t, d, "partner", "*"))
	number := opened(t, c, "/tickets", aTicket)
	const most = 75 << 20
	large := strings.Repeat(" ", most+1)
	for _, tc := range requests(map[string]string{"ticketNumber": number}) {
		if tc.body != "" { // refused before it is sent
			r := c.With("Expect", "100-continue").Do(t, tc.method, tc.path, large)
			wantMessage(t, r, 413, "The request body is larger than 75 MB")
		}
	}
	packed, part := c.With("Content-Encoding", "gzip"), zipped(t, []byte(large[:1<<20]))
	wantMessage(t, packed.Post(t, "/claims", strings.Repeat(part, 76)), 413, "The request body is larger than 75 MB")
	if !racing {
		last := zipped(t, append([]byte(large[:1<<20-len(aClaim)]), aClaim...))
		opened(t, packed, "/claims", strings.Repeat(part, 74)+last)
	}
}

func TestAnswersAreGzippedWhenAsked(t *testing.T) {
	d := onDesk(t)
	zip, err := gzhttp.NewWrapper(gzhttp.MinSize(1024)) // as the program wires it
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(zip(d.API))
	defer server.Close()
	c := desktest.NewClient(server.URL, keyOf(t, d, "partner", everything))
	long := strings.Replace(aTicket, "Opening hours?", strings.Repeat("Opening hours? ", 200), 1)
	path := "/tickets/" + opened(t, c, "/tickets", long)
	plain, packed := c.Get(t, path).Want(t, 200), c.With("Accept-Encoding", "gzip").Get(t, path).Want(t, 200)
	if packed.Header.Get("Content-Encoding") != "gzip" || !strings.Contains(strings.Join(packed.Header.Values("Vary"), ","), "Accept-Encoding") {
		t.Errorf("the answer is not gzipped: %v", packed.Header)
	}
	if plain.Header.Get("Content-Encoding") != "" || string(plain.Body) != string(packed.Body) {
		t.Error("the packed answer is not the plain one")
	}
	c.With("Accept-Encoding", "gzip").With("If-None-Match", packed.Header.Get("ETag")).Get(t, path).Want(t, 304)
}
