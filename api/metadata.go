package api

import (
	"strconv"
	"strings"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/mask"
	"banksulutgo.co.id/servicedesk/web"
)

// accountField is the member of metadata that holds an account number, at any depth.
const accountField = "nomorRekening"

// cardFields are members of metadata that hold a card number, masked or not, at any depth.
var cardFields = []string{"nomorKartu", "cardNumber"}

// readMetadata reads the metadata of a ticket and makes it fit to be stored: card numbers masked wherever they are,
// account numbers masked and kept aside to be encrypted.
func readMetadata(ticket *web.Fields, faults *desk.Faults) desk.Metadata {
	m := desk.Metadata{JSON: "{}", Accounts: map[string]string{}, Texts: map[string]string{}, Flags: map[string]bool{}}
	path := ticket.Path("metadata")
	value, given := ticket.Value("metadata")
	if !given {
		return m
	}
	if value.Kind() != web.Object {
		faults.Add(path, desk.MustBeObject)
		return m
	}
	if keys := value.Keys(); keys > desk.MaxKeys {
		faults.Add(path, desk.TooManyKeys, strconv.Itoa(desk.MaxKeys))
		return m
	}
	notice(&m, value)
	clean := value.Rewrite(cleaner(&m, path))
	m.JSON = string(clean.Append(nil))
	if len(m.JSON) > desk.MaxMetadata {
		faults.Add(path, desk.TooManyBytes, "64 kB")
	}
	return m
}

// notice reads what rules and recommendations ask of the first level.
func notice(m *desk.Metadata, value web.Value) {
	for _, member := range value.Members() {
		switch member.Value.Kind() {
		case web.String:
			m.Texts[member.Name] = member.Value.Text()
		case web.Number:
			m.Texts[member.Name] = member.Value.Text()
			if amount, err := desk.ParseAmount(member.Value.Text()); err == nil && isAmount(member.Name) {
				m.Amount = max(m.Amount, amount)
			}
		case web.Bool:
			m.Flags[member.Name] = member.Value.Bool()
		}
	}
}

// isAmount reports whether a member of metadata is an amount that raises the priority (the spec, reference data).
func isAmount(name string) bool {
	return name == "nominal" || name == "claimAmount" || name == "disputeAmount"
}

// cleaner rewrites metadata; what it hides is noted in m under paths below at.
func cleaner(m *desk.Metadata, at string) web.Rewriter {
	hidden := func(path string) { m.Masked = append(m.Masked, at+"."+path) }
	return web.Rewriter{
		Key: func(path, name string) string {
			clean, found := mask.Cards(name)
			if found {
				hidden(strings.TrimPrefix(path+"."+clean, "."))
			}
			return clean
		},
		Value: func(path, name string, v web.Value) (web.Value, bool) {
			kind := v.Kind()
			if kind != web.String && kind != web.Number {
				return v, false
			}
			if name == accountField {
				m.Accounts[path] = v.Text()
				return web.TextValue(mask.Account(v.Text())), true
			}
			clean, found := maskValue(name, v.Text(), kind)
			if !found {
				return v, true
			}
			hidden(path)
			return web.TextValue(clean), true
		},
	}
}

// maskValue masks the card numbers of a text or number. In a card field every long run of digits is taken for one, and
// a number is looked at in full digits however it is written.
func maskValue(name, value string, kind web.Kind) (string, bool) {
	if kind == web.Number && strings.ContainsAny(value, ".eE") {
		if amount, err := desk.ParseAmount(value); err == nil {
			value = amount.String()
		}
	}
	for _, field := range cardFields {
		if name == field {
			return mask.CardField(value)
		}
	}
	return mask.Cards(value)
}
