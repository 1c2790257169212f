package desk

import "time"

// deadline is a moment of which employees are told when it has passed.
type deadline struct {
	at   time.Time
	kind NoticeKind
}

// untold are the deadlines of the ticket of which nobody was told yet, whether they have passed or not. A ticket that is
// paused or settled, or that is a test, has none.
func (t *Ticket) untold() []deadline {
	c := t.Clocks
	if t.Test() || t.Status.Finalized() || !c.PausedAt.IsZero() {
		return nil
	}
	all := []deadline{{c.EscalationDue, NoticeEscalated}, {c.ResolutionDue, NoticeBreached}}
	if c.RespondedAt.IsZero() {
		all = append(all, deadline{c.ResponseDue, NoticeUnanswered})
	}
	var left []deadline
	for _, d := range all {
		if !d.at.IsZero() && !d.at.Before(t.ToldUntil) {
			left = append(left, d)
		}
	}
	return left
}

// TellDue is the deadline of which employees have to be told next; zero: of none.
func (t *Ticket) TellDue() time.Time {
	var next time.Time
	for _, d := range t.untold() {
		if next.IsZero() || d.at.Before(next) {
			next = d.at
		}
	}
	return next
}

// TellDeadlines notes that employees are told of the deadlines that have passed at a moment, and returns what they are told,
// once for each deadline: the assignee, and the supervisors of the group. Nobody is told that a resolution is near that is
// late by then.
func (t *Ticket) TellDeadlines(at time.Time, supervisors []string, newID func() string) []Notice {
	told := append([]string{}, supervisors...)
	if t.AssigneeID != "" {
		told = append(told, t.AssigneeID)
	}
	var notices []Notice
	for _, d := range t.untold() {
		if !at.After(d.at) || d.kind == NoticeEscalated && passed(t.Clocks.ResolutionDue, at) {
			continue
		}
		seen := map[string]bool{}
		for _, agent := range told {
			if !seen[agent] {
				notices = append(notices, Notice{ID: newID(), AgentID: agent, TicketID: t.ID, Number: t.Number, Kind: d.kind, Actor: SystemName, At: d.at})
				seen[agent] = true
			}
		}
	}
	t.ToldUntil = at
	return notices
}
