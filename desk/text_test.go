package desk

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// declaredTexts are the constants of type Text as text.go declares them: wording -> name.
func declaredTexts(t *testing.T) map[Text]string {
	t.Helper()
	texts := map[Text]string{}
	for _, name := range []string{"text.go", "text_sociomile.go", "text_console.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "Text" {
				wording, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				texts[Text(wording)] = spec.Names[0].Name
			}
			return true
		})
	}
	if len(texts) < 60 {
		t.Fatalf("only %d texts were found", len(texts))
	}
	return texts
}

var place = regexp.MustCompile(`\{(field|\d)\}`)

// places are what a wording has to be filled in with, each once.
func places(wording string) []string {
	found := place.FindAllString(wording, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

func TestEveryTextHasAnIndonesianWordingWithTheSameArguments(t *testing.T) {
	texts := declaredTexts(t)
	for text, name := range texts {
		wording, ok := indonesian[text]
		if !ok || wording == "" || wording == string(text) {
			t.Errorf("%s has no Indonesian wording", name)
			continue
		}
		noField := func(p string) bool { return p == "{field}" }
		want := slices.DeleteFunc(places(string(text)), noField)
		if diff := cmp.Diff(want, slices.DeleteFunc(places(wording), noField)); diff != "" {
			t.Errorf("%s has other arguments in Indonesian:\n%s", name, diff)
		}
		if strings.Contains(wording, "{field}") && !strings.Contains(string(text), "{field}") {
			t.Errorf("%s is about a field in Indonesian only", name)
		}
	}
	for text := range indonesian {
		if texts[text] == "" {
			t.Errorf("%q is worded and no text", text)
		}
	}
}

// The sentences are the API document's and the spec's; partners' programs may compare them.
func TestTextsOfTheDocumentAreExact(t *testing.T) {
	for want, got := range map[string]string{
		"Unauthorized": UnauthorizedText.In(English, ""),
		"Insufficient permissions to create omnichannel tickets": CannotCreate.In(English, ""),
		"Insufficient permissions to read omnichannel tickets":   CannotRead.In(English, ""),
		"Insufficient permissions to update omnichannel tickets": CannotUpdate.In(English, ""),
		"Validation failed": ValidationFailed.In(English, ""),
		"Either ticketNumber or channelReferenceId is required": EitherReference.In(English, ""),
		"Ticket not found":                                          TicketNotFound.In(English, ""),
		"Request not found":                                         RequestNotFound.In(English, ""),
		"Cannot update closed or resolved tickets":                  TicketFinalized.In(English, ""),
		"System user not found":                                     SystemUserNotFound.In(English, ""),
		"Claim service not found":                                   ClaimServiceNotFound.In(English, ""),
		"Nama nasabah is required":                                  Required.In(English, "namaNasabah"),
		"Nominal is required":                                       Required.In(English, "nominal"),
		"Nominal must be positive":                                  MustBePositive.In(English, "nominal"),
		"Nominal exceeds maximum limit":                             ExceedsMaximum.In(English, "nominal"),
		"Nominal must be a number":                                  MustBeNumber.In(English, "nominal"),
		"Jenis transaksi is required for ATM":                       RequiredFor.In(English, "jenisTransaksi", "ATM"),
		"Customer name is required":                                 Required.In(English, "customer.name"),
		"Description is required":                                   Required.In(English, "ticket.description"),
		"Invalid channel. Must be one of: WHATSAPP, EMAIL":          MustBeOneOf.In(English, "channel", "WHATSAPP, EMAIL"),
		"Claim date must be an ISO 8601 date or date-time":          MustBeISODate.In(English, "claimDate"),
		"Invalid JSON: unexpected end at line 3, column 7":          InvalidJSON.In(English, "", "unexpected end", "3", "7"),
		"Customer email or customer phone is recommended for X":     RecommendedMissing.In(English, "customer.email|customer.phone", "X"),
		"ticket.metadata.atmId is recommended for ATM_ISSUE":        RecommendedMissing.In(English, "ticket.metadata.atmId", "ATM_ISSUE"),
		"Password must have at least 12 characters":                 TooShort.In(English, "password", "12"),
		"Status cannot change from CLOSED to OPEN. CLOSED is final": StatusNotAllowedEnd.In(English, "status", "CLOSED", "OPEN"),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestIndonesianTextsAreThoseOfTheBank(t *testing.T) {
	for want, got := range map[string]string{
		"Nama nasabah wajib diisi.":                                              Required.In(Indonesian, "namaNasabah"),
		"Jenis transaksi wajib diisi bila Media transaksi adalah ATM.":           RequiredFor.In(Indonesian, "jenisTransaksi", "ATM"),
		"Kanal yang dipilih tidak valid. Pilihan: WHATSAPP, EMAIL.":              MustBeOneOf.In(Indonesian, "channel", "WHATSAPP, EMAIL"),
		"Nominal harus lebih besar dari 0.":                                      MustBePositive.In(Indonesian, "nominal"),
		"Nominal maksimal Rp1.000.000.000.":                                      ExceedsMaximum.In(Indonesian, "nominal"),
		"Nominal harus berupa angka.":                                            MustBeNumber.In(Indonesian, "nominal"),
		"Judul maksimal 255 karakter.":                                           TooLong.In(Indonesian, "ticket.title", "255"),
		"Kata sandi minimal 12 karakter.":                                        TooShort.In(Indonesian, "password", "12"),
		"Tanggal klaim bukan tanggal yang valid (format ISO 8601).":              MustBeISODate.In(Indonesian, "claimDate"),
		"Surel nasabah harus berupa alamat surel yang valid.":                    MustBeEmail.In(Indonesian, "customer.email"),
		"Telepon nasabah harus berupa nomor telepon yang valid.":                 MustBePhone.In(Indonesian, "customer.phone"),
		"Format URL webhook tidak valid (http atau https, tanpa nama pengguna).": MustBeURL.In(Indonesian, "integration.webhookUrl"),
		"Isi lampiran maksimal berukuran 10 MB.":                                 TooManyBytes.In(Indonesian, "attachments.0.content", "10 MB"),
		"Jenis berkas tidak didukung: .exe.":                                     TypeRefused.In(Indonesian, "attachments.0.filename", ".exe"),
		"Isi lampiran bukan Base64 yang valid.":                                  MustBeBase64.In(Indonesian, "attachments.12.content"),
		"Isi salah satu: ticketNumber atau channelReferenceId.":                  EitherReference.In(Indonesian, ""),
		"Kunci API tidak ada atau tidak valid.":                                  UnauthorizedText.In(Indonesian, ""),
		"Kunci API tidak memiliki izin untuk tindakan ini.":                      CannotUpdate.In(Indonesian, ""),
		"Tiket tidak ditemukan.":                                                 TicketNotFound.In(Indonesian, ""),
		"Tiket yang sudah selesai atau ditutup tidak dapat diubah.":              TicketFinalized.In(Indonesian, ""),
		"Terlalu banyak permintaan, coba lagi dalam 3 detik.":                    RateLimited.In(Indonesian, "", "3"),
		"Surel nasabah atau telepon nasabah dianjurkan untuk COMPLAINT.":         RecommendedMissing.In(Indonesian, "customer.email|customer.phone", "COMPLAINT"),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestEveryTextIsFilledInWhole(t *testing.T) {
	for text, name := range declaredTexts(t) {
		for _, l := range []Language{English, Indonesian} {
			if got := text.In(l, "nominal", "a", "b", "c"); place.MatchString(got) {
				t.Errorf("%s leaves a place open: %q", name, got)
			}
		}
	}
}

func TestNothingInsideAnArgumentIsFilledIn(t *testing.T) {
	texts := declaredTexts(t)
	all := make([]Text, 0, len(texts))
	for text := range texts {
		all = append(all, text)
	}
	slices.Sort(all)
	part := rapid.SampledFrom([]string{"{0}", "{1}", "{2}", "{field}", "{", "}", "x", "{3}", "{00}"})
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom(all).Draw(t, "text")
		draw := func(label string) string {
			return "." + strings.Join(rapid.SliceOfN(part, 0, 4).Draw(t, label), "")
		}
		path, args := draw("path"), []string{draw("first"), draw("second"), draw("third")}
		want := place.ReplaceAllStringFunc(string(text), func(p string) string {
			if p == "{field}" {
				return path
			}
			return args[p[1]-'0']
		})
		if got := text.In(English, path, args...); got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}

func TestFieldsAreNamedByTheirLabels(t *testing.T) {
	for _, c := range []struct{ path, english, indonesian string }{
		{"namaNasabah", "Nama nasabah", "Nama nasabah"},
		{"customer.email", "Customer email", "Surel nasabah"},
		{"attachments", "Attachments", "Lampiran"},
		{"attachments.3.mimeType", "MIME type", "Jenis berkas"},
		{"attachments.3.colour", "attachments.3.colour", "attachments.3.colour"},
		{"attachments.3", "attachments.3", "attachments.3"},
		{"ticket.metadata.claimAmount", "ticket.metadata.claimAmount", "ticket.metadata.claimAmount"},
		{"customer.email|customer.phone|x", "Customer email or customer phone or x", "Surel nasabah atau telepon nasabah atau x"},
		{"", "", ""},
	} {
		if got := Label(c.path, English); got != c.english {
			t.Errorf("%s is %q, want %q", c.path, got, c.english)
		}
		if got := Label(c.path, Indonesian); got != c.indonesian {
			t.Errorf("%s is %q, want %q", c.path, got, c.indonesian)
		}
	}
}

func TestLabelsInsideASentenceBeginSmallUnlessAbbreviated(t *testing.T) {
	for path, want := range map[string]string{
		"mediaTransaksi":         "Invalid media transaksi. Must be one of: A",
		"atmId":                  "Invalid ATM ID. Must be one of: A",
		"integration.webhookUrl": "Invalid webhook URL. Must be one of: A",
		"attachments.0.filename": "Invalid file name. Must be one of: A",
		"X-Other":                "Invalid X-Other. Must be one of: A",
	} {
		if got := MustBeOneOf.In(English, path, "A"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestLabelsAreWholeInBothLanguages(t *testing.T) {
	for path, pair := range labels {
		for _, label := range pair {
			if label == "" || strings.ContainsAny(label, "{}|.") || strings.TrimSpace(label) != label || strings.ToUpper(label[:1]) != label[:1] {
				t.Errorf("%s has the label %q", path, label)
			}
		}
	}
}
