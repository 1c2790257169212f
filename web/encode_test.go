package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"banksulutgo.co.id/servicedesk/desk"
)

func encode(t rapid.TB, v any) string {
	t.Helper()
	b, err := Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestAnswersAreEncodedAsJavaScriptPrintsThem(t *testing.T) {
	type inner struct {
		Z string          `json:"z"`
		A *string         `json:"a"`
		R json.RawMessage `json:"r"`
	}
	for _, c := range []struct {
		value any
		want  string
	}{
		{"a<b>&c'/", `"a<b>&c'/"`},
		{"\u2028\u2029\ufffd", "\"\u2028\u2029\ufffd\""},
		{`\u2028`, `"\\u2028"`},
		{`\\u2028\`, `"\\\\u2028\\"`},
		{"\\\u2028", "\"\\\\\u2028\""},
		{"\b\f\n\r\t\x01\x1f\"\\\x7fé😀", `"\b\f\n\r\t\u0001\u001f\"\\` + "\x7f" + `é😀"`},
		{"bad\xff", "\"bad\ufffd\""},
		{map[string]string{"\u2028": "\u2029<"}, "{\"\u2028\":\"\u2029<\"}"},
		{inner{Z: "1", R: json.RawMessage("{\"b\":\"<\u2028>\",\"a\":1.50}")}, "{\"z\":\"1\",\"a\":null,\"r\":{\"b\":\"<\u2028>\",\"a\":1.50}}"},
	} {
		if got := encode(t, c.value); got != c.want {
			t.Errorf("%+q: got %s, want %s", c.value, got, c.want)
		}
	}
}

func TestTextsAreEncodedAlikeWhereverTheyStand(t *testing.T) {
	piece := rapid.SampledFrom([]string{`\`, `"`, "u2028", "ufffd", "\u2028", "\u2029", "\ufffd", "<", "\n", "\x01", "é", "😀", "x"})
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(piece).Draw(t, "pieces"), "")
		printed := string(desk.AppendJSONString(nil, text))
		if got := encode(t, text); got != printed {
			t.Fatalf("%+q: got %s, want %s", text, got, printed)
		}
		if got := encode(t, json.RawMessage(printed)); got != printed {
			t.Fatalf("%+q as JSON: got %s, want %s", text, got, printed)
		}
		var back string
		if err := json.Unmarshal([]byte(printed), &back); err != nil || back != text {
			t.Fatalf("%+q was read again as %+q, %v", text, back, err)
		}
	})
}

func TestAValueThatIsNoJSONIsAnErrorAndNoAnswer(t *testing.T) {
	for _, v := range []any{make(chan int), json.RawMessage(`{`), json.RawMessage("")} {
		if a, err := JSON(http.StatusOK, v); err == nil {
			t.Errorf("%v: got %s", v, a.Body)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	type item struct {
		Number, Title, Text string
	}
	items := make([]item, 50)
	for i := range items {
		items[i] = item{"10001", "KLAIM - OMNI - ATM", strings.Repeat("Kartu tertelan \"ATM\"\n", 10)}
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Encode(items); err != nil {
			b.Fatal(err)
		}
	}
}
