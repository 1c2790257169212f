package desk

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of what is searched by words.
const (
	MinWord    = 2   // letters of the shortest word that is searched by
	maxWord    = 24  // letters of a word that count; the rest is cut off
	maxWords   = 600 // words of a text that are kept, each once
	MaxQueried = 8   // words of a query that count
	usualWord  = 8   // bytes of a text for each word that is new in it, about
)

// Words returns the plain words of texts, each once, in the order in which they come: runs of letters and digits in lower
// case, without accents. Words of one letter, what is beyond the 24th letter of a word, and more than 600 words are left
// out. Both engines keep these, and queries are made of the same.
func Words(texts ...string) []string {
	var words []string
	length := 0
	for _, text := range texts {
		length += len(text)
	}
	seen := make(map[string]bool, min(length/usualWord, maxWords))
	for _, text := range texts {
		eachWord(text, func(_, _ int, plain []byte) bool {
			if !seen[string(plain)] && len(words) < maxWords {
				word := string(plain)
				seen[word] = true
				words = append(words, word)
			}
			return len(words) < maxWords
		})
	}
	return words
}

// Queried returns the words that a query asks for: at most eight.
func Queried(query string) []string {
	words := Words(query)
	return words[:min(len(words), MaxQueried)]
}

// eachWord calls word for each plain word of a text and where it stands there, in bytes, until that returns false. plain is
// valid until the next call.
func eachWord(text string, word func(from, to int, plain []byte) bool) {
	var plain []byte
	from, letters := 0, 0
	for i := 0; i <= len(text); {
		r, size := utf8.RuneError, 1
		if i < len(text) {
			r, size = utf8.DecodeRuneInString(text[i:])
		}
		letter := unicode.IsLetter(r) || unicode.IsNumber(r)
		switch {
		case letter || letters > 0 && isAccent(r):
			if letters == 0 {
				from, plain = i, plain[:0]
			}
			if letter {
				letters++
			}
			if letters <= maxWord {
				plain = appendPlain(plain, r)
			}
		case letters > 0:
			if letters >= MinWord && !word(from, i, plain) {
				return
			}
			letters = 0
		}
		i += size
	}
}

// isAccent reports whether a letter is only an accent to the one before it.
func isAccent(r rune) bool { return r > unicode.MaxLatin1 && unicode.Is(unicode.Mn, r) }

// appendPlain appends a letter in lower case without its accent; of what is only an accent, nothing.
func appendPlain(plain []byte, r rune) []byte {
	switch {
	case 'a' <= r && r <= 'z' || '0' <= r && r <= '9':
		return append(plain, byte(r))
	case 'A' <= r && r <= 'Z':
		return append(plain, byte(r)+'a'-'A')
	case isAccent(r):
		return plain
	}
	r = unicode.ToLower(r)
	if i := strings.IndexRune(accented, r); i >= 0 {
		return append(plain, unaccented[utf8.RuneCountInString(accented[:i])])
	}
	return utf8.AppendRune(plain, r)
}

// The Latin letters with accents that names come with, and the same without, letter by letter.
const (
	accented   = "àáâãäåāăąçćĉċčďđèéêëēĕėęěĝğġģĥħìíîïĩīĭįıĵķĺļľŀłñńņňòóôõöøōŏőŕŗřśŝşšţťŧùúûüũūŭůűųŵýÿŷźżž"
	unaccented = "aaaaaaaaacccccddeeeeeeeeegggghhiiiiiiiiijklllllnnnnooooooooorrrsssstttuuuuuuuuuuwyyyzzz"
)

// Piece is a part of an excerpt: a word that was searched for, or what is between such words.
type Piece struct {
	Text  string
	Match bool
}

// How many letters an excerpt has about, and how many of them come before the first match.
const (
	excerptLetters = 160
	excerptBefore  = 40
)

// Excerpt returns the part of a text where the first of the words stands that were searched for, those words marked, and how
// many of them the text has. A text without one is shown from its beginning. Cuts are shown as an ellipsis, line ends and
// other space as one space.
func Excerpt(text string, queried []string) (pieces []Piece, found int) {
	type match struct{ from, to int }
	var matches []match
	has := map[string]bool{}
	eachWord(text, func(from, to int, plain []byte) bool {
		hit := false
		for _, q := range queried {
			if strings.HasPrefix(string(plain), q) {
				has[q], hit = true, true
			}
		}
		if hit {
			matches = append(matches, match{from, to})
		}
		return true
	})
	begin := 0
	if len(matches) > 0 {
		begin = backward(text, matches[0].from, excerptBefore)
	}
	end := forward(text, begin, excerptLetters)
	add := func(part string, match bool) {
		if part != "" {
			pieces = append(pieces, Piece{Text: part, Match: match})
		}
	}
	if begin > 0 {
		add("…", false)
	}
	at := begin
	for _, m := range matches {
		if m.to > end {
			break
		}
		add(spaced(text[at:m.from]), false)
		add(text[m.from:m.to], true)
		at = m.to
	}
	add(spaced(text[at:end]), false)
	if end < len(text) {
		add("…", false)
	}
	return joined(pieces), len(has)
}

// backward is the place so many letters before another, moved to the beginning of a word.
func backward(text string, at, letters int) int {
	for ; at > 0 && letters > 0; letters-- {
		_, size := utf8.DecodeLastRuneInString(text[:at])
		at -= size
	}
	if space := strings.IndexAny(text[at:], " \n\t"); at > 0 && space >= 0 && space < excerptBefore {
		at += space + 1
	}
	return at
}

// forward is the place so many letters behind another, or the end.
func forward(text string, at, letters int) int {
	for ; at < len(text) && letters > 0; letters-- {
		_, size := utf8.DecodeRuneInString(text[at:])
		at += size
	}
	return at
}

// spaced puts one space in the place of all that is white.
func spaced(text string) string {
	var b strings.Builder
	white := false
	for _, r := range text {
		if unicode.IsSpace(r) {
			white = true
			continue
		}
		if white {
			b.WriteByte(' ')
			white = false
		}
		b.WriteRune(r)
	}
	if white {
		b.WriteByte(' ')
	}
	return b.String()
}

// joined puts neighbours of a kind together.
func joined(pieces []Piece) []Piece {
	var found []Piece
	for _, p := range pieces {
		if n := len(found); n > 0 && found[n-1].Match == p.Match {
			found[n-1].Text += p.Text
			continue
		}
		found = append(found, p)
	}
	return found
}
