package desk

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// The wanted texts were printed by JSON.stringify of Node 20, the invalid bytes excepted.
func TestStringsAreWrittenAsJavaScriptWritesThem(t *testing.T) {
	for _, c := range []struct{ give, want string }{
		{"", `""`},
		{"Bank SulutGo", `"Bank SulutGo"`},
		{`a"b\c`, `"a\"b\\c"`},
		{"<a href='x'>&</a>", `"<a href='x'>&</a>"`},
		{"a/b", `"a/b"`},
		{"\b\t\n\f\r", `"\b\t\n\f\r"`},
		{"\x00\x01\x07\x0b\x0e\x1a\x1f", `"\u0000\u0001\u0007\u000b\u000e\u001a\u001f"`},
		{" ~\x7f", "\" ~\x7f\""},
		{"\u2028\u2029", "\"\u2028\u2029\""},
		{"é 漢 😀", `"é 漢 😀"`},
		{"\ufeff\ufffd", "\"\ufeff\ufffd\""},
		{"a\xffb", "\"a\ufffdb\""},
		{"\xed\xa0\x80", "\"\ufffd\ufffd\ufffd\""},
		{"\xe2\x80", "\"\ufffd\ufffd\""},
		{"\nline\n", `"\nline\n"`},
	} {
		if got := string(AppendJSONString(nil, c.give)); got != c.want {
			t.Errorf("%q: got %s, want %s", c.give, got, c.want)
		}
	}
}

func TestStringsAreAppendedAfterWhatIsThere(t *testing.T) {
	if got := string(AppendJSONString([]byte(`{"a":`), "b")); got != `{"a":"b"` {
		t.Errorf("got %s", got)
	}
}

func TestStringsComeBackFromEveryJSONReader(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")) + rapid.String().Draw(t, "text")
		written := AppendJSONString(nil, s)
		var back string
		if err := json.Unmarshal(written, &back); err != nil {
			t.Fatalf("%q was written as %s: %v", s, written, err)
		}
		if want := string([]rune(s)); back != want {
			t.Fatalf("%q came back as %q", want, back)
		}
		if !utf8.Valid(written) {
			t.Fatalf("%q was written as invalid UTF-8", s)
		}
	})
}

func TestStringsAreWrittenAsTheStandardEncoderDoesButForTwoSeparators(t *testing.T) {
	unescape := strings.NewReplacer(`\\`, `\\`, `\u2028`, "\u2028", `\u2029`, "\u2029")
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.RuneFrom([]rune("\x00\x1f\x7f\"\\\b\t\n\f\r<>&\u2028\u2029")))).Draw(t, "text")
		var b strings.Builder
		standard := json.NewEncoder(&b)
		standard.SetEscapeHTML(false)
		if err := standard.Encode(s); err != nil {
			t.Fatal(err)
		}
		want := unescape.Replace(strings.TrimSuffix(b.String(), "\n"))
		if got := string(AppendJSONString(nil, s)); got != want {
			t.Fatalf("%q: got %s, want %s", s, got, want)
		}
	})
}

func BenchmarkAppendJSONString(b *testing.B) {
	s := strings.Repeat("Transaksi gagal tetapi saldo terpotong. ", 25)
	dst := make([]byte, 0, 2*len(s))
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		AppendJSONString(dst, s)
	}
}

func TestAMemberOfAnyObjectIsFound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.OneOf(nastyText().AsAny(), rapid.Int().AsAny(), rapid.Bool().AsAny(), rapid.SliceOf(nastyText()).AsAny(),
			rapid.MapOf(nastyText(), nastyText()).AsAny())
		object := rapid.MapOf(rapid.OneOf(rapid.SampledFrom([]string{"name", "n", "name2"}), nastyText()), values).Draw(t, "object")
		text, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		want := []byte(nil)
		if value, ok := object["name"]; ok {
			want, _ = json.Marshal(value)
		}
		if got := member(string(text), "name"); got != string(want) {
			t.Fatalf("%s: %s, want %s", text, got, want)
		}
	})
}
