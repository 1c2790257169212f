package app_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// Values of a customer that are nowhere else, in the form in which they are sent.
const (
	secretEmail      = "Rahasia.Budi@contoh.co.id"
	secretPhone      = "+62 812-9991-1122"
	secretIdentifier = "CIF-RAHASIA-77"
	secretAccount    = "001-02-9988776"
	secretNested     = "00102 8877 665"
	secretFile       = "isi lampiran yang rahasia"
	secretURL        = "https://partner.example/hook?token=rahasia-token"
)

// cards makes full card numbers, each different, and remembers them.
type cards struct{ given []string }

// next returns the next card number, in groups as people write them.
func (c *cards) next() string {
	digits := fmt.Sprintf("453201%09d", 511283000+len(c.given))
	sum := 0
	for i := range digits {
		n := int(digits[i] - '0')
		if i%2 == 0 {
			n *= 2
		}
		sum += n/10 + n%10
	}
	digits += strconv.Itoa((10 - sum%10) % 10)
	grouped := digits[:4] + "-" + digits[4:8] + "-" + digits[8:12] + "-" + digits[12:]
	c.given = append(c.given, grouped)
	return grouped
}

// plain returns the next card number as digits alone.
func (c *cards) plain() string { return strings.ReplaceAll(c.next(), "-", "") }

// send makes a request as a partner does and returns the answer.
func send(t *testing.T, d *desktest.Desk, key, method, path string, body any) string {
	t.Helper()
	text, err := json.Marshal(body)
	must(t, err)
	request, err := http.NewRequestWithContext(t.Context(), method, d.URL+"/api/omnichannel"+path, bytes.NewReader(text))
	must(t, err)
	request.Header.Set("Authorization", "Bearer "+key)
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	must(t, err)
	defer answer.Body.Close()
	all, err := io.ReadAll(answer.Body)
	must(t, err)
	return string(all)
}

type object = map[string]any

// live lets a partner do everything with personal data and card numbers in every place, and returns the answers.
func live(t *testing.T, d *desktest.Desk, key string, c *cards) (answers []string) {
	t.Helper()
	do := func(method, path string, body any) string {
		answers = append(answers, send(t, d, key, method, path, body))
		return answers[len(answers)-1]
	}
	claim := object{"namaNasabah": "Budi " + c.next(), "mediaTransaksi": "ATM", "jenisTransaksi": "TRANSFER", "nominal": 5000, "nomorRekening": secretAccount, "nomorKartu": c.next(),
		"claimReason": c.next(), "transactionId": c.plain(), "referenceNumber": c.next(), "atmId": c.next(), "description": "Kartu " + c.plain(), "unknown" + c.plain(): c.next(),
		"integration": object{"requestId": "req_1", "webhookUrl": secretURL, "partnerId": "PARTNER_001", "apiVersion": c.next()}}
	do("POST", "/claims", claim)
	do("POST", "/claims", claim) // again
	claim["nomorRekening"] = "0"
	do("POST", "/claims", claim) // with other content
	ticket := object{"channel": "EMAIL", "serviceType": "CARD_ISSUE", "channelReferenceId": "wa_1",
		"customer": object{"name": c.next(), "email": secretEmail, "phone": secretPhone, "identifier": secretIdentifier, "branchCode": c.next(), "department": c.next(), "preferredLanguage": c.next()},
		"ticket": object{"title": c.next(), "description": c.next(), "metadata": object{
			"nomorRekening": secretAccount, "deep": object{"list": []any{object{"nomorRekening": secretNested}, c.next()}}, "key " + c.next(): "x", "cardNumber": c.plain(),
			"number": json.Number(c.plain()), "float": json.Number(c.plain() + ".0"), "claimAmount": json.Number(c.plain())}},
		"attachments": []any{object{"filename": "scan " + c.next() + ".txt", "mimeType": "text/plain", "description": c.next(), "content": base64.StdEncoding.EncodeToString([]byte(secretFile))}}}
	created := do("POST", "/tickets", ticket)
	var told struct{ TicketNumber string }
	must(t, json.Unmarshal([]byte(created), &told))
	at := "/tickets/" + told.TicketNumber
	do("PATCH", at, object{"action": "ADD_COMMENT", "comment": c.next(), "author": c.next(), "integration": object{"requestId": "req_2"}})
	do("PATCH", at, object{"action": "UPDATE_STATUS", "status": "PENDING", "reason": c.next()})
	do("PATCH", at, object{"action": "ADD_ATTACHMENT", "attachments": []any{object{"filename": c.plain() + ".txt", "mimeType": "text/plain", "content": base64.StdEncoding.EncodeToString([]byte(secretFile + "2"))}}})
	do("PATCH", at, object{"action": "ASSIGN", "assignee": secretEmail, c.next(): c.next()})
	for _, path := range []string{at, "/tickets?ticketNumber=" + told.TicketNumber, "/claims/10001", "/tickets/list", "/events", "/requests/req_1",
		"/tickets/" + c.plain(), "/requests/" + c.plain(), "/tickets?channelReferenceId=" + c.plain(), "/tickets/" + c.plain() + "/attachments/" + c.plain(), "/tickets/list?cursor=" + c.plain(), "/" + c.plain()} {
		do("GET", path, nil)
	}
	do("POST", "/tickets/search", object{"email": secretEmail, "phone": secretPhone, "identifier": secretIdentifier})
	do("POST", "/tickets/search", object{"nomorRekening": secretAccount})
	do("POST", "/batch", object{"operations": []any{object{"id": "a", "method": "POST", "path": "/claims", "body": claim, "idempotencyKey": "req_3"}, object{"id": "b", "method": "GET", "path": at}}})
	do("PATCH", "/tickets/"+c.plain(), object{"action": "ADD_COMMENT", "comment": c.next()})
	do("POST", "/claims", object{"namaNasabah": secretEmail, "channelReferenceId": c.plain(), "integration": object{"requestId": c.plain()}, "nominal": c.next()})
	do("POST", "/tickets", object{"customer": object{"email": "no address " + secretPhone, "phone": secretEmail}})
	return answers
}

// spellings are the forms in which a value could be kept.
func spellings(secret string) []string {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, secret)
	all := []string{secret, strings.ToLower(secret), strings.ToUpper(secret)}
	if len(digits) >= 10 {
		all = append(all, digits, strings.TrimPrefix(digits, "62"))
	}
	return all
}

func TestNoSecretIsStoredOrLoggedInClear(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		key, c := d.NewKey(t, "Partner", "omnichannel:*"), &cards{}
		answers := live(t, d, key.Text, c)
		stranger := d.NewKey(t, "Stranger", desk.MayCreate)
		send(t, d, stranger.Text, "GET", "/tickets/"+c.plain(), nil) // forbidden
		send(t, d, "bsg_"+c.plain(), "GET", "/tickets/"+c.plain(), nil)
		_, err := d.App.RotateKey(t.Context(), operator, stranger.Key.ID)
		must(t, err)
		db := behind(t, d)
		readsWritten(t, d, db)
		d.Sequence(t)

		secrets := append([]string{secretEmail, secretPhone, secretIdentifier, secretAccount, secretNested, secretFile, secretURL, "rahasia-token", key.Text, key.WebhookSecret,
			stranger.Text, stranger.WebhookSecret}, c.given...)
		for _, a := range answers {
			var told struct{ TrackingCode string }
			if json.Unmarshal([]byte(a), &told) == nil && told.TrackingCode != "" {
				secrets = append(secrets, told.TrackingCode)
			}
		}
		if len(secrets) < len(c.given)+14 {
			t.Fatalf("%d secrets are looked for: the tickets were not made: %s", len(secrets), answers[0])
		}
		places := kept(t, d, db)
		places["the log"] = d.Log.String()
		for _, secret := range secrets {
			for _, spelling := range spellings(secret) {
				for place, text := range places {
					if i := strings.Index(text, spelling); i >= 0 {
						t.Errorf("%s holds %q: …%q…", place, spelling, text[max(0, i-60):min(len(text), i+60)])
					}
				}
			}
		}
		for place, text := range places {
			if !strings.Contains(text, "Partner") && strings.HasPrefix(place, "the ") {
				t.Errorf("%s was not looked at: it does not even name the partner", place)
			}
		}
	})
}

// kept reads everything that a desk keeps: every file of its data folder, and with PostgreSQL every row of every table.
func kept(t *testing.T, d *desktest.Desk, db database) map[string]string {
	t.Helper()
	places := map[string]string{"the tables": ""}
	for _, table := range db.tables(t) {
		for _, row := range db.rows(t, `SELECT * FROM `+table) {
			places["the tables"] += table + ": " + row + "\n"
		}
	}
	must(t, filepath.WalkDir(d.Folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		places[path] = string(text)
		return err
	}))
	if d.Engine == desktest.SQLite && len(places[filepath.Join(d.Folder, "servicedesk.db-wal")]) == 0 {
		t.Error("the write-ahead log was not looked at")
	}
	return places
}

// What partners and agents are shown of a customer is masked, too.
func TestPersonalIdentifiersAreShownMasked(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		actor := allOf(t, d, "Partner")
		draft := ticketDraft()
		draft.Customer.Email, draft.Customer.Phone, draft.Customer.Identifier = secretEmail, secretPhone, secretIdentifier
		opened, err := d.App.OpenTicket(t.Context(), actor, draft, app.Once[app.Opened]{})
		must(t, err)
		for _, viewer := range []desk.Actor{actor, bank(t, d)} {
			got, err := d.App.ReadTicket(t.Context(), viewer, of(opened.Ticket).Ticket)
			must(t, err)
			shown := got.Ticket.Customer
			if shown.Email != "R***@contoh.co.id" || shown.Phone != "+62812****1122" || shown.Identifier != "**********A-77" {
				t.Errorf("%s is shown %+v", viewer.Name, shown)
			}
		}
	})
}
