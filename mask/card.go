// Package mask hides in texts what must not be stored, shown or sent as it is: card numbers, and most of account numbers,
// telephone numbers, e-mail addresses and identifiers (the spec, section 5).
package mask

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The number of digits of the shortest and the longest card number that any scheme issues.
const (
	shortestCard = 12
	longestCard  = 19
)

// cardScheme is a range of issuer prefixes, by their first four digits, and the lengths of its card numbers.
type cardScheme struct {
	name     string
	from, to int
	lengths  []int
}

// cardSchemes are the schemes whose cards a customer here may hold.
//
// Maestro may in theory have 12 to 19 digits after 50 and 56-69. With so wide a prefix the short ones would take every
// tenth telephone number (62 is Indonesia's country code) and many account numbers for a card. So 12 to 15 digits count
// only after prefixes that Maestro is known to use; from 16 digits on the whole range counts, UnionPay's 62, Discover's
// 60, 64, 65 and the 50, 56, 58, 60-63 of Indonesia's own GPN among it. GPN's 1946 lies outside and has its own line.
var cardSchemes = []cardScheme{
	{"Visa", 4000, 4999, []int{13, 16, 19}},
	{"Mastercard", 5100, 5599, []int{16}},
	{"Mastercard", 2221, 2720, []int{16}},
	{"GPN", 1946, 1946, []int{16, 18, 19}},
	{"Maestro", 5000, 5099, []int{16, 17, 18, 19}},
	{"Maestro, UnionPay, Discover", 5600, 6999, []int{16, 17, 18, 19}},
	{"Maestro", 5018, 5018, []int{12, 13, 14, 15}},
	{"Maestro", 5020, 5020, []int{12, 13, 14, 15}},
	{"Maestro", 5038, 5038, []int{12, 13, 14, 15}},
	{"Maestro", 5893, 5893, []int{12, 13, 14, 15}},
	{"Maestro", 6304, 6304, []int{12, 13, 14, 15}},
	{"Maestro", 6759, 6759, []int{12, 13, 14, 15}},
	{"Maestro", 6761, 6763, []int{12, 13, 14, 15}},
	{"American Express", 3400, 3499, []int{15}},
	{"American Express", 3700, 3799, []int{15}},
	{"JCB", 3528, 3589, []int{16, 17, 18, 19}},
	{"Diners Club", 3000, 3059, []int{14}},
	{"Diners Club", 3095, 3095, []int{14}},
	{"Diners Club", 3600, 3699, []int{14, 15, 16, 17, 18, 19}},
	{"Diners Club", 3800, 3999, []int{14}},
}

// Cards replaces every full card number inside a text by `****` and its last four digits, and reports whether
// there was one (the spec, section 5).
//
// A full card number fits a scheme by prefix and length, and its check digit is right (Luhn). Its digits, of any
// script, stand together or in groups with a dash or a space of any kind (also ` - `) between them. It is no part of
// a longer row of digits, of a UUID, or of a longer run of hexadecimal digits. Card numbers that share digits are
// hidden as one. The result holds no full card number, and masking it again changes nothing. The time is linear in
// the length of the text.
func Cards(s string) (string, bool) {
	if !mayHoldCard(s) {
		return s, false
	}
	m := cardMasker{text: s}
	for at := 0; at < len(s); {
		from, to := nextOpaque(s, at)
		m.maskUntil(at, from)
		at = to
	}
	return m.result()
}

// IsCard reports whether a text as a whole is a full card number, as Cards understands one; space around it does
// not count. Identifiers are checked with it, because they are never changed.
func IsCard(s string) bool {
	s = strings.TrimSpace(s)
	digit, _ := digitAt(s, 0)
	return digit >= 0 && cardNumber{}.longest(s, 0) == len(s)
}

// mayHoldCard is the fast way out: most texts have too few digits for a card number. A letter that is not ASCII counts
// as a digit, for it may be one.
func mayHoldCard(s string) bool {
	digits := 0
	for i := 0; i < len(s) && digits < shortestCard; i++ {
		if c := s[i]; c >= '0' && c <= '9' || c >= 0xC0 {
			digits++
		}
	}
	return digits >= shortestCard
}

// cardMasker writes a text anew, its card numbers masked. Nothing is copied while none is found.
type cardMasker struct {
	text string
	out  strings.Builder
	done int // text[:done] is in out
}

// maskUntil masks the card numbers of text[at:to].
func (m *cardMasker) maskUntil(at, to int) {
	part := m.text[:to]
	for at = nextDigit(part, at); at < to; at = nextDigit(part, digitsEnd(part, at)) {
		if end := (cardNumber{}).longest(part, at); end >= 0 {
			end = overlapEnd(part, at, end)
			m.hide(at, end)
			at = end
		}
	}
}

// hide writes what is before text[from:to], and of that the last four digits.
func (m *cardMasker) hide(from, to int) {
	m.out.WriteString(m.text[m.done:from])
	m.out.WriteString("****")
	for _, digit := range lastFour(m.text[from:to]) {
		m.out.WriteByte('0' + byte(digit))
	}
	m.done = to
}

// result returns the text and whether anything in it was hidden.
func (m *cardMasker) result() (string, bool) {
	if m.done == 0 {
		return m.text, false
	}
	m.out.WriteString(m.text[m.done:])
	return m.out.String(), true
}

// overlapEnd returns where the last of the card numbers ends that overlap the one in s[at:end], or one another. Without
// it a chance match with a number before a card would leave most of that card's digits to be read. The four digits that
// stay visible count as a beginning too: with what follows they must not make a new card number.
func overlapEnd(s string, at, end int) int {
	at = nextDigit(s, digitsEnd(s, at))
	for {
		for ; at < end; at = nextDigit(s, digitsEnd(s, at)) {
			end = max(end, cardNumber{}.longest(s, at))
		}
		var visible cardNumber
		for _, digit := range lastFour(s[:end]) {
			visible.add(digit)
		}
		further := visible.longest(s, nextGroup(s, end))
		if further < 0 {
			return end
		}
		end = further
	}
}

// cardNumber is a row of digits that may turn out to be a card number.
type cardNumber struct {
	length int
	prefix int    // the first four digits
	sums   [2]int // Luhn's sum, for the case that the length will be even, and odd
}

// add puts a digit at the end. Luhn's algorithm doubles every second digit counted from the end, that is those whose
// place counted from the beginning is even or odd as the length will be.
func (n *cardNumber) add(digit int) {
	if n.length < 4 {
		n.prefix = n.prefix*10 + digit
	}
	doubled := 2 * digit
	if doubled > 9 {
		doubled -= 9
	}
	n.sums[n.length%2] += doubled
	n.sums[1-n.length%2] += digit
	n.length++
}

// isCard reports whether the check digit is right, and prefix and length fit a scheme.
func (n *cardNumber) isCard() bool {
	return n.length >= shortestCard && n.sums[n.length%2]%10 == 0 &&
		slices.ContainsFunc(cardSchemes, func(s cardScheme) bool {
			return s.from <= n.prefix && n.prefix <= s.to && slices.Contains(s.lengths, n.length)
		})
}

// longest reads on in s from a group of digits at s[at:], group by group, and returns where the longest card number
// ends; -1 when there is none. It looks at no more than longestCard digits, so a whole text costs linear time.
func (n cardNumber) longest(s string, at int) int {
	end := -1
	for at >= 0 {
		for digit, width := digitAt(s, at); digit >= 0; digit, width = digitAt(s, at) {
			if n.length == longestCard {
				return end
			}
			n.add(digit)
			at += width
		}
		if n.isCard() {
			end = at
		}
		at = nextGroup(s, at)
	}
	return end
}

// separator is a kind of character that may stand between the digits of a card number.
type separator int

const (
	noSeparator separator = iota
	space
	dash
	invisible // direction marks, joiners and the like, which are copied along with numbers from address books
)

// nextGroup returns where the digits go on after s[:at]: behind at most three separators of which no two neighbours are
// of one kind, as in `1 2`, `1-2`, `1 - 2`; -1 when they do not.
func nextGroup(s string, at int) int {
	last := noSeparator
	for range 3 {
		kind, width := separatorAt(s, at)
		if kind == noSeparator {
			break
		}
		if kind == last {
			return -1
		}
		last, at = kind, at+width
	}
	if digit, _ := digitAt(s, at); digit < 0 {
		return -1
	}
	return at
}

// separatorAt returns the kind of separator at s[at:] and its width in bytes. Tabs and line ends are none: they part
// the cells of a table, which are numbers of their own.
func separatorAt(s string, at int) (separator, int) {
	r, width := utf8.DecodeRuneInString(s[at:])
	switch {
	case r == ' ':
		return space, width
	case r == '-':
		return dash, width
	case r < utf8.RuneSelf: // the tables of Unicode are slow, and most text is ASCII
		return noSeparator, width
	case unicode.Is(unicode.Zs, r):
		return space, width
	case unicode.Is(unicode.Pd, r), r == '\u2212': // the minus sign is no dash to Unicode
		return dash, width
	case unicode.Is(unicode.Cf, r):
		return invisible, width
	}
	return noSeparator, width
}

// digitAt returns the decimal digit at s[at:], of any script (full-width ones come from phones), and the width in bytes
// of what is there; the digit is -1 when it is something else or the end.
func digitAt(s string, at int) (digit, width int) {
	if at >= len(s) {
		return -1, 0
	}
	if c := s[at]; c < utf8.RuneSelf {
		if c < '0' || c > '9' {
			return -1, 1
		}
		return int(c - '0'), 1
	}
	r, width := utf8.DecodeRuneInString(s[at:])
	return digitValue(r), width
}

// digitValue returns the value of a decimal digit, or -1. Unicode has the ten digits of a script in a row from zero,
// so that every range of Nd is made of whole tens.
func digitValue(r rune) int {
	switch {
	case r >= '0' && r <= '9':
		return int(r - '0')
	case r >= '０' && r <= '９':
		return int(r - '０')
	case !unicode.IsDigit(r):
		return -1
	}
	for _, script := range unicode.Nd.R16 {
		if rune(script.Lo) <= r && r <= rune(script.Hi) {
			return int(r-rune(script.Lo)) % 10
		}
	}
	for _, script := range unicode.Nd.R32 {
		if rune(script.Lo) <= r && r <= rune(script.Hi) {
			return int(r-rune(script.Lo)) % 10
		}
	}
	return -1
}

// nextDigit returns where the first digit at or after s[at:] is, or the end.
func nextDigit(s string, at int) int {
	for at < len(s) {
		digit, width := digitAt(s, at)
		if digit >= 0 {
			break
		}
		at += width
	}
	return at
}

// digitsEnd returns where the row of digits at s[at:] ends.
func digitsEnd(s string, at int) int {
	for at < len(s) {
		digit, width := digitAt(s, at)
		if digit < 0 {
			break
		}
		at += width
	}
	return at
}

// lastFour returns the last four digits of s, which has more.
func lastFour(s string) (digits [4]int) {
	for missing := len(digits); missing > 0; {
		r, width := utf8.DecodeLastRuneInString(s)
		if digit := digitValue(r); digit >= 0 {
			missing--
			digits[missing] = digit
		}
		s = s[:len(s)-width]
	}
	return digits
}

// nextOpaque returns the next stretch of s at or after s[at:] in which digits are never a card number: a UUID, or a
// word of hexadecimal digits, letters among them, that is longer than the shortest card number. A word that holds any
// other letter is none (`Card4111…`). Without one it returns the end, twice.
func nextOpaque(s string, at int) (from, to int) {
	for at < len(s) {
		r, width := utf8.DecodeRuneInString(s[at:])
		if !inWord(r) {
			at += width
			continue
		}
		if beginsWithUUID(s[at:]) {
			return at, at + uuidLength
		}
		end, hexadecimal := wordEnd(s, at)
		if hexadecimal && end-at > shortestCard {
			return at, end
		}
		at = end
	}
	return len(s), len(s)
}

// wordEnd returns where the word at s[at:] ends, and whether it is made of hexadecimal digits and not of decimal ones
// alone.
func wordEnd(s string, at int) (end int, hexadecimal bool) {
	letters, others := false, false
	for end = at; end < len(s); {
		r, width := utf8.DecodeRuneInString(s[end:])
		if !inWord(r) {
			break
		}
		letters = letters || hexLetter(r)
		others = others || !hexLetter(r) && (r < '0' || r > '9')
		end += width
	}
	return end, letters && !others
}

// uuidLength is the length of a UUID in bytes.
const uuidLength = 36

// beginsWithUUID reports whether s, which begins with a word, begins with a UUID that no letter or digit follows.
func beginsWithUUID(s string) bool {
	if len(s) < uuidLength {
		return false
	}
	for i := range uuidLength {
		c := rune(s[i])
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
		} else if !hexLetter(c) && (c < '0' || c > '9') {
			return false
		}
	}
	r, _ := utf8.DecodeRuneInString(s[uuidLength:])
	return !inWord(r)
}

// inWord reports whether a character belongs to a word.
func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// hexLetter reports whether a character is a hexadecimal digit that is a letter.
func hexLetter(r rune) bool { return r >= 'a' && r <= 'f' || r >= 'A' && r <= 'F' }
