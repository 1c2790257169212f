package desk

import (
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestWordsArePlain(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"":                             nil,
		" \n\t.,;":                     nil,
		"Kartu tertelan, KARTU hilang": {"kartu", "tertelan", "hilang"},
		"Café MÜNCHEN naïve Łódź Ångström":    {"cafe", "munchen", "naive", "lodz", "angstrom"},
		"e\u0301te\u0301 cafe\u0301s":         {"ete", "cafes"},
		"a b ab I":                            {"ab"},
		"TRX000501 REF-9 0126":                {"trx000501", "ref", "0126"},
		"Rp1.500.000,00":                      {"rp1", "500", "000", "00"},
		"wa-70001/x y_z":                      {"wa", "70001"},
		"ИВАН иван 銀行取引":                      {"иван", "銀行取引"},
		"o'neil (anak-anak)":                  {"neil", "anak"},
		"\u0301\u0301 \u0301ab\u0301":         {"ab"},
		"ab\x00cd \xffef":                     {"ab", "cd", "ef"},
		strings.Repeat("x", 100):              {strings.Repeat("x", 24)},
		strings.Repeat("é", 23) + "fg tengah": {strings.Repeat("e", 23) + "f", "tengah"},
	} {
		if diff := cmp.Diff(want, Words(text)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

func TestWordsAreBounded(t *testing.T) {
	t.Parallel()
	var long strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&long, "kata%d ", i)
	}
	if n := len(Words("pertama", long.String(), "terakhir")); n != maxWords {
		t.Errorf("a long text has %d words, want %d", n, maxWords)
	}
	if got := Queried("dua tiga empat lima enam tujuh delapan sembilan sepuluh"); len(got) != MaxQueried {
		t.Errorf("a long query asks for %v", got)
	}
}

func TestEveryAccentHasItsLetter(t *testing.T) {
	t.Parallel()
	if n := utf8.RuneCountInString(accented); n != len(unaccented) {
		t.Errorf("%d letters with accents and %d without", n, len(unaccented))
	}
}

// Whatever a text is, its words need no quoting in an index, and searching them finds them.
func TestWordsOfAnyTextAreWordsThemselves(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		words := Words(rapid.String().Draw(t, "text"))
		for _, w := range words {
			if strings.ContainsFunc(w, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) || 'A' <= r && r <= 'Z' }) || !utf8.ValidString(w) {
				t.Errorf("%q is no plain word", w)
			}
			if n := utf8.RuneCountInString(w); n < MinWord || n > maxWord {
				t.Errorf("%q has %d letters", w, n)
			}
		}
		if diff := cmp.Diff(words, Words(strings.Join(words, " "))); diff != "" {
			t.Errorf("words of the words:\n%s", diff)
		}
	})
}

// shown writes an excerpt with its matches in brackets.
func shown(pieces []Piece) string {
	var b strings.Builder
	for _, p := range pieces {
		if p.Match {
			b.WriteString("[" + p.Text + "]")
		} else {
			b.WriteString(p.Text)
		}
	}
	return b.String()
}

func TestAnExcerptShowsWhereTheWordsAre(t *testing.T) {
	t.Parallel()
	far := strings.Repeat("lain ", 60)
	for _, c := range []struct {
		text, query, want string
		found             int
	}{
		{"Kartu tertelan", "kar", "[Kartu] tertelan", 1},
		{"Kartu\n\n tertelan", "tertelan kartu", "[Kartu] [tertelan]", 2},
		{"Kartu kartu", "kartu", "[Kartu] [kartu]", 1},
		{"Kartu tertelan", "hilang", "Kartu tertelan", 0},
		{"CAFÉ dibuka", "cafe", "[CAFÉ] dibuka", 1},
		{"", "kartu", "", 0},
		{"<b>kartu</b>", "kartu", "<b>[kartu]</b>", 1},
		{far + "kartu " + far, "kartu", "…" + strings.Repeat("lain ", 7) + "[kartu] " + strings.Repeat("lain ", 23) + "lain…", 1},
		{"kartu " + far, "kartu", "[kartu] " + strings.Repeat("lain ", 30) + "lain…", 1},
	} {
		pieces, found := Excerpt(c.text, Words(c.query))
		if got := shown(pieces); got != c.want || found != c.found {
			t.Errorf("%q in %q: %d in\n%q, want %d in\n%q", c.query, c.text, found, got, c.found, c.want)
		}
	}
}

func TestAnExcerptIsAPartOfItsText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text, query := rapid.String().Draw(t, "text"), rapid.String().Draw(t, "query")
		pieces, _ := Excerpt(text, Queried(query))
		whole, letters := strings.Join(strings.Fields(strings.ToValidUTF8(text, "\uFFFD")), ""), ""
		for i, p := range pieces {
			if p.Text == "" || i > 0 && p.Match && pieces[i-1].Match {
				t.Errorf("pieces %+v", pieces)
			}
			letters += p.Text
		}
		letters = strings.Join(strings.Fields(strings.ToValidUTF8(letters, "\uFFFD")), "")
		if !strings.Contains(text, "…") && !strings.Contains(whole, strings.Trim(letters, "…")) {
			t.Errorf("%q is not in %q", letters, whole)
		}
	})
}

func TestTheBestTextIsExcerpted(t *testing.T) {
	t.Parallel()
	ticket := Ticket{Description: "Kartu tertelan"}
	comments := []Comment{{Content: "kartu lama"}, {Content: "kartu diganti teknisi"}, {Content: "selesai"}}
	for query, want := range map[string]string{"kartu": "[Kartu] tertelan", "kartu teknisi": "[kartu] diganti [teknisi]", "selesai": "[selesai]", "judul": "Kartu tertelan"} {
		if got := shown(ticket.Excerpt(comments, Words(query))); got != want {
			t.Errorf("%q: %q, want %q", query, got, want)
		}
	}
}

func TestAMachineIsReadFromTheMetadata(t *testing.T) {
	t.Parallel()
	for metadata, want := range map[string]string{
		`{}`: "", ``: "", `{"atmId":"ATM001"}`: "ATM001", `{"atmId":126}`: "126", `{"x":{"atmId":"ATM001"}}`: "", `{"ATMID":"ATM001"}`: "",
		`{"atmId":null}`: "", `{"atmId":["ATM001"]}`: "", `{"atmId":true}`: "", `{"atmId":"","b":1}`: "", `atmId`: "",
		`{"a":"\"atmId\":\"x","b":[{"c":"}"},{"atmId":1}],"d":{},"atmId":"\"A\"\\"}`: `"A"\`, `{"atmIdX":"1","XatmId":"2"}`: "",
	} {
		if got := (&Ticket{Metadata: metadata}).ATM(); got != want {
			t.Errorf("%s: %q, want %q", metadata, got, want)
		}
	}
	if got := (&Ticket{Metadata: `{"atmId":" atm-0126 "}`}).FindBy(); !cmp.Equal(got, map[LookupKind][]string{ByATM: {"ATM-0126"}}) {
		t.Errorf("found by %v", got)
	}
}
