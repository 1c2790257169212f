package desk

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"banksulutgo.co.id/servicedesk/mask"
)

// documentClaim is the claim of the document's example (Create Simplified Claim).
func documentClaim() ClaimDraft {
	return ClaimDraft{
		NamaNasabah: "John Doe", MediaTransaksi: "ATM", JenisTransaksi: "PEMBELIAN", Nominal: Rupiahs(500_000), NominalGiven: true,
		NomorRekening: "1234567890", NomorKartu: "****1234", ClaimReason: "Transaction failed but amount was deducted",
		ClaimDate: "2024-12-19T10:30:00Z", TransactionID: "TXN123456789", ReferenceNumber: "REF987654321", ATMID: "ATM001",
		Description: "ATM transaction failed but money was debited from account",
	}
}

func TestEveryFaultOfAClaimHasTheDocumentsText(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*ClaimDraft)
		want   map[string]string
	}{
		"nothing wrong":                   {func(*ClaimDraft) {}, nil},
		"no name":                         {func(c *ClaimDraft) { c.NamaNasabah = "" }, map[string]string{"namaNasabah": "Nama nasabah is required"}},
		"a blank name":                    {func(c *ClaimDraft) { c.NamaNasabah = " \t\n" }, map[string]string{"namaNasabah": "Nama nasabah is required"}},
		"no medium":                       {func(c *ClaimDraft) { c.MediaTransaksi = "" }, map[string]string{"mediaTransaksi": "Media transaksi is required"}},
		"an unknown medium":               {func(c *ClaimDraft) { c.MediaTransaksi = "atm" }, map[string]string{"mediaTransaksi": "Invalid media transaksi. Must be one of: ATM, QRIS, DEBIT, TOUCH, SMS"}},
		"an unknown type":                 {func(c *ClaimDraft) { c.JenisTransaksi = "TARIK" }, map[string]string{"jenisTransaksi": "Invalid jenis transaksi. Must be one of: PEMBELIAN, PEMBAYARAN, TRANSFER"}},
		"an unknown type of QRIS":         {func(c *ClaimDraft) { c.MediaTransaksi, c.JenisTransaksi = "QRIS", "TARIK" }, map[string]string{"jenisTransaksi": "Invalid jenis transaksi. Must be one of: PEMBELIAN, PEMBAYARAN, TRANSFER"}},
		"no amount":                       {func(c *ClaimDraft) { c.Nominal, c.NominalGiven = 0, false }, map[string]string{"nominal": "Nominal is required"}},
		"an amount of nothing":            {func(c *ClaimDraft) { c.Nominal = 0 }, map[string]string{"nominal": "Nominal must be positive"}},
		"an amount below nothing":         {func(c *ClaimDraft) { c.Nominal = -1 }, map[string]string{"nominal": "Nominal must be positive"}},
		"the smallest amount":             {func(c *ClaimDraft) { c.Nominal = 1 }, nil},
		"the largest amount":              {func(c *ClaimDraft) { c.Nominal = Rupiahs(1_000_000_000) }, nil},
		"more than the largest":           {func(c *ClaimDraft) { c.Nominal = Rupiahs(1_000_000_000) + 1 }, map[string]string{"nominal": "Nominal exceeds maximum limit"}},
		"a date that is none":             {func(c *ClaimDraft) { c.ClaimDate = "19/12/2024" }, map[string]string{"claimDate": "Claim date must be an ISO 8601 date or date-time"}},
		"no date":                         {func(c *ClaimDraft) { c.ClaimDate = "" }, nil},
		"a card as reference":             {func(c *ClaimDraft) { c.ChannelReference = "4111 1111 1111 1111" }, map[string]string{"channelReferenceId": "Channel reference ID must not be a card number"}},
		"a card as request id":            {func(c *ClaimDraft) { c.Integration.RequestID = "4111111111111111" }, map[string]string{"integration.requestId": "Request ID must not be a card number"}},
		"found by the door already":       {func(c *ClaimDraft) { c.NamaNasabah = ""; c.Faults.Add("namaNasabah", MustBeText) }, map[string]string{"namaNasabah": "Nama nasabah must be a text"}},
		"no number, found already":        {func(c *ClaimDraft) { c.NominalGiven = false; c.Faults.Add("nominal", MustBeNumber) }, map[string]string{"nominal": "Nominal must be a number"}},
		"too long, found already":         {func(c *ClaimDraft) { c.Faults.Add("description", TooLong, "20000") }, map[string]string{"description": "Description must be at most 20000 characters"}},
		"a type although QRIS needs none": {func(c *ClaimDraft) { c.MediaTransaksi = "QRIS" }, nil},
	} {
		claim := documentClaim()
		c.change(&claim)
		if diff := cmp.Diff(c.want, faultTexts(t, claim.Check())); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func TestAllFaultsOfAClaimAreToldAtOnce(t *testing.T) {
	claim := ClaimDraft{MediaTransaksi: "SMS", Nominal: -5, NominalGiven: true, ClaimDate: "soon", ChannelReference: "4111111111111111",
		Integration: Integration{WebhookURL: "ftp://a", PartnerID: "4111111111111111", RequestID: "4111-1111-1111-1111"}}
	want := map[string]string{
		"namaNasabah":            "Nama nasabah is required",
		"jenisTransaksi":         "Jenis transaksi is required for SMS",
		"nominal":                "Nominal must be positive",
		"claimDate":              "Claim date must be an ISO 8601 date or date-time",
		"channelReferenceId":     "Channel reference ID must not be a card number",
		"integration.webhookUrl": "Webhook URL must be a valid http or https URL without user information",
		"integration.partnerId":  "Partner ID must not be a card number",
		"integration.requestId":  "Request ID must not be a card number",
	}
	if diff := cmp.Diff(want, faultTexts(t, claim.Check())); diff != "" {
		t.Error(diff)
	}
}

func TestTheTypeOfTheTransactionIsNeededForSomeMedia(t *testing.T) {
	for media, want := range map[Media]string{
		"ATM": "Jenis transaksi is required for ATM", "TOUCH": "Jenis transaksi is required for TOUCH", "SMS": "Jenis transaksi is required for SMS",
		"QRIS": "", "DEBIT": "",
	} {
		claim := documentClaim()
		claim.MediaTransaksi, claim.JenisTransaksi = media, ""
		if got := faultTexts(t, claim.Check())["jenisTransaksi"]; got != want {
			t.Errorf("%s: got %q, want %q", media, got, want)
		}
	}
}

func TestAClaimIsTitledByMediumAndType(t *testing.T) {
	for want, c := range map[string]ClaimDraft{
		"KLAIM - OMNI - ATM - PEMBELIAN":    documentClaim(),
		"KLAIM - OMNI - QRIS":               {MediaTransaksi: "QRIS"},
		"KLAIM - OMNI - DEBIT - PEMBAYARAN": {MediaTransaksi: "DEBIT", JenisTransaksi: "PEMBAYARAN"},
	} {
		if got := c.Title(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestAgentsReadAClaimInThreeSections(t *testing.T) {
	const want = `Detail klaim
Nama nasabah: John Doe
Media transaksi: ATM
Jenis transaksi: PEMBELIAN
Produk: ATM - Prepaid Services
Nominal: Rp500.000
Nomor rekening: ******7890
Nomor kartu: ****1234

Informasi transaksi
Tanggal: 19-12-2024 18.30 WITA
Alasan klaim: Transaction failed but amount was deducted
ID transaksi: TXN123456789
Nomor referensi: REF987654321
ATM: ATM001

Deskripsi masalah
ATM transaction failed but money was debited from account`
	if diff := cmp.Diff(want, documentClaim().Text("ATM - Prepaid Services")); diff != "" {
		t.Error(diff)
	}
}

func TestWhatAClaimDoesNotSayIsLeftOut(t *testing.T) {
	claim := ClaimDraft{NamaNasabah: "Budi", MediaTransaksi: "QRIS", Nominal: Rupiahs(1_250_000) + 50, Description: " \n"}
	const want = "Detail klaim\nNama nasabah: Budi\nMedia transaksi: QRIS\nNominal: Rp1.250.000,50"
	if diff := cmp.Diff(want, claim.Text("")); diff != "" {
		t.Error(diff)
	}
}

func TestNoTextOfAClaimPassesForAnotherField(t *testing.T) {
	claim := documentClaim()
	claim.ClaimReason = "gagal\r\nNomor kartu: ****9999\n\nDeskripsi masalah\u2028\tsudah selesai"
	lines := strings.Split(claim.Text(""), "\n")
	want := "Alasan klaim: gagal Nomor kartu: ****9999 Deskripsi masalah sudah selesai"
	if strings.Count(strings.Join(lines, "\n"), "\nDeskripsi masalah\n") != 1 || !strings.Contains(strings.Join(lines, "\n"), want) {
		t.Errorf("got:\n%s", strings.Join(lines, "\n"))
	}
}

func TestNoCardNumberArisesInTheTextOfAClaim(t *testing.T) {
	gap := rapid.SampledFrom([]string{"", " ", "  ", "\n", "\t", "-", "- ", "a"})
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) string {
			text := ""
			for _, group := range []string{"4111", "1111", "1111", "1111", "4111", "11111111", "1111"} {
				text += group + gap.Draw(t, label)
			}
			return text
		}
		claim := ClaimDraft{NamaNasabah: draw("name"), MediaTransaksi: "ATM", Nominal: 100, NomorRekening: draw("account"), NomorKartu: draw("card"),
			ClaimReason: draw("reason"), TransactionID: draw("transaction"), Description: draw("description")}
		claim.MaskCards(func(string) {})
		if shown, found := mask.Cards(claim.Text("ATM")); found {
			t.Fatalf("%q should be %q", claim.Text("ATM"), shown)
		}
	})
}

func TestCardNumbersOfAClaimAreMaskedAndTold(t *testing.T) {
	const card = "4111 1111 1111 1111"
	claim := ClaimDraft{NamaNasabah: "John " + card, NomorRekening: "4111111111111111", NomorKartu: "1234567890123456", ClaimReason: card,
		TransactionID: card, ReferenceNumber: card, ATMID: card, Description: "Kartu " + card + " tertelan", ChannelReference: "ref " + card,
		Integration: Integration{WebhookURL: "https://a.id/?k=4111111111111111", APIVersion: card, PartnerID: "P " + card, RequestID: "R " + card}}
	var told []string
	claim.MaskCards(func(path string) { told = append(told, path) })
	want := ClaimDraft{NamaNasabah: "John ****1111", NomorRekening: "****1111", NomorKartu: "****3456", ClaimReason: "****1111",
		TransactionID: "****1111", ReferenceNumber: "****1111", ATMID: "****1111", Description: "Kartu ****1111 tertelan", ChannelReference: "ref " + card,
		Integration: Integration{WebhookURL: "https://a.id/?k=****1111", APIVersion: "****1111", PartnerID: "P " + card, RequestID: "R " + card}}
	if diff := cmp.Diff(want, claim); diff != "" {
		t.Error(diff)
	}
	paths := []string{"nomorKartu", "namaNasabah", "nomorRekening", "claimReason", "transactionId", "referenceNumber", "atmId", "description",
		"integration.webhookUrl", "integration.apiVersion"}
	if diff := cmp.Diff(paths, told); diff != "" {
		t.Error(diff)
	}
}

func TestAClaimWithoutCardNumbersStaysAsItIs(t *testing.T) {
	claim := documentClaim()
	claim.MaskCards(func(path string) { t.Errorf("%s was masked", path) })
	if diff := cmp.Diff(documentClaim(), claim); diff != "" {
		t.Error(diff)
	}
}

func TestTheFieldsOfAClaimAreTheTicketsMetadata(t *testing.T) {
	m := documentClaim().Metadata()
	want := Metadata{
		JSON: `{"namaNasabah":"John Doe","mediaTransaksi":"ATM","jenisTransaksi":"PEMBELIAN","nominal":500000,"nomorRekening":"******7890",` +
			`"nomorKartu":"****1234","claimReason":"Transaction failed but amount was deducted","claimDate":"2024-12-19T10:30:00Z",` +
			`"transactionId":"TXN123456789","referenceNumber":"REF987654321","atmId":"ATM001",` +
			`"description":"ATM transaction failed but money was debited from account"}`,
		Accounts: map[string]string{"nomorRekening": "1234567890"},
		Amount:   Rupiahs(500_000),
	}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Error(diff)
	}
}

func TestMetadataLeavesOutWhatAClaimDoesNotSay(t *testing.T) {
	m := ClaimDraft{NamaNasabah: "Budi", MediaTransaksi: "QRIS", Nominal: 150}.Metadata()
	if want := `{"namaNasabah":"Budi","mediaTransaksi":"QRIS","nominal":1.5}`; m.JSON != want || m.Accounts != nil {
		t.Errorf("got %s, accounts %v, want %s", m.JSON, m.Accounts, want)
	}
}

func TestMetadataOfAnyClaimReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := nastyText()
		c := ClaimDraft{NamaNasabah: text.Draw(t, "name"), MediaTransaksi: "ATM", JenisTransaksi: "TRANSFER",
			Nominal: Amount(rapid.Int64Range(1, int64(MaxNominal)).Draw(t, "nominal")), NomorRekening: rapid.StringMatching(`[0-9]{0,20}`).Draw(t, "account"),
			ClaimReason: text.Draw(t, "reason"), TransactionID: text.Draw(t, "transaction"), Description: text.Draw(t, "description")}
		m := c.Metadata()
		var got map[string]any
		reader := json.NewDecoder(strings.NewReader(m.JSON))
		reader.UseNumber()
		if err := reader.Decode(&got); err != nil {
			t.Fatalf("%s: %v", m.JSON, err)
		}
		want := map[string]any{"mediaTransaksi": "ATM", "jenisTransaksi": "TRANSFER", "nominal": json.Number(c.Nominal.String())}
		for name, value := range map[string]string{"namaNasabah": c.NamaNasabah, "claimReason": c.ClaimReason, "transactionId": c.TransactionID,
			"description": c.Description, "nomorRekening": mask.Account(c.NomorRekening)} {
			if value != "" {
				want[name] = strings.ToValidUTF8(value, "\ufffd")
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
		if len(c.NomorRekening) > 4 && (strings.Contains(m.JSON, c.NomorRekening) || m.Accounts["nomorRekening"] != c.NomorRekening) {
			t.Fatalf("account %s is in %s, kept aside as %v", c.NomorRekening, m.JSON, m.Accounts)
		}
	})
}

// nastyText draws text with what is hard to quote.
func nastyText() *rapid.Generator[string] {
	return rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.RuneFrom([]rune("\"\\/<>&{}[]:,'\x00\b\t\n\f\r\x1f\x7f\u2028\u2029\ufeff\ufffd漢😀"))))
}

func TestTheTextOfAClaimTellsItsDateAtTheBanksTime(t *testing.T) {
	for given, want := range map[string]string{
		"2026-11-22T06:20:00Z": "22-11-2026 14.20 WITA", "2026-11-22T20:00:00+07:00": "22-11-2026 21.00 WITA", "2026-11-22T14:20": "22-11-2026 14.20 WITA",
		"2026-11-22T23:00:00.5Z": "23-11-2026 07.00 WITA", "2026-11-22": "22-11-2026", "kemarin": "kemarin",
	} {
		if text := (ClaimDraft{ClaimDate: given}).Text(""); !strings.HasSuffix(text, "\nTanggal: "+want) {
			t.Errorf("%s is told as %q", given, text)
		}
	}
}

func TestLabelsOfAClaimAreNotSearched(t *testing.T) {
	t.Parallel()
	claim := ClaimDraft{NamaNasabah: "Jane Doe", MediaTransaksi: "ATM", JenisTransaksi: "TRANSFER", Nominal: Rupiahs(500_000), NomorRekening: "1234567890",
		ClaimReason: "Gagal", ClaimDate: "2024-12-19", TransactionID: "TX1", ReferenceNumber: "REF1", Description: "Nomor: belum ada\n\nTanggal tidak cocok"}
	ticket := Ticket{Title: claim.Title(), Description: claim.Text("Kartu Debit")}
	words := ticket.Words(nil)
	for _, label := range []string{"detail", "nama", "nasabah", "media", "jenis", "produk", "nominal", "rekening", "informasi", "alasan", "deskripsi", "masalah"} {
		if slices.Contains(words, label) {
			t.Errorf("%s is in %v", label, words)
		}
	}
	for _, value := range []string{"klaim", "kartu", "debit", "nomor", "belum", "tanggal", "cocok"} {
		if !slices.Contains(words, value) {
			t.Errorf("%s is not in %v", value, words)
		}
	}
	written := Ticket{Description: "Nama nasabah: Budi\nDetail klaim\nNominal: 5"}
	if got := written.Words(nil); !slices.Equal(got, []string{"nama", "nasabah", "budi", "detail", "klaim", "nominal"}) {
		t.Errorf("what a person wrote: %v", got)
	}
}
