package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"banksulutgo.co.id/servicedesk/desk"
)

// sameAsStandard compares v with what encoding/json makes of the same body.
func sameAsStandard(v Value, standard any) bool {
	switch s := standard.(type) {
	case nil:
		return v.Kind() == Null
	case bool:
		return v.Kind() == Bool && v.Bool() == s
	case json.Number:
		return v.Kind() == Number && v.Text() == s.String()
	case string:
		return v.Kind() == String && v.Text() == s
	case []any:
		return v.Kind() == Array && slices.EqualFunc(v.Items(), s, sameAsStandard)
	case map[string]any:
		for _, m := range v.Members() {
			if inner, ok := s[m.Name]; !ok || !sameAsStandard(m.Value, inner) {
				return false
			}
		}
		return v.Kind() == Object && len(v.Members()) == len(s)
	}
	return false
}

// strictReasons are those for which a body may be refused that encoding/json takes.
var strictReasons = []string{
	"duplicate key", "key ", "NUL character", "lone surrogate", "invalid UTF-8", "more than 64 levels", "more than 50000 values",
}

// checkAgainstStandard is the property of the fuzz test.
func checkAgainstStandard(t rapid.TB, body []byte) {
	t.Helper()
	v, err := ParseJSON(body)
	var failure *desk.Error
	switch {
	case err != nil && !errors.As(err, &failure):
		t.Fatalf("%q: the error is %T", body, err)
	case err != nil && json.Valid(body):
		if !slices.ContainsFunc(strictReasons, func(r string) bool { return strings.HasPrefix(failure.Args[0], r) }) {
			t.Fatalf("%q is good JSON and was refused: %v", body, err)
		}
		return
	case err != nil:
		return
	case !json.Valid(body):
		t.Fatalf("%q is not JSON and was read as %s", body, compact(v))
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var standard any
	if err := decoder.Decode(&standard); err != nil || !sameAsStandard(v, standard) {
		t.Fatalf("%q was read as %s, the standard has %v, %v", body, compact(v), standard, err)
	}
	printed := compact(v)
	if again := parse(t, printed); !cmp.Equal(v, again, compareValues) {
		t.Fatalf("%q: %s was read again as %s", body, printed, compact(again))
	}
}

var compareValues = cmp.AllowUnexported(Value{}, inside{})

func FuzzParseJSON(f *testing.F) {
	for _, seed := range []string{
		claimBody, `{"a":[1,-2.5e+3,true,false,null,"x\u00e9\ud83d\ude00\/"],"b":{"":{}}}`,
		"\ufeff{}", "[1,]", `{"a":1,"a":2}`, `{"__proto__":1}`, "\"\x00\"", `"\u0000"`, `"\ud800"`, "\"\xff\"", "// x\n{}", "01", "-", " ",
		strings.Repeat("[", 66), wide(40, "k3"), "[\"12345678\\n\t\"]", "0.0e-0", "\"\u2028\"",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		checkAgainstStandard(t, body)
		if v, err := ParseJSON(body); err == nil {
			for path, text := range v.Leaves() {
				if strings.Contains(path+text[min(1, len(text)):], "\x00") {
					t.Fatalf("%q: leaf %q has the text %q", body, path, text)
				}
			}
		}
	})
}

// Pieces of JSON in any order: nearly always wrong, in ways that random bytes seldom find.
func TestScrambledJSONIsJudgedAsTheStandardLibraryDoes(t *testing.T) {
	pieces := []string{
		"{", "}", "[", "]", ",", ":", `"a"`, `"b"`, `"`, `\`, `\n`, `\u0041`, `\ud800`, "0", "1", "-", ".", "e", "+",
		"true", "null", " ", "\n", "é", "\x00", "\xff", "/",
	}
	rapid.Check(t, func(t *rapid.T) {
		body := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 12).Draw(t, "pieces"), "")
		checkAgainstStandard(t, []byte(body))
	})
}

// drawValue draws a tree of at most the depth.
func drawValue(t *rapid.T, depth int) Value {
	kinds := []Kind{Null, Bool, Number, String, Array, Object}
	if depth == 0 {
		kinds = kinds[:4]
	}
	switch rapid.SampledFrom(kinds).Draw(t, "kind") {
	case Bool:
		return BoolValue(rapid.Bool().Draw(t, "bool"))
	case Number:
		return NumberValue(rapid.StringMatching(`-?(0|[1-9]\d{0,20})(\.\d{1,5})?([eE][+-]?\d{1,3})?`).Draw(t, "number"))
	case String:
		return TextValue(drawText(t))
	case Array:
		items := make([]Value, rapid.IntRange(0, 5).Draw(t, "items"))
		for i := range items {
			items[i] = drawValue(t, depth-1)
		}
		return ArrayValue(items)
	case Object:
		names := rapid.SliceOfNDistinct(rapid.Custom(drawText), 0, 20, rapid.ID).Draw(t, "names")
		members := make([]Member, len(names))
		for i, name := range names {
			members[i] = Member{name, drawValue(t, depth-1)}
		}
		return ObjectValue(members)
	}
	return Value{}
}

func drawText(t *rapid.T) string {
	return strings.ReplaceAll(rapid.String().Draw(t, "text"), "\x00", "")
}

func TestEveryTreeIsReadAsItWasPrinted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawValue(t, 4)
		var indented bytes.Buffer
		if err := json.Indent(&indented, v.Append(nil), " ", "\t"); err != nil {
			t.Fatalf("%s: %v", compact(v), err)
		}
		for _, body := range []string{compact(v), indented.String()} {
			if diff := cmp.Diff(v, parse(t, body), compareValues); diff != "" {
				t.Fatalf("%s: -given +read\n%s", body, diff)
			}
		}
	})
}

func BenchmarkParseClaim(b *testing.B) {
	body := []byte(claimBody)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseJSON(body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseClaimStandard(b *testing.B) {
	body := []byte(claimBody)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		var v any
		if err := json.Unmarshal(body, &v); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseAttachment(b *testing.B) {
	plain := attachmentBody(13 << 20)
	for name, body := range map[string][]byte{
		"plain":   plain,
		"escaped": bytes.ReplaceAll(plain, []byte(strings.Repeat("A", 64)), []byte(strings.Repeat("A", 63)+`\/`)),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ParseJSON(body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParseWideObject(b *testing.B) {
	body := []byte(wide(maxValues-1, "last"))
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseJSON(body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendClaim(b *testing.B) {
	v := parse(b, claimBody)
	dst := make([]byte, 0, 2*len(claimBody))
	for b.Loop() {
		dst = v.Append(dst[:0])
	}
}
