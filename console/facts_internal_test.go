package console

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/desk"
)

func TestWhatTheAPIDocumentNamesIsWordedAndWhatPartnersMakeUpStays(t *testing.T) {
	ticket := &desk.Ticket{Private: desk.Private{Accounts: map[string]string{"nomorRekening": "1234567890"}}, Metadata: `{"claimDate":"2026-11-22T06:20:00Z","claimReason":"x",
		"nominal":64000,"claimAmount":"64000","incidentDate":"kemarin","nomorRekening":"******7890","status":"ok","tanggalTransaksi":"2026-11-22","atmId":"0126","dalam":{"nominal":[1.5,true]}}`}
	accounts := []fact{{Name: "nomorRekening", Value: "******7890", Field: "account:nomorRekening"}}
	for l, want := range map[desk.Language]facts{
		desk.Indonesian: {
			Transaction: []fact{{Name: "Nominal", Value: "Rp64.000"}, {Name: "Nominal klaim", Value: "64000"}, {Name: "Tanggal transaksi", Value: "22 Nov 2026"},
				{Name: "Tanggal klaim", Value: "22 Nov 2026 pukul 14.20 WITA"}, {Name: "Kode ATM", Value: "0126"}, {Name: "Alasan klaim", Value: "x"}},
			Others: []fact{{Name: "dalam.nominal.0", Value: "1.5"}, {Name: "dalam.nominal.1", Value: "true"}, {Name: "Tanggal kejadian", Value: "kemarin"}, {Name: "status", Value: "ok"}}},
		desk.English: {
			Transaction: []fact{{Name: "Amount", Value: "Rp64.000"}, {Name: "Claimed amount", Value: "64000"}, {Name: "Transaction date", Value: "22 Nov 2026"},
				{Name: "Date of the claim", Value: "22 Nov 2026 at 14:20 WITA"}, {Name: "ATM code", Value: "0126"}, {Name: "Reason of the claim", Value: "x"}},
			Others: []fact{{Name: "dalam.nominal.0", Value: "1.5"}, {Name: "dalam.nominal.1", Value: "true"}, {Name: "Date of the incident", Value: "kemarin"}, {Name: "status", Value: "ok"}}},
	} {
		want.Accounts = accounts
		if diff := cmp.Diff(want, wordsIn(l).factsOf(ticket)); diff != "" {
			t.Errorf("%s: (-want +got): %s", l, diff)
		}
	}
}

func TestEveryRecommendedFieldHasAName(t *testing.T) {
	w := wordsIn(desk.Indonesian)
	for path, want := range map[string]string{
		"ticket.metadata.mediaTransaksi": "Media transaksi", "ticket.metadata.nominal": "Nominal", "ticket.metadata.jenisTransaksi": "Jenis transaksi",
		"ticket.metadata.claimAmount": "Nominal klaim", "ticket.metadata.transactionId": "Nomor transaksi", "ticket.metadata.atmId": "Kode ATM", "ticket.metadata.cardNumber": "Nomor kartu",
		"customer.email|customer.phone": "Surel nasabah atau telepon nasabah", "customer.identifier": "Identitas nasabah", "ticket.metadata.status": "status",
	} {
		if got := w.fieldName(path); got != want {
			t.Errorf("%s is called %q, want %q", path, got, want)
		}
	}
	if got := w.fieldNames([]string{"ticket.metadata.nominal", "customer.email"}); got != "Nominal, Surel nasabah" {
		t.Errorf("several are called %q", got)
	}
}
