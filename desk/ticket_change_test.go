package desk

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// told are the types of events in their order.
func told(events []Event) []EventType {
	var types []EventType
	for _, e := range events {
		types = append(types, e.Type)
	}
	return types
}

// change takes steps of the lifecycle at hours after the start, and returns the events of the last.
func change(t *testing.T, ticket *Ticket, by Actor, at float64, to Status) []Event {
	t.Helper()
	events, err := ticket.ChangeStatus(to, "Nasabah keberatan", by, Calendar{}, hours(at))
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// say adds a comment at hours after the start.
func say(t *testing.T, ticket *Ticket, c Comment, by Actor, at float64) []Event {
	t.Helper()
	events, err := ticket.AddComment(&c, by, Calendar{}, hours(at))
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func TestEveryStepIsToldAsAChangeOfStatusFirst(t *testing.T) {
	for _, c := range []struct {
		from, cameFrom, to Status
		want               []EventType
	}{
		{Open, "", InProgress, []EventType{StatusChanged}},
		{Open, "", Pending, []EventType{StatusChanged}},
		{Open, "", Cancelled, []EventType{StatusChanged}},
		{Open, "", Resolved, []EventType{StatusChanged, TicketResolved}},
		{OnHold, InProgress, Resolved, []EventType{StatusChanged, TicketResolved}},
		{Pending, Open, Open, []EventType{StatusChanged}},
		{Resolved, "", Closed, []EventType{StatusChanged, TicketClosed}},
		{Resolved, "", InProgress, []EventType{StatusChanged}},
	} {
		ticket := reach(t, c.from, c.cameFrom)
		before := *ticket
		events := change(t, ticket, agentActor(), 5, c.to)
		if diff := cmp.Diff(c.want, told(events)); diff != "" {
			t.Errorf("%s to %s:\n%s", c.from, c.to, diff)
		}
		for i, e := range events {
			if e.Seq != before.Events+int64(i)+1 || e.TicketID != "t1" || e.PartnerID != "p1" || !e.At.Equal(hours(5)) || e.Actor.ID != "a1" {
				t.Errorf("%s to %s: event %d is %+v", c.from, c.to, i, e)
			}
		}
		if ticket.Version != before.Version+1 || ticket.Events != before.Events+int64(len(events)) || !ticket.UpdatedAt.Equal(hours(5)) {
			t.Errorf("%s to %s: version %d after %d, %d events, updated %s", c.from, c.to, ticket.Version, before.Version, ticket.Events, ticket.UpdatedAt)
		}
	}
}

func TestTimesOfSettlingAreKept(t *testing.T) {
	ticket := openTicket(t)
	change(t, ticket, agentActor(), 2, Resolved)
	change(t, ticket, System(), 3, Closed)
	if !ticket.ResolvedAt.Equal(hours(2)) || !ticket.ClosedAt.Equal(hours(3)) {
		t.Errorf("resolved %s, closed %s", ticket.ResolvedAt, ticket.ClosedAt)
	}
}

func TestReopeningNeedsAReason(t *testing.T) {
	for _, reason := range []string{"", " \n\t"} {
		ticket := reach(t, Resolved, "")
		before := *ticket
		_, err := ticket.ChangeStatus(InProgress, reason, agentActor(), Calendar{}, hours(5))
		if diff := cmp.Diff(map[string]string{"reason": "Reason is required"}, faultTexts(t, err)); diff != "" {
			t.Errorf("%q:\n%s", reason, diff)
		}
		if diff := cmp.Diff(&before, ticket, sameTicket); diff != "" {
			t.Errorf("a refused reopening changed the ticket:\n%s", diff)
		}
	}
}

func TestAReopenedTicketIsResolvedNoMore(t *testing.T) {
	ticket := openTicket(t)
	change(t, ticket, agentActor(), 2, Resolved)
	events := change(t, ticket, agentActor(), 5, InProgress)
	if ticket.Status != InProgress || !ticket.ResolvedAt.IsZero() || events[0].Reason != "Nasabah keberatan" {
		t.Errorf("%s, resolved %s, reason %q", ticket.Status, ticket.ResolvedAt, events[0].Reason)
	}
	if want := hours(24 + 3); !ticket.Clocks.ResolutionDue.Equal(want) { // the three hours of rest do not count
		t.Errorf("due %s, want %s", ticket.Clocks.ResolutionDue, want)
	}
}

func TestPendingPausesTheClocksAndOnHoldDoesNot(t *testing.T) {
	for name, c := range map[string]struct {
		wait, to                Status
		response, resolution    float64
		breachedAt, notBreached float64
	}{
		"pending, back":        {Pending, Open, 6 + 10, 24 + 10, 16.1, 16},
		"pending, in progress": {Pending, InProgress, 6 + 10, 24 + 10, 34.1, 34},
		"on hold, back":        {OnHold, Open, 6, 24, 13, 6},
		"on hold, in progress": {OnHold, InProgress, 6, 24, 13, 6},
	} {
		ticket := openTicket(t)
		change(t, ticket, agentActor(), 3, c.wait)
		if ticket.Breached(hours(12)) != (c.wait == OnHold) {
			t.Errorf("%s: breached while waiting: %v", name, ticket.Breached(hours(12)))
		}
		if c.wait == OnHold && ticket.Breached(hours(6)) {
			t.Errorf("%s: breached at the deadline", name)
		}
		change(t, ticket, agentActor(), 13, c.to)
		if k := ticket.Clocks; !k.ResponseDue.Equal(hours(c.response)) || !k.ResolutionDue.Equal(hours(c.resolution)) {
			t.Errorf("%s: due %s and %s", name, k.ResponseDue, k.ResolutionDue)
		}
		if !ticket.Breached(hours(c.breachedAt)) || c.wait == Pending && ticket.Breached(hours(c.notBreached)) {
			t.Errorf("%s: breached %v at %v, %v at %v", name, ticket.Breached(hours(c.breachedAt)), c.breachedAt, ticket.Breached(hours(c.notBreached)), c.notBreached)
		}
	}
}

func TestWhatMeetsTheResponseClock(t *testing.T) {
	support := func(internal bool) func(*Ticket) {
		return func(ticket *Ticket) {
			say(t, ticket, SupportComment("c1", "Hello", "John Tech", internal), agentActor(), 2)
		}
	}
	for name, c := range map[string]struct {
		act  func(*Ticket)
		want bool
	}{
		"a public comment of support": {support(false), true},
		"an internal comment":         {support(true), false},
		"a comment of the customer":   {func(ticket *Ticket) { say(t, ticket, PartnerComment("c1", "Hello", "", "Jane"), partnerActor(), 2) }, false},
		"in progress":                 {func(ticket *Ticket) { change(t, ticket, agentActor(), 2, InProgress) }, true},
		"on hold":                     {func(ticket *Ticket) { change(t, ticket, agentActor(), 2, OnHold) }, false},
		"resolved":                    {func(ticket *Ticket) { change(t, ticket, agentActor(), 2, Resolved) }, true},
		"assigned":                    {func(ticket *Ticket) { ticket.Assign(Agent{ID: "a1"}, Group{}, agentActor(), hours(2)) }, false},
		"another priority":            {func(ticket *Ticket) { ticket.SetPriority(Low, agentActor(), hours(2)) }, false},
	} {
		ticket := openTicket(t)
		c.act(ticket)
		if got := ticket.Clocks.RespondedAt.Equal(hours(2)); got != c.want || !got && !ticket.Clocks.RespondedAt.IsZero() {
			t.Errorf("%s: responded %s, want %v", name, ticket.Clocks.RespondedAt, c.want)
		}
	}
}

func TestABreachFreezesWhenResolvedAndStaysTrue(t *testing.T) {
	inTime := openTicket(t)
	change(t, inTime, agentActor(), 5, Resolved)
	late := openTicket(t)
	change(t, late, agentActor(), 25, Resolved)
	if inTime.Breached(hours(5000)) || !late.Breached(hours(25)) {
		t.Errorf("breached: resolved in time %v, late %v", inTime.Breached(hours(5000)), late.Breached(hours(25)))
	}
	change(t, late, agentActor(), 26, InProgress)
	if !late.Breached(hours(26)) {
		t.Error("reopening healed a breach")
	}
}

func TestACustomersCommentTakesAPendingTicketBack(t *testing.T) {
	for _, cameFrom := range []Status{Open, InProgress} {
		ticket := reach(t, Pending, cameFrom)
		events := say(t, ticket, PartnerComment("c1", "Here it is.", "", "Jane"), partnerActor(), 4)
		if diff := cmp.Diff([]EventType{CommentAdded, StatusChanged}, told(events)); diff != "" {
			t.Error(diff)
		}
		if ticket.Status != cameFrom || ticket.CameFrom != "" || !ticket.Clocks.PausedAt.IsZero() {
			t.Errorf("it is %s, coming from %q, paused %s, want %s", ticket.Status, ticket.CameFrom, ticket.Clocks.PausedAt, cameFrom)
		}
		if !ticket.Clocks.ResolutionDue.Equal(hours(24 + 3)) { // pending from hour 1 to hour 4
			t.Errorf("due %s", ticket.Clocks.ResolutionDue)
		}
	}
}

func TestOtherCommentsLeaveTheStatus(t *testing.T) {
	for name, c := range map[string]struct {
		status, cameFrom Status
		comment          Comment
		by               Actor
		want             EventType
	}{
		"support while pending":   {Pending, Open, SupportComment("c1", "Any news?", "John", false), agentActor(), CommentAdded},
		"a note while pending":    {Pending, Open, SupportComment("c1", "Odd.", "John", true), agentActor(), NoteAdded},
		"the customer on hold":    {OnHold, Open, PartnerComment("c1", "Hello?", "", "Jane"), partnerActor(), CommentAdded},
		"the customer, when open": {Open, "", PartnerComment("c1", "Hello?", "", "Jane"), partnerActor(), CommentAdded},
		"support, when closed":    {Closed, "", SupportComment("c1", "Filed.", "John", false), agentActor(), CommentAdded},
	} {
		ticket := reach(t, c.status, c.cameFrom)
		events := say(t, ticket, c.comment, c.by, 4)
		if diff := cmp.Diff([]EventType{c.want}, told(events)); diff != "" || ticket.Status != c.status {
			t.Errorf("%s: %s\n%s", name, ticket.Status, diff)
		}
	}
}

func TestACommentKnowsItsTicketPlaceAndTime(t *testing.T) {
	ticket := openTicket(t)
	c := PartnerComment("c1", "Hello", "", "Jane")
	events, err := ticket.AddComment(&c, partnerActor(), Calendar{}, hours(1))
	if err != nil {
		t.Fatal(err)
	}
	want := Comment{ID: "c1", TicketID: "t1", Seq: 2, Author: "Jane", Content: "[Via Omnichannel] Hello", Public: true, At: hours(1)}
	if diff := cmp.Diff(want, c); diff != "" || events[0].Seq != 2 {
		t.Errorf("event %d\n%s", events[0].Seq, diff)
	}
}

func TestFinalizedTicketsRefusePartnersOnly(t *testing.T) {
	acts := map[string]func(*Ticket, Actor) error{
		"comment": func(ticket *Ticket, by Actor) error {
			c := PartnerComment("c1", "Hello", "", "Jane")
			_, err := ticket.AddComment(&c, by, Calendar{}, hours(5))
			return err
		},
		"attach": func(ticket *Ticket, by Actor) error {
			_, err := ticket.AddAttachments([]Attachment{{ID: "f1"}}, by, hours(5))
			return err
		},
		"status": func(ticket *Ticket, by Actor) error {
			_, err := ticket.ChangeStatus(Cancelled, "", by, Calendar{}, hours(5))
			return err
		},
	}
	for _, status := range []Status{Resolved, Closed, Cancelled} {
		for name, act := range acts {
			ticket := reach(t, status, "")
			before := *ticket
			err := act(ticket, partnerActor())
			if !Is(err, Invalid) || err.Error() != "Cannot update closed or resolved tickets" {
				t.Errorf("%s of a partner, %s: %v", name, status, err)
			}
			if diff := cmp.Diff(&before, ticket, sameTicket); diff != "" {
				t.Errorf("%s of a partner, %s, changed the ticket:\n%s", name, status, diff)
			}
			if err := act(ticket, agentActor()); (err != nil) != (name == "status") {
				t.Errorf("%s of an agent, %s: %v", name, status, err)
			}
		}
	}
}

func TestFilesKnowTheirTicketAndTime(t *testing.T) {
	ticket := openTicket(t)
	files := []Attachment{{ID: "f1", Filename: "a.png"}, {ID: "f2", Filename: `b".png`}}
	events, err := ticket.AddAttachments(files, partnerActor(), hours(1))
	if err != nil {
		t.Fatal(err)
	}
	want := []Attachment{{ID: "f1", Filename: "a.png", TicketID: "t1", UploadedAt: hours(1)}, {ID: "f2", Filename: `b".png`, TicketID: "t1", UploadedAt: hours(1)}}
	if diff := cmp.Diff(want, files); diff != "" {
		t.Error(diff)
	}
	if len(events) != 1 || events[0].Type != FilesAttached || events[0].Type.Public() || ticket.Version != 2 {
		t.Errorf("version %d, events %v", ticket.Version, told(events))
	}
}

func TestATicketIsAssignedToAPersonOrATeam(t *testing.T) {
	ticket := openTicket(t)
	cards := Group{Code: "CARD_SERVICES", Name: "Card Services"}
	for _, c := range []struct {
		to         Agent
		group      Group
		code, want string
	}{
		{Agent{ID: "a1", Name: "John Tech"}, Group{}, "Technical Support", "John Tech"},
		{Agent{ID: "a2", Name: "Ani"}, cards, "CARD_SERVICES", "Ani"},
		{Agent{}, Group{}, "CARD_SERVICES", "Card Services"},
		{Agent{}, bank().Groups["Technical Support"], "Technical Support", "IT Support Team"},
	} {
		version := ticket.Version
		events := ticket.Assign(c.to, c.group, agentActor(), hours(1))
		if ticket.AssigneeID != c.to.ID || ticket.Group.Code != c.code || ticket.AssignedTo() != c.want {
			t.Errorf("assigned to %q of %s, seen as %s, want %s", ticket.AssigneeID, ticket.Group.Code, ticket.AssignedTo(), c.want)
		}
		if diff := cmp.Diff([]EventType{TicketAssigned}, told(events)); diff != "" || ticket.Version != version+1 {
			t.Errorf("version %d\n%s", ticket.Version, diff)
		}
	}
}

func TestAPrioritySetByHandKeepsWhatWasAsked(t *testing.T) {
	d := customerDraft("OTHER")
	d.Priority = Critical
	ticket, _ := newTicketOf(t, d)
	events := ticket.SetPriority(Low, agentActor(), hours(1))
	if ticket.Priority != Low || ticket.AskedPriority != Critical || ticket.PriorityRule != "set by John Tech" {
		t.Errorf("%s, asked %s (%s)", ticket.Priority, ticket.AskedPriority, ticket.PriorityRule)
	}
	if diff := cmp.Diff([]EventType{PriorityChanged}, told(events)); diff != "" {
		t.Error(diff)
	}
}

func TestTimeNeverRunsBackwardsOnATicket(t *testing.T) {
	acts := map[string]func(*Ticket) []Event{
		"status": func(ticket *Ticket) []Event { return change(t, ticket, agentActor(), 1, Resolved) },
		"comment": func(ticket *Ticket) []Event {
			return say(t, ticket, PartnerComment("c1", "x", "", "J"), agentActor(), 1)
		},
		"assign":   func(ticket *Ticket) []Event { return ticket.Assign(Agent{}, Group{}, agentActor(), hours(1)) },
		"priority": func(ticket *Ticket) []Event { return ticket.SetPriority(High, agentActor(), hours(1)) },
		"files": func(ticket *Ticket) []Event {
			events, err := ticket.AddAttachments([]Attachment{{}}, agentActor(), hours(1))
			if err != nil {
				t.Fatal(err)
			}
			return events
		},
	}
	for name, act := range acts {
		ticket := openTicket(t)
		change(t, ticket, agentActor(), 9, InProgress)
		for _, e := range act(ticket) {
			if !e.At.Equal(hours(9)) || !ticket.UpdatedAt.Equal(hours(9)) {
				t.Errorf("%s: event at %s, updated %s", name, e.At.Format(time.RFC3339), ticket.UpdatedAt.Format(time.RFC3339))
			}
		}
		if !ticket.ResolvedAt.IsZero() && !ticket.ResolvedAt.Equal(hours(9)) {
			t.Errorf("%s: resolved %s", name, ticket.ResolvedAt)
		}
	}
}
