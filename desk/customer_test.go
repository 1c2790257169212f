package desk

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"banksulutgo.co.id/servicedesk/mask"
)

func TestEmailAddressesAreBareOnes(t *testing.T) {
	for given, want := range map[string]bool{
		"jane.smith@email.com":         true,
		"Jane+tag@Email.Co.Id":         true,
		"j***@email.com":               true, // masked by the partner
		"é@bücher.id":                  true,
		"jane":                         false,
		"jane@localhost":               false,
		"jane@":                        false,
		"@email.com":                   false,
		"jane@email..com":              false,
		"jane@email.com.":              false,
		"Jane <jane@email.com>":        false,
		"<jane@email.com>":             false,
		"jane@email.com, b@email.com":  false,
		"jane@email.com\r\nBcc: x@y.z": false,
		" jane@email.com":              false,
		"jane smith@email.com":         false,
		"jane@email.com (Jane)":        false,
	} {
		if got := validEmail(given); got != want {
			t.Errorf("%q: valid %v, want %v", given, got, want)
		}
	}
}

func TestPhoneNumbersReadAsSuch(t *testing.T) {
	for given, want := range map[string]bool{
		"+628123456789":         true,
		"0812-3456-789":         true,
		"(0431) 861.759":        true,
		"(+62) 812 3456 789":    true,
		"0431/861759":           true,
		"+62812****6789":        true, // masked by the partner
		"150065":                true,
		"15006":                 false,
		"12345678901234567890":  true,
		"123456789012345678901": false,
		"++628123456789":        false,
		"62+8123456789":         false,
		"+(+62) 8123456789":     false,
		"0812345678x12":         false,
		"call me":               false,
		"------":                false,
	} {
		if got := validPhone(given); got != want {
			t.Errorf("%q: valid %v, want %v", given, got, want)
		}
	}
}

func TestACustomerNeedsOnlyAName(t *testing.T) {
	var faults Faults
	Customer{Name: "Jane"}.check(&faults)
	if faults != nil {
		t.Error(faults)
	}
}

func TestPersonalIdentifiersAreShownMasked(t *testing.T) {
	c := Customer{Name: "Jane Smith", Email: "jane.smith@email.com", Phone: "+628123456789", Identifier: "CIF123456", BranchCode: "001", Department: "Personal", Language: "id"}
	want := Customer{Name: "Jane Smith", Email: "j***@email.com", Phone: "+62812****6789", Identifier: "*****3456", BranchCode: "001", Department: "Personal", Language: "id"}
	if diff := cmp.Diff(want, c.Masked()); diff != "" {
		t.Error(diff)
	}
	if c.Email != "jane.smith@email.com" {
		t.Error("the customer itself was masked")
	}
}

func TestEqualIdentifiersAreFoundHoweverTheyAreWritten(t *testing.T) {
	for kind, groups := range map[LookupKind][][]string{
		ByEmail:      {{"jane@email.com", " Jane@EMAIL.com\t"}, {"jane@email.co"}, {"", " "}},
		ByPhone:      {{"+62 812-3456-789", "08123456789", "00628123456789", "628123456789", "０８１２３４５６７８９", "(0812) 3456789"}, {"08123456788"}, {"", "+", "none"}},
		ByIdentifier: {{"CIF123456", " cif123456"}, {"CIF 123456"}, {"", " "}},
		ByAccount:    {{"1234567890", "123-456-7890", " 1234 567 890"}, {"0123456789"}, {"", "-"}},
	} {
		owner := map[string]int{}
		for i, group := range groups {
			for _, given := range group {
				normal := kind.Normalize(given)
				if kind.Normalize(group[0]) != normal {
					t.Errorf("%s: %q became %q, %q became %q", kind, group[0], kind.Normalize(group[0]), given, normal)
				}
				if before, ok := owner[normal]; ok && before != i {
					t.Errorf("%s: %q is equal to %q", kind, given, groups[before][0])
				}
				owner[normal] = i
				if (normal == "") != (i == len(groups)-1) {
					t.Errorf("%s: %q became %q", kind, given, normal)
				}
			}
		}
	}
}

func TestNormalizingAgainChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]LookupKind{ByEmail, ByIdentifier, ByAccount}).Draw(t, "kind")
		given := rapid.StringMatching(`[ +0-9a-zA-Z@.-]{0,20}`).Draw(t, "value")
		once := kind.Normalize(given)
		if again := kind.Normalize(once); again != once {
			t.Fatalf("%s: %q became %q, then %q", kind, given, once, again)
		}
		if once != strings.TrimSpace(once) {
			t.Fatalf("%s: %q became %q", kind, given, once)
		}
	})
}

func TestACardFieldHoldsNoLongNumber(t *testing.T) {
	for given, want := range map[string]string{
		"":                            "",
		"****1234":                    "****1234",
		"5379 41** **** 1234":         "5379 41** **** 1234",
		"4111111111111111":            "****1111",
		"4111111111111112":            "****1112", // mistyped
		"1234 5678 9012":              "****9012",
		"no. 1234567890123456 / VISA": "****3456",
		"１２３４５６７８９０１２３４５６": "****3456",
		"12345678901": "12345678901",
	} {
		got, masked := mask.CardField(given)
		if got != want || masked != (given != want) {
			t.Errorf("%q became %q, %v, want %q", given, got, masked, want)
		}
	}
}
