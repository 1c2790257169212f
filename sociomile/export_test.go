package sociomile_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"banksulutgo.co.id/servicedesk/sociomile"
	"banksulutgo.co.id/servicedesk/store"
)

// sheetOf opens a text as an export.
func sheetOf(t testing.TB, text string) *sociomile.Sheet {
	t.Helper()
	s, err := sociomile.OpenSheet(strings.NewReader(text), 0)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return s
}

// exported reads the rows of an export, and the lines that cannot be used.
func exported(t testing.TB, s *sociomile.Sheet, columns string) (x *sociomile.Export, faults []string) {
	t.Helper()
	found, err := s.Find(columns)
	if err != nil {
		t.Fatal(err)
	}
	x, err = s.Read(found, func(line int, why error) { faults = append(faults, fmt.Sprint(line, ": ", why)) }, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	return x, faults
}

// nobodys are no tickets of the desk.
func nobodys(func(store.ForwardEntry, error) bool) {}

// theirs words what an export holds.
func theirs(t testing.TB, x *sociomile.Export) (words []string) {
	t.Helper()
	_, err := x.Compare(nobodys, sociomile.Period{}, func(c sociomile.Compared) error {
		for _, of := range c.Theirs {
			words = append(words, fmt.Sprintf("%d: line %d, %s, %d, %s", c.Number, of.Line, of.ID, of.Number, of.Status))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return words
}

func TestAnExportIsReadAsProgramsWriteIt(t *testing.T) {
	t.Parallel()
	want := []string{"10001: line 2, 65f0aa, 32197, Open", "10002: line 3, 65f0ab, 0, Selesai – \"baik\""}
	for name, text := range map[string]string{
		"commas":              "no,id,ticket,status\n10002,65f0ab,,\"Selesai – \"\"baik\"\"\"\n10001,65f0aa,32197,Open\n",
		"semicolons":          "no;id;ticket;status\r\n10002;65f0ab;;\"Selesai – \"\"baik\"\"\"\r\n10001;65f0aa;32197;Open\r\n",
		"tabs, no end":        "no\tid\tticket\tstatus\n10002\t65f0ab\t\t\"Selesai – \"\"baik\"\"\"\n10001\t65f0aa\t32197\tOpen",
		"a mark of UTF-8":     "\xEF\xBB\xBFno,id,ticket,status\n10002,65f0ab,,\"Selesai – \"\"baik\"\"\"\n10001,65f0aa,32197,Open\n",
		"Windows-1252":        "no,id,ticket,status\n10002,65f0ab,,\"Selesai \x96 \"\"baik\"\"\"\n10001,65f0aa,32197,Open\n",
		"numbers of a sheet":  "no,id,ticket,status\n\"=\"\"10002\"\"\",65f0ab,0,\"Selesai – \"\"baik\"\"\"\n10001.0, 65f0aa ,'32197,Open\n",
		"separators in names": "\"no\";id;\"ticket,,,,\";status\n10002;65f0ab;-;\"Selesai – \"\"baik\"\"\"\n\"10001,00\";65f0aa;32197;Open\n",
	} {
		t.Run(name, func(t *testing.T) {
			x, faults := exported(t, sheetOf(t, text), "number=1,id=2,ticket=3,status=4")
			got := theirs(t, x)
			for i := range got {
				got[i] = strings.Replace(got[i], "line 2", "line x", 1)
				got[i] = strings.Replace(got[i], "line 3", "line x", 1)
			}
			anyLine := []string{strings.Replace(want[0], "line 2", "line x", 1), strings.Replace(want[1], "line 3", "line x", 1)}
			if diff := cmp.Diff(anyLine, got); diff != "" || len(faults) > 0 || x.Rows != 2 || x.Usable() != 2 {
				t.Errorf("%d rows, faults %q (-want +got):\n%s", x.Rows, faults, diff)
			}
		})
	}
}

func TestRowsThatCannotBeUsedAreNamedByTheirLine(t *testing.T) {
	t.Parallel()
	x, faults := exported(t, sheetOf(t, "sep=;\nnomorTicketHelpdesk;id;ticket_number\n"+
		"10001;a;1\n"+ // 3
		";b;2\n"+ // not of the desk
		"10.000;c;3\n"+
		"1,0001E+12;d;4\n"+
		"10003;e\n"+
		"10004;\"f\nf\";6\n"+ // two lines
		"10005;g;many\n"+ // 10
		"10006;h \"h\";8\n"+ // a quote where none may be
		"-5;i;9\n"+
		"10007;"+strings.Repeat("x", 300)+";10\n"+
		"10008;j;11\n"+
		"10009;\"k;12\n10010;l;13\n"), "number=nomorTicketHelpdesk,id=ID,ticket=ticket_number")
	want := []string{"5: our number: it is no whole number", "6: our number: a spreadsheet has rounded it; export the column as text", "7: it has 2 columns, and the line of names has 3",
		"10: the provider's number: it is no whole number", "11: bare \" in non-quoted-field", "12: our number: it is no whole number",
		"13: the provider's id is too long to be one", "15: extraneous or missing \" in quoted-field"}
	if diff := cmp.Diff(want, faults); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"10001: line 3, a, 1, ", "10004: line 8, f f, 6, ", "10008: line 14, j, 11, "}, theirs(t, x)); diff != "" {
		t.Errorf("used (-want +got):\n%s", diff)
	}
	if x.Rows != 12 || x.Foreign != 1 || x.Faulty != 8 {
		t.Errorf("%d rows, %d foreign, %d faulty", x.Rows, x.Foreign, x.Faulty)
	}
}

func TestAFileThatIsNoExportIsRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                "the file is empty",
		"\xFF\xFEn\x00o\x00":              "the file is UTF-16: save it as CSV in UTF-8",
		"PK\x03\x04 and so on":            "the file is a workbook: save the sheet as CSV in UTF-8",
		"\"" + strings.Repeat("x", 2<<20): "a row is longer than 1 MB: a quote that opens in it is not closed",
	} {
		if _, err := sociomile.OpenSheet(strings.NewReader(text), 0); err == nil || err.Error() != want {
			t.Errorf("%.10q: %v, want %q", text, err, want)
		}
	}
	s := sheetOf(t, "no\n1\n\""+strings.Repeat("x\n", 1<<20))
	if _, err := s.Read(sociomile.Columns{sociomile.OurNumber: 0}, func(int, error) {}, func(int) {}); err == nil || !strings.Contains(err.Error(), "longer than 1 MB") {
		t.Errorf("a quote that is not closed: %v", err)
	}
	_, err := sociomile.OpenSheet(io.MultiReader(strings.NewReader("no,id\n"), broken{}), 0)
	if !errors.Is(err, errBroken) {
		t.Errorf("a file that breaks off: %v", err)
	}
}

var errBroken = errors.New("broken")

// broken cannot be read.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errBroken }

func TestColumnsAreGuessedByNameAndNamedByHand(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"Ticket ID,Ticket Number,Nomor Ticket Helpdesk,Status": "number=3,id=1,ticket=2,status=4",
		"_id,status,nomorTicketHelpdesk,nomorRekening":         "number=3,id=1,status=2",
		"bsg_ticket_id;sociomile_ticket_id;id":                 "number=1,id=2",
		"nomorRekening,nominal":                                "",
	} {
		if got := sheetOf(t, header+"\n").Guess().String(); got != want {
			t.Errorf("%s: guessed %q, want %q", header, got, want)
		}
	}
	s := sheetOf(t, "no,id,Id,3,status\n")
	for spec, want := range map[string]string{
		"number=no":                            "number=1",
		" status=STATUS , number=1, ticket=3 ": "number=1,ticket=4,status=5",
		"number=2,id=no":                       "number=2,id=1",
		"":                                     `"" is none of number=…, id=…, ticket=…, status=…`,
		"number=no,colour=id":                  `"colour=id" is none of number=…, id=…, ticket=…, status=…`,
		"id=no":                                "number=… is needed: the column with the bank's own ticket number",
		"number=no,number=2":                   "number is there twice",
		"number=id":                            `several columns are named "id": name the one that is meant by its place, the first is 1`,
		"number=6":                             `there is no column "6"; there are ["no" "id" "Id" "3" "status"]`,
		"number":                               `there is no column ""; there are ["no" "id" "Id" "3" "status"]`,
	} {
		got, err := s.Find(spec)
		if err != nil && err.Error() != want || err == nil && got.String() != want {
			t.Errorf("%q: %v, %v; want %s", spec, got, err, want)
		}
	}
}

func TestTheFirstRowsAreShownWithoutAccountsAndCards(t *testing.T) {
	t.Parallel()
	const text = "nomorTicketHelpdesk,id,nomorRekening,kartu,nama\n10001,65f0aa11bb22cc33dd44ee55,0012-3456 789012,4111111111111111,\"Budi\x1b[2J\"\n1234567,4111111111111111,x\n3\n4\n5\n6,no more\n"
	var out bytes.Buffer
	guess, err := sheetOf(t, text).Show(&out)
	if err != nil || guess.String() != "number=1,id=2" {
		t.Errorf("%v, %v", guess, err)
	}
	want := "COLUMN  NAME                 PROBABLY  FIRST ROWS\n" +
		"1       nomorTicketHelpdesk  number    10001 | 1234567 | 3 | 4 | 5\n" +
		"2       id                   id        65f0aa11bb22cc33dd44ee55 | ****1111\n" +
		"3       nomorRekening                  ****9012 | x\n" +
		"4       kartu                          ****1111\n" +
		"5       nama                           Budi\uFFFD[2J\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// drawCell is a text that may stand in a cell.
var drawCell = rapid.StringMatching(`[ -~é€\n]{0,12}`)

func TestWhatIsWrittenAsCSVIsReadWhateverTheSeparatorAndTheEncoding(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var want []string
		var text bytes.Buffer
		w := csv.NewWriter(&text)
		w.Comma = rapid.SampledFrom([]rune{',', ';', '\t'}).Draw(t, "separator")
		w.UseCRLF = rapid.Bool().Draw(t, "CRLF")
		rows := [][]string{{"more", "no", "id", "more"}}
		for i := range rapid.IntRange(1, 20).Draw(t, "rows") {
			id := strconv.FormatInt(rapid.Int64Range(1, 1<<60).Draw(t, "id"), 16)
			rows = append(rows, []string{drawCell.Draw(t, "before"), strconv.Itoa(100 - i), id, drawCell.Draw(t, "behind")})
			want = append(want, fmt.Sprint(100-i, " ", id))
		}
		if err := w.WriteAll(rows); err != nil {
			t.Fatal(err)
		}
		raw := text.Bytes()
		if rapid.Bool().Draw(t, "Windows-1252") {
			raw = windows1252(raw)
		} else if rapid.Bool().Draw(t, "mark") {
			raw = append([]byte("\xEF\xBB\xBF"), raw...)
		}
		s, err := sociomile.OpenSheet(bytes.NewReader(raw), 0)
		if err != nil {
			t.Fatal(err)
		}
		x, err := s.Read(sociomile.Columns{sociomile.OurNumber: 1, sociomile.ProviderID: 2}, func(line int, why error) { t.Errorf("line %d: %v", line, why) }, func(int) {})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		_, _ = x.Compare(nobodys, sociomile.Period{}, func(c sociomile.Compared) error {
			got = append(got, fmt.Sprint(c.Number, " ", c.Theirs[0].ID))
			return nil
		})
		slices.Reverse(want) // our numbers went down
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// windows1252 writes a text of UTF-8 as Windows-1252; it has no other characters above ASCII than these.
func windows1252(text []byte) []byte {
	text = bytes.ReplaceAll(text, []byte("é"), []byte{0xE9})
	return bytes.ReplaceAll(text, []byte("€"), []byte{0x80})
}

// FuzzExport reads any file as an export: it ends, and what it tells can be shown.
func FuzzExport(f *testing.F) {
	for _, text := range []string{"no,id\n1,a\n", "sep=;\nno;id\n\"1;a\n", "\xEF\xBB\xBF\n\n", "sep=", "a\tb\n\"\"\t=\"1\"\n", "no\n\x80\n"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := sociomile.OpenSheet(bytes.NewReader(raw), 0)
		if err != nil {
			return
		}
		columns := sociomile.Columns{sociomile.OurNumber: 0, sociomile.ProviderID: len(s.Header) - 1}
		faults := 0
		x, err := s.Read(columns, func(int, error) { faults++ }, func(int) {})
		if err == nil && (x.Faulty != faults || x.Usable()+x.Foreign+x.Faulty != x.Rows) {
			t.Errorf("of %d rows are %d of use, %d foreign, %d faulty, %d told", x.Rows, x.Usable(), x.Foreign, x.Faulty, faults)
		}
		if err == nil {
			for _, words := range theirs(t, x) {
				if !utf8.ValidString(words) || strings.ContainsAny(words, "\n\x1b") {
					t.Errorf("shown is %q", words)
				}
			}
		}
	})
}

func TestRowsTakeABoundedPartOfTheMemory(t *testing.T) {
	const rows, perRow = 200_000, 160 // bytes, while the list grows
	reader, writer := io.Pipe()
	go func() {
		fmt.Fprintln(writer, "no,id,status,name")
		for i := range rows {
			fmt.Fprintf(writer, "%d,65f0aa11bb22cc33%08x,Open,%s\n", 10001+i, i, "Ahmad Suryanto dari Manado")
		}
		writer.Close()
	}()
	s, err := sociomile.OpenSheet(reader, 0)
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	x, err := s.Read(sociomile.Columns{sociomile.OurNumber: 0, sociomile.ProviderID: 1, sociomile.ProviderStatus: 2}, func(int, error) {}, func(int) {})
	if err != nil || x.Usable() != rows {
		t.Fatalf("%v", err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if took := int(after.HeapAlloc) - int(before.HeapAlloc); took > rows*perRow {
		t.Errorf("%d rows take %d MB, %d bytes each, want at most %d", rows, took>>20, took/rows, perRow)
	} else {
		t.Logf("%d bytes a row", took/rows)
	}
	runtime.KeepAlive(x)
}
