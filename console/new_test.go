package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// dana works transaction claims and writes down what customers say on the telephone.
func (h *hall) dana(t *testing.T) *caller {
	t.Helper()
	h.employ(t, desk.Agent{Email: "dana@bank.example", Name: "Dana", Role: desk.RoleAgent, Groups: []string{"TRANSACTION_CLAIMS_SUPPORT"}})
	return h.arrive(t, "dana@bank.example")
}

// newForm is a form of a new claim with what else is given, as `a=1&b=2`.
func newForm(more string) string {
	return "serviceType=CLAIM&channel=PHONE&name=Sarah&description=Halo&" + more
}

// ticketOf is the address of the ticket that a page says was made.
func ticketOf(t *testing.T, page said) string {
	t.Helper()
	number := textOf(t, page.body, "dd", "big num")
	if page.status != http.StatusOK || number == "" {
		t.Fatalf("no ticket was made: %d %s", page.status, page.body)
	}
	return "/tickets/" + number
}

func TestAnAmountIsTakenAsIndonesiansWriteIt(t *testing.T) {
	t.Parallel()
	h := openHall(t, desktest.SQLite, "")
	c := h.dana(t)
	for written, want := range map[string]string{"500.000": "Rp500.000", "75.000": "Rp75.000", "Rp 1.250.000,50": "Rp1.250.000,50", "500000": "Rp500.000"} {
		made := c.post(t, "/tickets/new", newForm("nominal="+url.QueryEscape(written)))
		if !strings.Contains(made.body, ">"+want+"<") {
			t.Errorf("%s: who wrote it is not told that it was read as %s: %s", written, want, made.body)
		}
		ticketOf(t, made)
	}
	for _, written := range []string{"500.5", "1,250,000", "12.34"} {
		refused := c.post(t, "/tickets/new", newForm("nominal="+written))
		if refused.status != http.StatusBadRequest || !strings.Contains(refused.body, "Nominal tidak jelas. Tulis 500.000 atau 500000; dengan sen 500.000,50.") ||
			valueOf(t, refused.body, "nominal") != written {
			t.Errorf("%s: %d %s", written, refused.status, refused.body)
		}
	}
}

func TestWhoMadeATicketReadsOutWhereItIsFollowed(t *testing.T) {
	t.Parallel()
	h := openHall(t, desktest.SQLite, "http://desk.bank.example/layanan/")
	made := h.dana(t).post(t, "/tickets/new", newForm(""))
	address, code := "http://desk.bank.example/layanan"+ticketOf(t, made), textOf(t, made.body, "dd", "big mono")
	said := "buka " + address + ", lalu masukkan kode pantau " + code + "."
	if code == "" || textOf(t, made.body, "dd", "big") != address || !strings.Contains(textOf(t, made.body, "blockquote", "aloud"), said) {
		t.Errorf("nobody hears %q: %s", said, made.body)
	}
}

func TestWhatIsMissingIsToldInWordsOfPeople(t *testing.T) {
	t.Parallel()
	h := openHall(t, desktest.SQLite, "")
	c := h.dana(t)
	made := c.post(t, "/tickets/new", newForm(""))
	page := c.get(t, ticketOf(t, made))
	if !strings.Contains(made.body, "Sebaiknya dilengkapi: Media transaksi.") || !strings.Contains(page.body, "Data belum lengkap: Media transaksi, Nominal") ||
		strings.Contains(made.body+page.body, "ticket.metadata") {
		t.Errorf("what is missing is told as %s, and on the ticket's page as %s", made.body, page.body)
	}
}

func TestTheDetailsOfATransactionAreOpenAndNotAPartners(t *testing.T) {
	t.Parallel()
	h := openHall(t, desktest.SQLite, "")
	c := h.dana(t)
	page := c.get(t, ticketOf(t, c.post(t, "/tickets/new", newForm("mediaTransaksi=ATM&atmId=0126&nominal=64.000"))))
	open := false
	elements(t, page.body, func(n *html.Node, attribute map[string]string) {
		_, is := attribute["open"]
		open = open || attribute["id"] == "part-transaction" && is
	})
	if !open || !strings.Contains(page.body, "<dt>Nominal</dt><dd class=\"pre\">Rp64.000</dd>") || strings.Contains(page.body, "Data dari mitra") {
		t.Errorf("open %t: %s", open, page.body)
	}
}
