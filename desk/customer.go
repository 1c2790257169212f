package desk

import (
	"net/mail"
	"strings"

	"banksulutgo.co.id/servicedesk/mask"
)

// Customer is who a ticket is about, as the partner named them. A customer is never a user of the desk: nothing in
// it can make anybody act, or appear, as an employee.
type Customer struct {
	Name       string
	Email      string
	Phone      string
	Identifier string // CIF, account number or another unique id
	BranchCode string
	Department string
	Language   string // preferred language code
}

// Masked returns a copy in which the personal identifiers are masked, as the API and agents see them.
func (c Customer) Masked() Customer {
	c.Email, c.Phone, c.Identifier = mask.Email(c.Email), mask.Phone(c.Phone), mask.Identifier(c.Identifier)
	return c
}

// check notes what is wrong with the customer of a ticket, at paths under `customer`.
func (c Customer) check(faults *Faults) {
	if blank(c.Name) {
		faults.Add("customer.name", Required)
	}
	CheckEmail(faults, "customer.email", c.Email)
	CheckPhone(faults, "customer.phone", c.Phone)
}

// CheckEmail notes a fault unless a text is one bare e-mail address, or empty.
func CheckEmail(faults *Faults, path, email string) {
	if email != "" && !validEmail(email) {
		faults.Add(path, MustBeEmail)
	}
}

// CheckPhone notes a fault unless a text reads as a telephone number, or is empty.
func CheckPhone(faults *Faults, path, phone string) {
	if phone != "" && !validPhone(phone) {
		faults.Add(path, MustBePhone)
	}
}

// maskCards masks card numbers in every text of the customer and tells where.
func (c *Customer) maskCards(masked func(path string)) {
	maskTexts(masked,
		textAt{"customer.name", &c.Name}, textAt{"customer.email", &c.Email}, textAt{"customer.phone", &c.Phone},
		textAt{"customer.identifier", &c.Identifier}, textAt{"customer.branchCode", &c.BranchCode},
		textAt{"customer.department", &c.Department}, textAt{"customer.preferredLanguage", &c.Language})
}

// textAt is a text and the path under which the caller knows it.
type textAt struct {
	path string
	text *string
}

// maskTexts masks card numbers in texts and tells the paths of those that held one, in their order.
func maskTexts(masked func(path string), texts ...textAt) {
	for _, t := range texts {
		if clean, found := mask.Cards(*t.text); found {
			*t.text = clean
			masked(t.path)
		}
	}
}

// blank reports whether a text says nothing.
func blank(s string) bool { return strings.TrimSpace(s) == "" }

// validEmail reports whether s is one bare e-mail address.
func validEmail(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && strings.Contains(s[strings.LastIndexByte(s, '@'):], ".")
}

// validPhone reports whether s reads as a telephone number: 6 to 20 digits with the usual separators, or masked.
func validPhone(s string) bool {
	digits := 0
	for i, r := range s {
		switch {
		case r >= '0' && r <= '9', r == '*':
			digits++
		case r == '+' && strings.Trim(s[:i], " (") == "", strings.ContainsRune(" -.()/", r):
		default:
			return false
		}
	}
	return digits >= 6 && digits <= 20
}

// LookupKind names a personal identifier that tickets can be found by.
type LookupKind string

// The identifiers that tickets can be found by.
const (
	ByEmail      LookupKind = "email"
	ByPhone      LookupKind = "phone"
	ByIdentifier LookupKind = "identifier"
	ByAccount    LookupKind = "account"
	ByATM        LookupKind = "atm" // of a machine, not of a customer: atmId in the metadata
)

// LookupKinds lists the identifiers that tickets can be found by.
var LookupKinds = []LookupKind{ByEmail, ByPhone, ByIdentifier, ByAccount, ByATM}

// Normalize returns the form of a value under which equal identifiers are equal: an e-mail in lower case, a phone
// number in international digits (a leading 0 is Indonesia's), an account in digits, an identifier in upper case.
// It is empty when nothing is left to find by.
func (k LookupKind) Normalize(value string) string {
	value = strings.TrimSpace(value)
	switch k {
	case ByEmail:
		return strings.ToLower(value)
	case ByPhone:
		return internationalDigits(mask.Digits(value))
	case ByAccount:
		return mask.Digits(value)
	}
	return strings.ToUpper(value)
}

// internationalDigits turns a national number (0812…) into the international one (62812…).
func internationalDigits(digits string) string {
	if strings.HasPrefix(digits, "0") && !strings.HasPrefix(digits, "00") {
		return "62" + digits[1:]
	}
	return strings.TrimPrefix(digits, "00")
}
