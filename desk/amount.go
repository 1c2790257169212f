package desk

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
)

// Amount is an amount of money in hundredths of a rupiah (sen).
type Amount int64

// Why ParseAmount refuses a text.
var (
	ErrAmountNotNumber = errors.New("amount: not a JSON number")
	ErrAmountDecimals  = errors.New("amount: more than two decimals")
	ErrAmountRange     = errors.New("amount: out of range")
	ErrAmountUnclear   = errors.New("amount: not as Indonesians write it")
)

// jsonNumber is the grammar of a number (RFC 8259, section 6): sign, whole part, fraction, exponent.
var jsonNumber = regexp.MustCompile(`^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$`)

// rupiahs is how Indonesians write an amount: dots between thousands or none, a comma before the sen, `,-` for none.
var rupiahs = regexp.MustCompile(`^(?i:rp\.?)?[ \x{a0}]*([1-9][0-9]{0,2}(?:\.[0-9]{3})+|0|[1-9][0-9]*)(?:,(?:([0-9]{1,2})|-))?$`)

// Rupiahs returns an amount of whole rupiahs, of which an Amount holds up to 92 quadrillion.
func Rupiahs(n int64) Amount { return Amount(n * 100) }

// ParseAmount reads a JSON number as an amount of rupiahs, exactly and in every spelling (`5e5`, `1.50`, `-0`). Zeros
// at the end of the fraction are no decimals. The error is ErrAmountNotNumber, ErrAmountDecimals or ErrAmountRange.
func ParseAmount(literal string) (Amount, error) {
	parts := jsonNumber.FindStringSubmatch(literal)
	if parts == nil {
		return 0, ErrAmountNotNumber
	}
	whole, fraction := parts[2], parts[3]
	digits := strings.TrimLeft(whole+fraction, "0")
	significant := strings.TrimRight(digits, "0")
	if significant == "" {
		return 0, nil
	}
	// The value is significant × 10^zeros sen. The power is checked before it is written out: 1e999999999 is short.
	zeros := exponent(parts[4]) - len(fraction) + len(digits) - len(significant) + 2
	if zeros < 0 {
		return 0, ErrAmountDecimals
	}
	if len(significant)+zeros > len("9223372036854775807") {
		return 0, ErrAmountRange
	}
	sen, err := strconv.ParseInt(parts[1]+significant+strings.Repeat("0", zeros), 10, 64)
	if err != nil {
		return 0, ErrAmountRange
	}
	return Amount(sen), nil
}

// ParseRupiah reads an amount as people write it who fill in a form: `500.000`, `Rp 1.250.000,50`, `500000`. What others could read
// otherwise (`500.5`, `1,250,000`) is none. The error is ErrAmountUnclear or ErrAmountRange.
func ParseRupiah(text string) (Amount, error) {
	parts := rupiahs.FindStringSubmatch(text)
	if parts == nil {
		return 0, ErrAmountUnclear
	}
	literal := strings.ReplaceAll(parts[1], ".", "")
	if sen := parts[2]; sen != "" {
		literal += "." + sen
	}
	return ParseAmount(literal)
}

// exponent reads the exponent of a number. One beyond 31 bits becomes the nearest that has them: it is as far out of
// range, and leaves room to add to it.
func exponent(s string) int {
	n, _ := strconv.ParseInt(s, 10, 31) // the grammar is checked; an empty text is 0
	return int(n)
}

// String returns the amount in rupiahs as the shortest JSON number: `500000`, `1500.5`, `0.05`.
func (a Amount) String() string {
	sign, rupiahs, sen := a.parts()
	if sen == "00" {
		return sign + rupiahs
	}
	return sign + rupiahs + "." + strings.TrimRight(sen, "0")
}

// Rupiah returns the amount as Indonesians write it: `Rp500.000`, `Rp1.250.000,50`.
func (a Amount) Rupiah() string {
	sign, rupiahs, sen := a.parts()
	for i := len(rupiahs) - 3; i > 0; i -= 3 {
		rupiahs = rupiahs[:i] + "." + rupiahs[i:]
	}
	if sen == "00" {
		return sign + "Rp" + rupiahs
	}
	return sign + "Rp" + rupiahs + "," + sen
}

// parts returns the sign, the whole rupiahs, and the sen as two digits.
func (a Amount) parts() (sign, rupiahs, sen string) {
	digits := strconv.FormatInt(int64(a), 10)
	if a < 0 {
		sign, digits = "-", digits[1:]
	}
	if len(digits) < 3 {
		digits = strings.Repeat("0", 3-len(digits)) + digits
	}
	return sign, digits[:len(digits)-2], digits[len(digits)-2:]
}
