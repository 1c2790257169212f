package main_test

import (
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// What partners tell, and what must be found nowhere in the clear.
const (
	secretCard       = "4539578763621486"
	secretCardSpaced = "4539 5787 6362 1486"
	secretAccount    = "7788990011223"
	secretPhone      = "+6281355577799"
	secretEmail      = "rahasia.sekali@contoh.example"
	secretIdentifier = "CIF-RAHASIA-5512"
	secretHook       = "https://hook.example/rahasia-di-jalur"
	secretFile       = "isi lampiran yang tidak boleh terbaca"
)

func TestNothingSecretLiesInTheClear(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		in := desktest.NewInstallation(t, e)
		key := in.NewKey(t, "partner")
		p := in.Serve(t)
		code := useSecrets(t, newCaller(t, p, key.Key))
		strange := newCaller(t, p, mistyped(key.Key))
		strange.must(t, http.StatusUnauthorized, "GET", base+"/tickets?ticketNumber=1", "")
		p.Stop(t)
		printed := in.MustRun(t, "apikey", "list") + in.MustRun(t, "apikey", "list", "--json") + in.MustRun(t, "audit", "verify")

		secrets := map[string]string{
			"API key": key.Key, "webhook secret": strings.TrimPrefix(key.WebhookSecret, "whsec_"), "tracking code": code,
			"card": secretCard, "card with spaces": secretCardSpaced, "account": secretAccount, "phone": secretPhone[3:], "e-mail": secretEmail,
			"identifier": secretIdentifier, "webhook address": secretHook, "content of a file": secretFile,
			"wrong API key": strange.key, "master key": masterKey(t, in),
		}
		places := filesBelow(t, in.Folder)
		places["log"], places["standard output"], places["command line"] = p.Log.String(), p.Stdout.String(), printed
		if in.Database != "" {
			places["database"] = desktest.Dump(t, in.Database)
			address, err := url.Parse(in.Database)
			if err != nil {
				t.Fatal(err)
			}
			secrets["database password"], _ = address.User.Password()
		}
		for place, text := range places {
			for name, secret := range secrets {
				if place == "key" && name == "master key" {
					continue // where it belongs
				}
				if before, after, found := strings.Cut(text, secret); found {
					t.Errorf("the %s is in the clear in: %s, at …%q…%q…", name, place, before[max(0, len(before)-150):], after[:min(100, len(after))])
				}
			}
		}
		if !strings.Contains(places["log"], "createTicket") || len(places) < 6 {
			t.Errorf("looked into %d places only", len(places))
		}
	})
}

// useSecrets does with a desk what shall leave no trace in the clear, and returns the tracking code of a ticket.
func useSecrets(t *testing.T, c caller) string {
	t.Helper()
	claimBody := fmt.Sprintf(`{"namaNasabah":"Budi %s","mediaTransaksi":"ATM","jenisTransaksi":"TRANSFER","nominal":75000,"nomorRekening":%q,"nomorKartu":%q,
 "description":"kartu saya %s","integration":{"requestId":"r1","webhookUrl":%q}}`, secretCardSpaced, secretAccount, secretCard, secretCard, secretHook)
	code := c.must(t, http.StatusCreated, "POST", base+"/claims", claimBody).member(t, "trackingCode")
	ticket := fmt.Sprintf(`{"channel":"WHATSAPP","serviceType":"CARD_ISSUE","channelReferenceId":"ref-1",
 "customer":{"name":"Budi","email":%q,"phone":%q,"identifier":%q},
 "ticket":{"description":"kartu %s","metadata":{"cardNumber":%q,"nomorRekening":%q,"lain":{"nomorRekening":%q,"kartu":%s}}},
 "attachments":[{"filename":"kartu %s.txt","mimeType":"text/plain","content":%q}],
 "integration":{"webhookUrl":%q,"requestId":"r2"}}`, secretEmail, secretPhone, secretIdentifier, secretCardSpaced, secretCard, secretAccount, secretAccount,
		secretCard, secretCard, base64.StdEncoding.EncodeToString([]byte(secretFile)), secretHook)
	c.must(t, http.StatusCreated, "POST", base+"/tickets", ticket)
	c.must(t, http.StatusCreated, "POST", base+"/tickets", ticket) // known again: its answer is kept as well
	c.must(t, http.StatusOK, "PATCH", base+"/tickets/ref-1", fmt.Sprintf(`{"action":"ADD_COMMENT","comment":"nomor kartu %s","author":"%s"}`, secretCard, secretCardSpaced))
	detail := c.must(t, http.StatusOK, "GET", base+"/tickets/ref-1", "")
	for _, secret := range []string{secretAccount, secretPhone, secretEmail, secretIdentifier, secretCard} {
		if strings.Contains(detail.Body, secret) {
			t.Errorf("%s is in an answer: %s", secret, detail.Body)
		}
	}
	for name, value := range map[string]string{"email": secretEmail, "phone": secretPhone, "identifier": secretIdentifier, "nomorRekening": secretAccount} {
		if found := c.must(t, http.StatusOK, "POST", base+"/tickets/search", fmt.Sprintf(`{%q:%q}`, name, value)); !strings.Contains(found.Body, `"ticketNumber":"1`) {
			t.Errorf("no ticket is found by %s: %s", name, found.Body)
		}
	}
	// Requests that fail are logged too.
	c.must(t, http.StatusBadRequest, "POST", base+"/claims", `{"nomorKartu":"`+secretCard+`","nomorRekening":"`+secretAccount+`" oops`)
	c.must(t, http.StatusBadRequest, "POST", base+"/tickets", fmt.Sprintf(`{"channel":%q,"customer":{"email":"%s x","phone":%q}}`, secretCard, secretEmail, secretPhone+"x"))
	c.must(t, http.StatusBadRequest, "POST", base+"/claims", strings.Replace(claimBody, `"requestId":"r1"`, `"requestId":"`+secretCard+`"`, 1))
	c.must(t, http.StatusUnprocessableEntity, "POST", base+"/claims", strings.Replace(claimBody, "75000", "75001", 1))
	c.must(t, http.StatusNotFound, "GET", base+"/tickets/"+secretCard, "")
	c.must(t, http.StatusNotFound, "GET", base+"/tickets?channelReferenceId="+url.QueryEscape(secretEmail), "")
	c.must(t, http.StatusNotFound, "GET", "/"+secretEmail+"?phone="+secretPhone[1:], "")
	c.must(t, http.StatusNotFound, "PATCH", base+"/tickets/"+secretCard, `{"action":"UPDATE_STATUS","status":"CANCELLED"}`)
	return code
}

// masterKey is the part of the key file that nobody else may have.
func masterKey(t *testing.T, in desktest.Installation) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(in.Folder, "key"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text[len("servicedesk-key-1:"):]))
}

// filesBelow reads every file of a folder.
func filesBelow(t *testing.T, folder string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(folder), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(folder, path))
		files[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// mistyped is a key with another last letter.
func mistyped(key string) string {
	last := "0"
	if strings.HasSuffix(key, last) {
		last = "1"
	}
	return key[:len(key)-1] + last
}
