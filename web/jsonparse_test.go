package web

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"banksulutgo.co.id/servicedesk/desk"
)

// claimBody is the claim of the API document with a longer description: about 1 kB.
var claimBody = `{
  "namaNasabah": "John Doe",
  "mediaTransaksi": "ATM",
  "jenisTransaksi": "PEMBELIAN",
  "nominal": 500000,
  "nomorRekening": "1234567890",
  "nomorKartu": "****1234",
  "claimReason": "Transaction failed but amount was deducted",
  "claimDate": "2024-12-19T10:30:00Z",
  "transactionId": "TXN123456789",
  "referenceNumber": "REF987654321",
  "atmId": "ATM001",
  "description": "ATM transaction failed but money was debited from account. ` + strings.Repeat("The customer waited. ", 20) + `",
  "integration": {"requestId": "req-2024-12-19-0001", "partnerId": "mobile", "apiVersion": "1.0", "webhookUrl": null}
}`

// attachmentBody has one attachment of n bytes of base64.
func attachmentBody(n int) []byte {
	content := base64.StdEncoding.EncodeToString(make([]byte, n/4*3))
	return []byte(`{"attachments":[{"filename":"struk.jpg","content":"` + content + `"}]}`)
}

// parse reads a body that must be good.
func parse(t rapid.TB, body string) Value {
	t.Helper()
	v, err := ParseJSON([]byte(body))
	if err != nil {
		t.Fatalf("%.200q is refused: %v", body, err)
	}
	return v
}

func compact(v Value) string { return string(v.Append(nil)) }

func TestGoodBodiesAreReadAndPrintedCompact(t *testing.T) {
	for _, c := range []struct{ give, want string }{
		{`null`, `null`},
		{` true `, `true`},
		{"\r\n\tfalse\n", `false`},
		{`0`, `0`},
		{`-0`, `-0`},
		{`-12.50E+07`, `-12.50E+07`},
		{`1e-7`, `1e-7`},
		{`0e0`, `0e0`},
		{`1e999999999`, `1e999999999`},
		{`""`, `""`},
		{`"a\/b\"\\\b\f\n\r\t"`, `"a/b\"\\\b\f\n\r\t"`},
		{`"\u0041\u00e9\u6F22\uD83D\uDE00\u2028"`, "\"Aé漢😀\u2028\""},
		{`"\u0001\u001f\u007f"`, "\"\\u0001\\u001f\x7f\""},
		{"\"\u007f\ufeff\ufffd\uffff\U0010ffff\"", "\"\u007f\ufeff\ufffd\uffff\U0010ffff\""},
		{`[]`, `[]`},
		{"{ }", `{}`},
		{`[ 1 , [ ] , { } , "x" , null ]`, `[1,[],{},"x",null]`},
		{`{ "b" : 1 , "a" : { "B" : [ true ] } , "" : null }`, `{"b":1,"a":{"B":[true]},"":null}`},
		{`{"10":1,"2":2,"constructor":3,"A":4,"a":5}`, `{"10":1,"2":2,"constructor":3,"A":4,"a":5}`},
		{`[{"a":1},{"a":1}]`, `[{"a":1},{"a":1}]`},
	} {
		if got := compact(parse(t, c.give)); got != c.want {
			t.Errorf("%s: got %s, want %s", c.give, got, c.want)
		}
	}
}

func TestBadBodiesAreRefusedWithReasonAndPosition(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for _, c := range []struct{ body, reason, line, column string }{
		{"", "the body is empty", "1", "1"},
		{" \n ", "the body is empty", "1", "1"},
		{"\ufeff{}", "byte order mark", "1", "1"},
		{"{} {}", "more data after the end", "1", "4"},
		{"{}\n}", "more data after the end", "2", "1"},
		{"01", "more data after the end", "1", "2"},
		{"{} // done", "comments are not allowed", "1", "4"},
		{"{\n  \"a\": 1, // one\n}", "comments are not allowed", "2", "11"},
		{"[/* none */]", "comments are not allowed", "1", "2"},
		{"[1 / 2]", "unexpected character '/'", "1", "4"},

		{"{", "unexpected end of the body", "1", "2"},
		{"[1,", "unexpected end of the body", "1", "4"},
		{`{"a"`, "unexpected end of the body", "1", "5"},
		{`{"a":`, "unexpected end of the body", "1", "6"},
		{`{"a":1`, "unexpected end of the body", "1", "7"},
		{`"abc`, "unexpected end of the body", "1", "5"},
		{`"abc\`, "unexpected end of the body", "1", "6"},
		{`"abc\"`, "unexpected end of the body", "1", "7"},
		{`"\u12`, "unexpected end of the body", "1", "6"},
		{`"\ud83d\ude`, "unexpected end of the body", "1", "12"},
		{"tru", "unexpected end of the body", "1", "4"},
		{"-", "unexpected end of the body", "1", "2"},
		{"1.", "unexpected end of the body", "1", "3"},
		{"1e+", "unexpected end of the body", "1", "4"},

		{"[1,]", "unexpected character ']'", "1", "4"},
		{"[,1]", "unexpected character ','", "1", "2"},
		{"[1 2]", "unexpected character '2'", "1", "4"},
		{"[1}", "unexpected character '}'", "1", "3"},
		{`{"a":1,}`, "unexpected character '}'", "1", "8"},
		{`{,}`, "unexpected character ','", "1", "2"},
		{`{"a" 1}`, "unexpected character '1'", "1", "6"},
		{`{"a":1 "b":2}`, "unexpected character '\"'", "1", "8"},
		{`{"a":}`, "unexpected character '}'", "1", "6"},
		{`{a:1}`, "unexpected character 'a'", "1", "2"},
		{`{1:1}`, "unexpected character '1'", "1", "2"},
		{`{'a':1}`, `unexpected character '\''`, "1", "2"},
		{"[“a”]", "unexpected character '“'", "1", "2"},
		{"nul1", "unexpected character '1'", "1", "4"},
		{"True", "unexpected character 'T'", "1", "1"},
		{"NaN", "unexpected character 'N'", "1", "1"},
		{"[-Infinity]", "unexpected character 'I'", "1", "3"},
		{"[01]", "unexpected character '1'", "1", "3"},
		{"[+1]", "unexpected character '+'", "1", "2"},
		{"[.5]", "unexpected character '.'", "1", "2"},
		{"[1.e5]", "unexpected character 'e'", "1", "4"},
		{"[1e]", "unexpected character ']'", "1", "4"},
		{"[0x10]", "unexpected character 'x'", "1", "3"},
		{"[1_000]", "unexpected character '_'", "1", "3"},
		{"[\v1]", "unexpected character", "1", "2"},
		{"[\u00a01]", "unexpected character", "1", "2"},
		{"[\ufeff1]", "unexpected character", "1", "2"},

		{"\"a\nb\"", "control character in a string", "1", "3"},
		{"\"a\tb\"", "control character in a string", "1", "3"},
		{"\"123456789\x1f\"", "control character in a string", "1", "11"},
		{"\"a\x00b\"", "NUL character", "1", "3"},
		{"[\x00]", "NUL character", "1", "2"},
		{`"a\u0000b"`, "NUL character", "1", "3"},
		{`{"\u0000":1}`, "NUL character", "1", "3"},
		{`"\x41"`, "invalid escape", "1", "2"},
		{`"\'"`, "invalid escape", "1", "2"},
		{`"\U0041"`, "invalid escape", "1", "2"},
		{`"é\u12g4"`, "invalid escape", "1", "3"},
		{`"\u 123"`, "invalid escape", "1", "2"},
		{`"\ud83d"`, "lone surrogate", "1", "2"},
		{`"\ude00"`, "lone surrogate", "1", "2"},
		{`"\ud83d\u0041"`, "lone surrogate", "1", "2"},
		{`"\ud83d\ud83d\ude00"`, "lone surrogate", "1", "2"},
		{`"\ud83d\ue000"`, "lone surrogate", "1", "2"},
		{`"\ud83d\n"`, "lone surrogate", "1", "2"},
		{`"\ud83dx"`, "lone surrogate", "1", "2"},
		{`"a\ud83d\uzzzz"`, "lone surrogate", "1", "3"},
		{"\"a\xff\"", "invalid UTF-8", "1", "3"},
		{"\"漢字\xc3\"", "invalid UTF-8", "1", "4"},
		{"\"\xed\xa0\x80\"", "invalid UTF-8", "1", "2"},
		{"\"\xc0\x80\"", "invalid UTF-8", "1", "2"},
		{"\"\xf4\x90\x80\x80\"", "invalid UTF-8", "1", "2"},
		{"\xff\xfe{\x00}\x00", "invalid UTF-8", "1", "1"},
		{"{\"a\xffb\":1}", "invalid UTF-8", "1", "4"},

		{`{"a":1,"b":2,"a":3}`, `duplicate key "a"`, "1", "14"},
		{"{\"a\":1,\n \"\\u0061\":3}", `duplicate key "a"`, "2", "2"},
		{`[{"x":{"":1,"":1}}]`, `duplicate key ""`, "1", "13"},
		{`{"a\"\n":1,"a\"\n":1}`, `duplicate key "a\"\n"`, "1", "12"},
		{`{"nomor 4111111111111111":1,"nomor 4111111111111111":1}`, `duplicate key`, "1", "29"},
		{`{"__proto__":1}`, `key "__proto__" is not allowed`, "1", "2"},
		{`[{"a":{"\u005f_proto__":1}}]`, `key "__proto__" is not allowed`, "1", "8"},
		{deep(65), "more than 64 levels", "1", "65"},
		{strings.Repeat(`{"a":`, 65) + "1" + strings.Repeat("}", 65), "more than 64 levels", "1", "321"},
	} {
		v, err := ParseJSON([]byte(c.body))
		want := desk.Fail(desk.Invalid, desk.InvalidJSON, c.reason, c.line, c.column)
		if diff := cmp.Diff(error(want), err); diff != "" {
			t.Errorf("%.80q: -want +got\n%s", c.body, diff)
		}
		if v.Kind() != Null {
			t.Errorf("%.80q: a refused body left the value %s", c.body, compact(v))
		}
	}
}

func TestAnErrorReadsAsASentence(t *testing.T) {
	_, err := ParseJSON([]byte("{\n  \"nominal\": 500000,\n}"))
	if want := "Invalid JSON: unexpected character '}' at line 3, column 1"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestALongDuplicateKeyIsShortened(t *testing.T) {
	key := strings.Repeat("ç", 1000)
	_, err := ParseJSON([]byte(`{"` + key + `":1,"` + key + `":2}`))
	var failure *desk.Error
	if !errors.As(err, &failure) {
		t.Fatalf("got %v", err)
	}
	if want := `duplicate key "` + strings.Repeat("ç", 63) + `…"`; failure.Args[0] != want {
		t.Errorf("got %s, want %s", failure.Args[0], want)
	}
}

func TestSixtyFourLevelsAreReadWhereverTheyStand(t *testing.T) {
	deep := strings.Repeat(`[{"a":`, 31) + "[[],[]]" + strings.Repeat("}]", 31)
	parse(t, deep)
	if _, err := ParseJSON([]byte("[" + deep + "]")); !desk.Is(err, desk.Invalid) {
		t.Errorf("65 levels: got %v", err)
	}
}

// wide makes an object of n members; the name of the last is given.
func wide(n int, last string) string {
	var b strings.Builder
	b.WriteByte('{')
	for i := range n - 1 {
		fmt.Fprintf(&b, `"k%d":%d,`, i, i)
	}
	return b.String() + `"` + last + `":null}`
}

func TestDuplicateKeysAreFoundInObjectsOfEverySize(t *testing.T) {
	for _, n := range []int{2, 15, 16, 17, 18, 19, 40, 5000} {
		for _, twice := range []int{0, (n - 1) / 2, n - 2} {
			_, err := ParseJSON([]byte(wide(n, fmt.Sprintf("k%d", twice))))
			if err == nil || !strings.Contains(err.Error(), fmt.Sprintf(`duplicate key "k%d"`, twice)) {
				t.Errorf("%d members, number %d twice: got %v", n, twice, err)
			}
		}
		if got := len(parse(t, wide(n, "last")).Members()); got != n {
			t.Errorf("got %d members, want %d", got, n)
		}
	}
}

// fastest is the least time that reading an object of n members took.
func fastest(t *testing.T, n int) time.Duration {
	body, best := wide(n, "last"), time.Hour
	for range 5 {
		start := time.Now()
		parse(t, body)
		best = min(best, time.Since(start))
	}
	return best
}

// Twenty times the members take about twenty times as long; if each were compared with each, four hundred times.
func TestTheCostOfAnObjectGrowsWithItsSize(t *testing.T) {
	if small, large := fastest(t, 1000), fastest(t, 20_000); large > 120*small {
		t.Errorf("1,000 members took %v, 20,000 took %v", small, large)
	}
}

func TestTheNumberOfValuesIsBounded(t *testing.T) {
	body := func(n int) []byte { return []byte("[" + strings.Repeat("1,", n-2) + "1]") }
	v, err := ParseJSON(body(maxValues))
	if err != nil || len(v.Items()) != maxValues-1 {
		t.Errorf("the most values: got %d items, %v", len(v.Items()), err)
	}
	_, err = ParseJSON(body(maxValues + 1))
	if want := "Invalid JSON: more than 50000 values at line 1, column 100000"; err == nil || err.Error() != want {
		t.Errorf("one more: got %v, want %s", err, want)
	}
}

func TestABodyOfEmptyArraysDoesNotEatTheMemory(t *testing.T) {
	for _, item := range []string{"[]", "[0]", `{"":{}}`, `{"a":"\n"}`} {
		body := []byte("[" + strings.Repeat(item+",", 5<<20/len(item)) + "0]")
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := ParseJSON(body); !desk.Is(err, desk.Invalid) {
			t.Errorf("%s…: got %v", item, err)
		}
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 64<<20 {
			t.Errorf("%s…: allocated %d MB", item, used>>20)
		}
	}
}

func TestTextsWithoutEscapesAreNotCopied(t *testing.T) {
	body := attachmentBody(1 << 20)
	v, err := ParseJSON(body)
	if err != nil {
		t.Fatal(err)
	}
	attachments, _ := v.Get("attachments")
	content, _ := attachments.Items()[0].Get("content")
	at := bytes.Index(body, []byte("AAAA"))
	if unsafe.StringData(content.Text()) != &body[at] {
		t.Error("the content is a copy")
	}
	if n := testing.AllocsPerRun(10, func() { _, _ = ParseJSON(body) }); n > 10 {
		t.Errorf("%v allocations", n)
	}
}

func TestTextsWithEscapesAreCopiedOnce(t *testing.T) {
	body := []byte(`"` + strings.Repeat(`abcdefg\/hij\\kl\"`, 20_000) + `"`)
	if n := testing.AllocsPerRun(3, func() { _, _ = ParseJSON(body) }); n > 3 {
		t.Errorf("%v allocations", n)
	}
	v, err := ParseJSON(body)
	if want := strings.Repeat(`abcdefg/hij\kl"`, 20_000); err != nil || v.Text() != want {
		t.Errorf("read %d characters, want %d: %v", len(v.Text()), len(want), err)
	}
}

func TestAClaimIsReadWithFewAllocations(t *testing.T) {
	body := []byte(claimBody)
	if n := testing.AllocsPerRun(100, func() { _, _ = ParseJSON(body) }); n > 8 {
		t.Errorf("%v allocations", n)
	}
}

// Every place in a word of eight bytes, with every byte: plain must stop there and nowhere before.
func TestPlainStopsAtEveryByteThatMatters(t *testing.T) {
	for place := range 20 {
		for c := range 256 {
			s := []byte(strings.Repeat("~", 24))
			s[place] = byte(c)
			want := len(s)
			if c < ' ' || c == '"' || c == '\\' || c >= 0x80 {
				want = place
			}
			if got := plain(s, 0); got != want {
				t.Fatalf("byte %#x at %d: got %d, want %d", c, place, got, want)
			}
		}
	}
}
