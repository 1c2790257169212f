package desk

import (
	"slices"
	"strings"
)

// Priority is how soon a ticket must be worked (API document, Priority Levels).
type Priority string

// The four priorities, lowest first.
const (
	Low      Priority = "LOW"
	Medium   Priority = "MEDIUM"
	High     Priority = "HIGH"
	Critical Priority = "CRITICAL"
)

// Priorities lists the priorities from the lowest to the highest.
var Priorities = []Priority{Low, Medium, High, Critical}

// rank is the place of a priority among Priorities.
func (p Priority) rank() int { return slices.Index(Priorities, p) }

// PriorityFacts are what the priority of a new ticket depends on.
type PriorityFacts struct {
	Source  string            // SourceClaim or SourceTicket
	Asked   Priority          // empty: none was asked for
	Amount  Amount            // the largest amount in question; 0: none
	Flagged func(string) bool // whether a metadata flag (`urgent`) is true
}

// PriorityDecision is the priority that holds and the rules that led to it, kept with the ticket.
type PriorityDecision struct {
	Priority Priority
	Rule     string
}

// DecidePriority decides a new ticket's priority: the one asked for, else the service's default; amounts and the
// flags `urgent` and `escalated` only raise it (the spec, reference data). Under a flag that the service keeps its
// default for, a lower one that was asked for does not count.
func DecidePriority(s Service, amounts []AmountRule, f PriorityFacts) PriorityDecision {
	p, rules := s.Priority, []string{"service default " + string(s.Priority)}
	if f.Asked != "" {
		p, rules = f.Asked, []string{"asked " + string(f.Asked)}
	}
	raise := func(to Priority, why string) {
		if to.rank() > p.rank() {
			p, rules = to, append(rules, why+" -> "+string(to))
		}
	}
	if flag := firstFlag(s.KeepWhen, f.Flagged); flag != "" {
		raise(s.Priority, flag+" keeps the service default")
	}
	for _, rule := range amounts {
		if rule.Source == f.Source && f.Amount >= rule.AtLeast {
			raise(rule.Priority, "amount from "+rule.AtLeast.String())
		}
	}
	if flag := firstFlag([]string{"urgent", "escalated"}, f.Flagged); flag != "" && p != Critical {
		raise(Priorities[p.rank()+1], flag)
	}
	return PriorityDecision{Priority: p, Rule: strings.Join(rules, "; ")}
}

// firstFlag returns the first of the names whose flag is true.
func firstFlag(names []string, flagged func(string) bool) string {
	for _, name := range names {
		if flagged != nil && flagged(name) {
			return name
		}
	}
	return ""
}
