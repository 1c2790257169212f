package mask

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Account hides all of an account number but its last four characters, each behind a star (`******7890`). One of
// less than five characters is hidden whole.
func Account(s string) string { return maskAllButFour(s, 5) }

// Identifier hides all of a customer's identifier but its last four characters, each behind a star. It may be of
// any kind, so one of less than eight characters, of which four would tell too much, is hidden whole.
func Identifier(s string) string { return maskAllButFour(s, 8) }

// maskAllButFour puts a star for every character but the last four, and for those too when there are less than enough
// characters.
func maskAllButFour(s string, enough int) string {
	hidden := utf8.RuneCountInString(s)
	if hidden >= enough {
		hidden -= 4
	}
	shown := s
	for range hidden {
		_, width := utf8.DecodeRuneInString(shown)
		shown = shown[width:]
	}
	return strings.Repeat("*", hidden) + shown
}

// Phone hides the middle of a telephone number and keeps the country code, the operator and the last four digits:
// `+62812****6789`, `0812****6789`. Separators are dropped. The shorter the number, the less of its beginning is shown;
// one of less than eight digits is hidden whole.
func Phone(s string) string {
	if s == "" {
		return ""
	}
	digits := phoneDigits(s)
	if len(digits) < 8 {
		return "****"
	}
	sign := ""
	if strings.HasPrefix(strings.TrimSpace(s), "+") {
		sign = "+"
	}
	return sign + digits[:phonePrefix(digits)] + "****" + digits[len(digits)-4:]
}

// phonePrefix returns how many of a number's first digits are shown: at least three more stay hidden.
func phonePrefix(digits string) int {
	operator := 5 // 62812
	if digits[0] == '0' {
		operator = 4 // 0812
	}
	switch {
	case len(digits) >= operator+7:
		return operator
	case len(digits) >= 10:
		return 2
	}
	return 0
}

// phoneDigits returns the digits of a telephone number as ASCII, and the stars of one that is masked already.
func phoneDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if digit := digitValue(r); digit >= 0 {
			return '0' + rune(digit)
		}
		if r == '*' {
			return r
		}
		return -1
	}, s)
}

// Email hides the name in an e-mail address but its first character, and keeps the domain (`j***@domain`). A name of
// one character, and a text that is no address, are hidden whole.
func Email(s string) string {
	if s == "" {
		return ""
	}
	at := strings.LastIndexByte(s, '@')
	if at < 0 {
		return "***"
	}
	first, width := utf8.DecodeRuneInString(s[:at])
	if width >= at || first == '*' {
		return "***" + s[at:]
	}
	return s[:width] + "***" + s[at:]
}

// Showable is a text that anybody may have made up as it can be shown, on one line: white space is a space, and what cannot
// be seen, or moves the cursor of a terminal, is U+FFFD.
func Showable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// Beginning is how the answer of a stranger begins, as it can be shown on one line: so many characters, and `…` when there
// are more. Card numbers are masked before it is cut, when they are whole, and then again: what is left of a longer row of
// digits may look like one.
func Beginning(text string, characters int) string {
	text, _ = Cards(strings.TrimSpace(Showable(text)))
	if r := []rune(text); len(r) > characters {
		text, _ = Cards(string(r[:characters]))
		text += "…"
	}
	return text
}

// Digits returns the digits of a text, those of other scripts as ASCII.
func Digits(s string) string {
	return strings.Map(func(r rune) rune {
		if digit := digitValue(r); digit >= 0 {
			return '0' + rune(digit)
		}
		return -1
	}, s)
}

// CardField masks the content of a field that is meant for a card number: any long run of digits is taken for one,
// even a mistyped one. It reports whether it masked.
func CardField(s string) (string, bool) {
	if digits := Digits(s); len(digits) >= 12 {
		return "****" + digits[len(digits)-4:], true
	}
	return Cards(s)
}
