package console_test

import (
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

func TestALanguageThatWasChosenAtTheSignInStaysWhenThePasswordIsWrong(t *testing.T) {
	t.Parallel()
	h := openHall(t, desktest.SQLite, "")
	for chosen, browsers := range map[desk.Language]string{desk.Indonesian: "en", desk.English: "id"} {
		somebody := h.caller(t)
		page := somebody.get(t, "/sign-in?lang="+string(chosen), "Accept-Language: "+browsers)
		for range 2 {
			page = somebody.post(t, formOf(t, page.body), "email=nobody%40bank.example&password=wrong", "Accept-Language: "+browsers)
			if page.status != http.StatusUnauthorized || !strings.Contains(page.body, `<html lang="`+string(chosen)+`"`) {
				t.Errorf("a wrong password in %s is answered %d: %.200s", chosen, page.status, page.body)
			}
		}
	}
}

// formOf is where the first form of a page is sent.
func formOf(t *testing.T, page string) (action string) {
	t.Helper()
	elements(t, page, func(n *html.Node, attribute map[string]string) {
		if n.Data == "form" && action == "" {
			action = attribute["action"]
		}
	})
	return action
}

func TestWordsOfRefusalsAreThoseOfTheForms(t *testing.T) {
	t.Parallel()
	h := openHall(t, desktest.SQLite, "")
	h.employ(t, desk.Agent{Email: "ani@bank.example", Role: desk.RoleAgent, Groups: []string{"TECH_SUPPORT"}, Language: desk.Indonesian})
	ani := h.arrive(t, "ani@bank.example")
	if got := ani.get(t, "/tickets/99999"); got.status != http.StatusNotFound || !strings.Contains(got.body, "Tiket ini tidak ada, atau bukan milik unit kerja Anda.") {
		t.Errorf("a ticket that is not there is answered %d: %s", got.status, got.body)
	}
	number := numberOf(h.complain(t, "MOBILE_BANKING", ""))
	if got := ani.post(t, "/tickets/"+number+"/reply", "kind=reply&text="); got.status != http.StatusBadRequest || !strings.Contains(got.body, "Pesan wajib diisi.") {
		t.Errorf("a reply without words is answered %d: %s", got.status, got.body)
	}
}

func TestATitleThatATicketWasNotGivenIsIndonesianOnIndonesianPagesOnly(t *testing.T) {
	t.Parallel()
	h := openHall(t, desktest.SQLite, "")
	for language, want := range map[desk.Language]struct{ of, alone string }{
		desk.Indonesian: {"Mobile Banking (BSGtouch) - Sarah Johnson", "Kendala ATM"},
		desk.English:    {"Mobile Banking Issue - Sarah Johnson", "ATM Issue Report"},
	} {
		email := string(language) + "@bank.example"
		h.employ(t, desk.Agent{Email: email, Role: desk.RoleAgent, Groups: []string{"TECH_SUPPORT", "ATM_SERVICES"}, Language: language})
		somebody := h.arrive(t, email)
		for service, title := range map[desk.ServiceType]string{"MOBILE_BANKING": want.of, "ATM_ISSUE": want.alone} {
			made := h.complain(t, service, "")
			for _, path := range []string{"/tickets", "/tickets/" + numberOf(made), "/search?q=sarah%40email.com"} {
				if page := somebody.get(t, path).body; !strings.Contains(page, ">"+title+"<") {
					t.Errorf("%s in %s does not say %q", path, language, title)
				}
			}
		}
	}
}
