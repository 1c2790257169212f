package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
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

func TestTheFormSaysWhatIsRequiredAndWhoGetsTheTicket(t *testing.T) {
	t.Parallel()
	h := openHall(t, desktest.SQLite, "")
	c := h.dana(t)
	form := c.get(t, "/tickets/new").body
	marked := map[string]bool{}
	elements(t, form, func(n *html.Node, attribute map[string]string) {
		if _, required := attribute["required"]; required {
			marked[attribute["name"]] = strings.Contains(form, `<label for="`+attribute["id"]+`">`) && strings.Contains(form, attribute["id"]+`">`+labelOf(n)+`<span aria-hidden="true"> *</span>`)
		}
	})
	want := map[string]bool{"serviceType": true, "channel": true, "name": true, "description": true}
	if diff := cmp.Diff(want, marked); diff != "" || !strings.Contains(form, "Kolom bertanda * wajib diisi.") {
		t.Errorf("what is required (-want +got): %s in %s", diff, form)
	}
	if !strings.Contains(form, "Klaim Transaksi → Transaction Claims Support<") {
		t.Errorf("nobody says who gets a claim: %s", form)
	}
}

// labelOf is the text of the label of a field.
func labelOf(field *html.Node) string {
	for n := field.PrevSibling; n != nil; n = n.PrevSibling {
		if n.Data == "label" {
			return n.FirstChild.Data
		}
	}
	return ""
}

func TestWhoMadeATicketOfTheOwnGroupMayTakeIt(t *testing.T) {
	t.Parallel()
	h := openHall(t, desktest.SQLite, "")
	c := h.dana(t)
	mine := c.post(t, "/tickets/new", newForm(""))
	path := ticketOf(t, mine)
	if !strings.Contains(mine.body, `href="/tickets?assignee=none&amp;group=TRANSACTION_CLAIMS_SUPPORT&amp;order=due&amp;status=active">Transaction Claims Support</a>`) {
		t.Errorf("nobody says where the ticket waits: %s", mine.body)
	}
	version := valueOf(t, mine.body, "version")
	for range 2 { // who is quick clicks twice
		c.post(t, path+"/take", "version="+version)
	}
	if page := c.get(t, path).body; version == "" || !strings.Contains(page, "<dd>Dana</dd>") {
		t.Errorf("the ticket was not taken: %s", page)
	}
	others := c.post(t, "/tickets/new", strings.Replace(newForm(""), "CLAIM", "ATM_ISSUE", 1))
	if strings.Contains(others.body, "/take") || !strings.Contains(others.body, "Tiket masuk antrean unit kerja lain.") {
		t.Errorf("a ticket of another group: %s", others.body)
	}
}

func TestANewTicketForAKnownCustomerShowsNothingThatIsMasked(t *testing.T) {
	t.Parallel()
	h := openHall(t, desktest.SQLite, "")
	c := h.dana(t)
	known := ticketOf(t, c.post(t, "/tickets/new", newForm("phone=%2B628123456789&email=sarah@email.com&identifier=CIF-12345678")))
	_, number, _ := strings.Cut(known[1:], "/")
	if page := c.get(t, known+"/customer"); !strings.Contains(page.body, `href="/tickets/new?from=`+number+`"`) {
		t.Errorf("the customer's page offers no new ticket: %s", page.body)
	}
	form := c.get(t, "/tickets/new?from="+number)
	secret := func(page said) bool {
		return strings.Contains(page.body, "8123456") || strings.Contains(page.body, "sarah@email.com") || strings.Contains(page.body, "12345678")
	}
	if form.status != http.StatusOK || secret(form) || valueOf(t, form.body, "name") != "Sarah" || valueOf(t, form.body, "phone") != "" || !strings.Contains(form.body, `placeholder="******`) {
		t.Errorf("the form is %d %s", form.status, form.body)
	}
	refused := c.post(t, "/tickets/new", newForm("nominal=x&from="+number))
	if refused.status != http.StatusBadRequest || secret(refused) || valueOf(t, refused.body, "from") != number || !strings.Contains(refused.body, `placeholder="******`) {
		t.Errorf("the form that was refused is %d %s", refused.status, refused.body)
	}
	made := c.post(t, "/tickets/new", newForm("from="+number))
	copied := c.post(t, ticketOf(t, made)+"/unmask", "field=phone&reason=menelepon+kembali")
	if secret(made) || !strings.Contains(copied.body, ">&#43;628123456789<") {
		t.Errorf("the page of the new ticket is %s, its telephone %s", made.body, copied.body)
	}
	stranger := numberOf(h.complain(t, "ATM_ISSUE", "001"))
	for what, got := range map[string]said{"form": c.get(t, "/tickets/new?from=1"+stranger), "form of a stranger": c.get(t, "/tickets/new?from="+stranger),
		"ticket of a stranger": c.post(t, "/tickets/new", newForm("from="+stranger))} {
		if got.status != http.StatusNotFound || strings.Contains(got.body, "Sarah Johnson") {
			t.Errorf("%s: %d %s", what, got.status, got.body)
		}
	}
}

func TestATransactionOfTomorrowIsRefused(t *testing.T) {
	t.Parallel()
	h := openHall(t, desktest.SQLite, "")
	h.Clock.Advance(6 * time.Hour) // 00:30 of the next day in WITA
	c := h.dana(t)
	if form := c.get(t, "/tickets/new"); !strings.Contains(form.body, `type="date" max="2024-12-20"`) {
		t.Errorf("the form offers any day: %s", form.body)
	}
	for _, day := range []string{"2024-12-21", "kemarin"} {
		refused := c.post(t, "/tickets/new", newForm("tanggalTransaksi="+day))
		fault := ""
		elements(t, refused.body, func(n *html.Node, attribute map[string]string) {
			if attribute["id"] == "tanggalTransaksi-fault" {
				fault = n.LastChild.Data
			}
		})
		if refused.status != http.StatusBadRequest || fault != "Tanggal transaksi harus berupa tanggal, paling lambat hari ini." || valueOf(t, refused.body, "tanggalTransaksi") != day {
			t.Errorf("%s: %d %s", day, refused.status, refused.body)
		}
	}
	for _, day := range []string{"2024-12-20", "2024-12-01", ""} {
		ticketOf(t, c.post(t, "/tickets/new", newForm("tanggalTransaksi="+day)))
	}
}

func TestACustomerWhoLostTheCodeGetsAnotherOne(t *testing.T) {
	t.Parallel()
	h := openHall(t, desktest.SQLite, "")
	c, customer := h.dana(t), h.caller(t)
	made := c.post(t, "/tickets/new", newForm(""))
	path, old := ticketOf(t, made), textOf(t, made.body, "dd", "big mono")
	page := c.get(t, path).body
	version := valueOf(t, page, "version")
	if !strings.Contains(page, `action="`+path+`/code"`) || version == "" {
		t.Fatalf("the ticket's page offers no other code: %s", page)
	}
	var codes []string
	for range 2 { // who is quick clicks twice
		got := c.post(t, path+"/code", "version="+version)
		codes = append(codes, textOf(t, got.body, "dd", "big mono"))
	}
	if codes[0] == "" || codes[0] == old || codes[1] != codes[0] {
		t.Errorf("the code %q became %q", old, codes)
	}
	for code, want := range map[string]int{old: http.StatusForbidden, codes[0]: http.StatusSeeOther} {
		if got := customer.post(t, path, "code="+code); got.status != want {
			t.Errorf("the customer's %s is answered %d, want %d", code, got.status, want)
		}
	}
	page = c.get(t, path).body
	if !strings.Contains(page, "Kode pantau baru dibuat · <b>Dana</b>") || strings.Contains(page, codes[0]) {
		t.Errorf("the ticket's page says %s", page)
	}
	if stale := c.post(t, path+"/code", "version=99"); stale.status != http.StatusConflict || textOf(t, stale.body, "dd", "big mono") != "" {
		t.Errorf("who read another version: %d %s", stale.status, stale.body)
	}
}
