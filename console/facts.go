package console

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/staff"
)

// fact is a line of what is known.
type fact struct {
	Name, Value string
	Field       string // by which it is unmasked; empty: it is not masked
}

// facts are what the metadata of a ticket tells.
type facts struct {
	Transaction []fact // that the customer complains of
	Others      []fact
	Accounts    []fact // masked
}

// factsOf are what the metadata tells. What the API document names is worded; what a partner made up keeps its name and value.
func (w words) factsOf(t *desk.Ticket) (told facts) {
	decoder := json.NewDecoder(strings.NewReader(t.Metadata))
	decoder.UseNumber()
	var metadata map[string]any
	if decoder.Decode(&metadata) != nil {
		return told
	}
	transaction := []string{"mediaTransaksi", "jenisTransaksi", "nominal", "claimAmount", "disputeAmount", "cardNumber", "nomorKartu", "tanggalTransaksi", "claimDate", "atmId",
		"transactionId", "referenceNumber", "claimReason"}
	known := make([]fact, len(transaction))
	flatten("", metadata, func(path, value string, number bool) {
		if _, account := t.Private.Accounts[path]; account {
			told.Accounts = append(told.Accounts, fact{Name: path, Value: value, Field: staff.AccountField + path})
			return
		}
		f := fact{Name: w.metadataName(path), Value: w.metadataValue(path, value, number)}
		if i := slices.Index(transaction, path); i >= 0 {
			known[i] = f
			return
		}
		told.Others = append(told.Others, f)
	})
	told.Transaction = slices.DeleteFunc(known, func(f fact) bool { return f.Name == "" })
	return told
}

// flatten tells the values of a JSON object by their paths, in the order of their names, and which are numbers.
func flatten(prefix string, value any, tell func(path, value string, number bool)) {
	switch v := value.(type) {
	case map[string]any:
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			flatten(strings.TrimPrefix(prefix+"."+name, "."), v[name], tell)
		}
	case []any:
		for i, item := range v {
			flatten(prefix+"."+strconv.Itoa(i), item, tell)
		}
	case json.Number:
		tell(prefix, v.String(), true)
	case string:
		tell(prefix, v, false)
	case bool:
		tell(prefix, strconv.FormatBool(v), false)
	}
}

// metadataName names a member of the metadata that the API document or the bank's reference data tell of; another one stays
// as it is.
func (w words) metadataName(path string) string {
	names := map[string]string{
		"namaNasabah": "Nama nasabah", "mediaTransaksi": "Media transaksi", "jenisTransaksi": "Jenis transaksi", "nominal": "Nominal",
		"claimAmount": "Nominal klaim", "disputeAmount": "Nominal sanggahan", "nomorRekening": "Nomor rekening", "nomorKartu": "Nomor kartu", "cardNumber": "Nomor kartu",
		"tanggalTransaksi": "Tanggal transaksi", "claimDate": "Tanggal klaim", "transactionId": "Nomor transaksi", "referenceNumber": "Nomor referensi",
		"atmId": "Kode ATM", "claimReason": "Alasan klaim", "description": "Uraian", "incidentDate": "Tanggal kejadian", "branchVisited": "Kantor yang didatangi",
		"staffInvolved": "Petugas terkait", "errorCode": "Kode kesalahan", "deviceType": "Jenis perangkat", "applicationVersion": "Versi aplikasi",
		"urgencyReason": "Alasan mendesak",
	}
	if name, known := names[path]; known {
		return w.t(name)
	}
	return path
}

// metadataValue words amounts and times of the members that metadataName knows; what is neither stays as it is.
func (w words) metadataValue(path, value string, number bool) string {
	switch path {
	case "nominal", "claimAmount", "disputeAmount":
		if amount, err := desk.ParseAmount(value); err == nil && number {
			return amount.Rupiah()
		}
	case "tanggalTransaksi", "claimDate", "incidentDate":
		return w.when(value)
	}
	return value
}

// when words a date, or a time in WITA, that was given as the API document wants it; another text stays as it is.
func (w words) when(text string) string {
	at, ok := desk.ParseTime(text)
	switch {
	case !ok:
		return text
	case !strings.Contains(text, "T"):
		return w.date(at)
	}
	return w.moment(at)
}

// fieldName names what the API document calls by a path, or by several that are alternatives.
func (w words) fieldName(path string) string {
	if name, inMetadata := strings.CutPrefix(path, "ticket.metadata."); inMetadata {
		return w.metadataName(name)
	}
	return desk.Label(path, w.lang)
}

// fieldNames names fields one after the other.
func (w words) fieldNames(paths []string) string {
	names := make([]string, len(paths))
	for i, path := range paths {
		names[i] = w.fieldName(path)
	}
	return strings.Join(names, ", ")
}

// warning words what is told of a ticket that was made all the same.
func (w words) warning(f desk.Fault) string {
	if f.Text == desk.RecommendedMissing {
		return w.t("Sebaiknya dilengkapi: %s.", w.fieldName(f.Path))
	}
	return f.In(w.lang)
}
