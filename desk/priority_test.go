package desk

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// flags reports flags that are true.
func flags(names ...string) func(string) bool {
	return func(name string) bool {
		for _, n := range names {
			if n == name {
				return true
			}
		}
		return false
	}
}

func TestPriorities(t *testing.T) {
	const million = 1_000_000
	reference := bank()
	for name, c := range map[string]struct {
		service ServiceType
		facts   PriorityFacts
		want    Priority
		rule    string
	}{
		"a claim below the limit":        {"CLAIM", PriorityFacts{Source: SourceClaim, Amount: Rupiahs(10*million) - 1}, Medium, "service default MEDIUM"},
		"a claim at the limit":           {"CLAIM", PriorityFacts{Source: SourceClaim, Amount: Rupiahs(10 * million)}, High, "service default MEDIUM; amount from 10000000 -> HIGH"},
		"the largest claim":              {"CLAIM", PriorityFacts{Source: SourceClaim, Amount: MaxNominal}, High, "service default MEDIUM; amount from 10000000 -> HIGH"},
		"a ticket below every limit":     {"INQUIRY", PriorityFacts{Source: SourceTicket, Amount: Rupiahs(50*million) - 1}, Low, "service default LOW"},
		"a claim by ticket":              {"CLAIM", PriorityFacts{Source: SourceTicket, Amount: Rupiahs(10 * million)}, Medium, "service default MEDIUM"},
		"a ticket at the first limit":    {"INQUIRY", PriorityFacts{Source: SourceTicket, Amount: Rupiahs(50 * million)}, High, "service default LOW; amount from 50000000 -> HIGH"},
		"a ticket below the second":      {"INQUIRY", PriorityFacts{Source: SourceTicket, Amount: Rupiahs(100*million) - 1}, High, "service default LOW; amount from 50000000 -> HIGH"},
		"a ticket at the second limit":   {"DISPUTE", PriorityFacts{Source: SourceTicket, Amount: Rupiahs(100 * million)}, Critical, "service default HIGH; amount from 100000000 -> CRITICAL"},
		"an amount never lowers":         {"ATM_ISSUE", PriorityFacts{Source: SourceTicket, Amount: Rupiahs(50 * million)}, Critical, "service default CRITICAL"},
		"no amount, nothing asked":       {"ATM_ISSUE", PriorityFacts{Source: SourceTicket}, Critical, "service default CRITICAL"},
		"asked above the default":        {"INQUIRY", PriorityFacts{Source: SourceTicket, Asked: Critical}, Critical, "asked CRITICAL"},
		"asked below the default":        {"ATM_ISSUE", PriorityFacts{Source: SourceTicket, Asked: Low}, Low, "asked LOW"},
		"asked low, a large amount":      {"OTHER", PriorityFacts{Source: SourceTicket, Asked: Low, Amount: Rupiahs(60 * million)}, High, "asked LOW; amount from 50000000 -> HIGH"},
		"urgent":                         {"OTHER", PriorityFacts{Source: SourceTicket, Flagged: flags("urgent")}, High, "service default MEDIUM; urgent -> HIGH"},
		"escalated":                      {"INQUIRY", PriorityFacts{Source: SourceTicket, Flagged: flags("escalated")}, Medium, "service default LOW; escalated -> MEDIUM"},
		"urgent and escalated: once":     {"INQUIRY", PriorityFacts{Source: SourceTicket, Flagged: flags("urgent", "escalated")}, Medium, "service default LOW; urgent -> MEDIUM"},
		"urgent on top of an amount":     {"INQUIRY", PriorityFacts{Source: SourceTicket, Amount: Rupiahs(50 * million), Flagged: flags("urgent")}, Critical, "service default LOW; amount from 50000000 -> HIGH; urgent -> CRITICAL"},
		"urgent on top of what is asked": {"ATM_ISSUE", PriorityFacts{Source: SourceTicket, Asked: Low, Flagged: flags("urgent")}, Medium, "asked LOW; urgent -> MEDIUM"},
		"urgent, critical already":       {"ATM_ISSUE", PriorityFacts{Source: SourceTicket, Flagged: flags("urgent")}, Critical, "service default CRITICAL"},
		"access lost, asked low":         {"ACCOUNT_ISSUE", PriorityFacts{Source: SourceTicket, Asked: Low, Flagged: flags("cannotAccess")}, High, "asked LOW; cannotAccess keeps the service default -> HIGH"},
		"locked out, asked low":          {"ACCOUNT_ISSUE", PriorityFacts{Source: SourceTicket, Asked: Medium, Flagged: flags("accountLocked")}, High, "asked MEDIUM; accountLocked keeps the service default -> HIGH"},
		"locked out, asked critical":     {"ACCOUNT_ISSUE", PriorityFacts{Source: SourceTicket, Asked: Critical, Flagged: flags("accountLocked")}, Critical, "asked CRITICAL"},
		"not locked out, asked low":      {"ACCOUNT_ISSUE", PriorityFacts{Source: SourceTicket, Asked: Low, Flagged: flags()}, Low, "asked LOW"},
		"locked out, urgent":             {"ACCOUNT_ISSUE", PriorityFacts{Source: SourceTicket, Asked: Low, Flagged: flags("accountLocked", "urgent")}, Critical, "asked LOW; accountLocked keeps the service default -> HIGH; urgent -> CRITICAL"},
		"another service's flag":         {"CARD_ISSUE", PriorityFacts{Source: SourceTicket, Asked: Low, Flagged: flags("accountLocked")}, Low, "asked LOW"},
	} {
		got := DecidePriority(reference.Services[c.service], reference.Amounts, c.facts)
		if got.Priority != c.want || got.Rule != c.rule {
			t.Errorf("%s: got %s (%s), want %s (%s)", name, got.Priority, got.Rule, c.want, c.rule)
		}
	}
}

// drawFacts draws what a priority depends on, its flags as a map.
func drawFacts(t *rapid.T) (PriorityFacts, map[string]bool) {
	set := map[string]bool{}
	for _, flag := range []string{"urgent", "escalated", "cannotAccess", "accountLocked"} {
		set[flag] = rapid.Bool().Draw(t, flag)
	}
	return PriorityFacts{
		Source:  rapid.SampledFrom([]string{SourceClaim, SourceTicket}).Draw(t, "source"),
		Asked:   rapid.SampledFrom(append([]Priority{""}, Priorities...)).Draw(t, "asked"),
		Amount:  Amount(rapid.Int64Range(0, int64(Rupiahs(200_000_000))).Draw(t, "amount")),
		Flagged: func(name string) bool { return set[name] },
	}, set
}

func TestAmountsAndFlagsNeverLowerAPriority(t *testing.T) {
	reference := bank()
	rapid.Check(t, func(t *rapid.T) {
		service := reference.Services[rapid.SampledFrom(ServiceTypes).Draw(t, "service")]
		facts, set := drawFacts(t)
		base := service.Priority
		if facts.Asked != "" {
			base = facts.Asked
		}
		got := DecidePriority(service, reference.Amounts, facts)
		if got.Priority.rank() < base.rank() {
			t.Fatalf("%s fell from %s to %s (%s)", service.Type, base, got.Priority, got.Rule)
		}
		if service.Type == "ACCOUNT_ISSUE" && (set["cannotAccess"] || set["accountLocked"]) && got.Priority.rank() < High.rank() {
			t.Fatalf("a locked account is only %s (%s)", got.Priority, got.Rule)
		}
		if !strings.HasSuffix(got.Rule, string(got.Priority)) {
			t.Fatalf("the rule %q does not end with %s", got.Rule, got.Priority)
		}
	})
}

func TestMoreMoneyAndMoreUrgencyNeverLowerAPriority(t *testing.T) {
	reference := bank()
	rapid.Check(t, func(t *rapid.T) {
		service := reference.Services[rapid.SampledFrom(ServiceTypes).Draw(t, "service")]
		facts, _ := drawFacts(t)
		before := DecidePriority(service, reference.Amounts, facts)
		facts.Amount += Amount(rapid.Int64Range(0, int64(Rupiahs(200_000_000))).Draw(t, "more"))
		flagged := facts.Flagged
		facts.Flagged = func(name string) bool { return name == "urgent" || flagged(name) }
		after := DecidePriority(service, reference.Amounts, facts)
		if after.Priority.rank() < before.Priority.rank() {
			t.Fatalf("fell from %s (%s) to %s (%s)", before.Priority, before.Rule, after.Priority, after.Rule)
		}
	})
}

func TestTheOrderOfAmountRulesDoesNotMatter(t *testing.T) {
	reference := bank()
	rapid.Check(t, func(t *rapid.T) {
		service := reference.Services[rapid.SampledFrom(ServiceTypes).Draw(t, "service")]
		facts, _ := drawFacts(t)
		rules := rapid.Permutation(reference.Amounts).Draw(t, "rules")
		if got, want := DecidePriority(service, rules, facts).Priority, DecidePriority(service, reference.Amounts, facts).Priority; got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
	})
}

func TestPrioritiesRiseFromLowToCritical(t *testing.T) {
	if got, want := join(Priorities), "LOW, MEDIUM, HIGH, CRITICAL"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
