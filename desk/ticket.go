package desk

import (
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// Ticket is the one noun that the desk is about: something that a customer wants settled. A claim is a ticket made by
// `POST /claims` or with service type CLAIM.
type Ticket struct {
	ID        string
	Number    int64
	PartnerID string // whose ticket it is
	KeyID     string // of the API key that created it
	Version   int64  // one more with each change
	Events    int64  // how many events it has; the newest one's Seq

	Channel          Channel // empty for a claim by `POST /claims`: the document's form has none
	ChannelReference string
	ServiceType      ServiceType
	ServiceName      string
	Group            Group
	Branch           Branch
	Title            string
	Description      string
	Category         Category
	Status           Status
	CameFrom         Status // where a waiting ticket goes back to; empty when it does not wait
	Priority         Priority
	AskedPriority    Priority // empty when none was asked for
	PriorityRule     string   // why the priority is what it is
	AssigneeID       string
	AssigneeName     string

	Customer     Customer
	Metadata     string // a JSON object; accounts masked
	Missing      []string
	Confidential bool
	APIVersion   string
	PartnerRef   string // integration.partnerId as given
	Private      Private
	Sealed       string // Private, encrypted; what the store keeps
	Lookups      []Lookup

	Clocks      Clocks
	ToldUntil   time.Time // employees were told of the deadlines before this moment
	PolicyHours int       // hours to resolution of the policy that holds
	Calendar    string    // of the clocks; empty: calendar time

	CreatedAt, UpdatedAt, ResolvedAt, ClosedAt time.Time // zero: not happened
}

// FirstTestNumber is the smallest number of a ticket for tests: a 9 and twelve digits. Real tickets never come that far.
const FirstTestNumber = 9_000_000_000_001

// Test reports whether the ticket was made with a test key.
func (t *Ticket) Test() bool { return t.Number >= FirstTestNumber }

// Private is what the desk stores encrypted only.
type Private struct {
	Email        string
	Phone        string
	Identifier   string
	Accounts     map[string]string // path in the metadata -> account number
	TrackingCode string
	WebhookURL   string
}

// Lookup is a keyed hash under which a ticket is found by a personal identifier.
type Lookup struct {
	Kind LookupKind
	Hash string
}

// TicketPlan is what the program adds to a draft: identity, reference data and time.
type TicketPlan struct {
	ID           string
	Number       int64
	Actor        Actor
	Reference    *Reference
	TrackingCode string
	At           time.Time
}

// NewClaim makes the ticket of a checked claim (API document, Create Simplified Claim) and its first event. It
// returns an Error of code Misconfigured when the reference data has no service for claims or no system user.
func NewClaim(c ClaimDraft, p TicketPlan) (*Ticket, Event, error) {
	service, ok := p.Reference.Services[ServiceClaim]
	switch {
	case !ok:
		return nil, Event{}, Fail(Misconfigured, ClaimServiceNotFound)
	case !p.Reference.SystemUser:
		return nil, Event{}, Fail(Misconfigured, SystemUserNotFound)
	}
	m := c.Metadata()
	t := newTicket(service, m, p)
	t.ChannelReference = c.ChannelReference
	product := p.Reference.Product(Transaction{c.MediaTransaksi, c.JenisTransaksi})
	t.Title, t.Description, t.Category = c.Title(), c.Text(product), CategoryServiceRequest
	t.Customer = Customer{Name: c.NamaNasabah}
	t.integrate(c.Integration)
	t.prioritise(DecidePriority(service, p.Reference.Amounts, PriorityFacts{Source: SourceClaim, Amount: c.Nominal}))
	t.settleBranch(p.Reference)
	return t, t.created(p.Actor), nil
}

// NewTicket makes the ticket of a checked draft (API document, Create Full Ticket) and its first event. It returns an
// Error of code Misconfigured when the reference data has no such service or no system user.
func NewTicket(d TicketDraft, p TicketPlan) (*Ticket, Event, error) {
	service, ok := p.Reference.Services[d.ServiceType]
	switch {
	case !ok && d.ServiceType == ServiceClaim:
		return nil, Event{}, Fail(Misconfigured, ClaimServiceNotFound)
	case !ok:
		return nil, Event{}, Fail(Misconfigured, ServiceNotFound, string(d.ServiceType))
	case !p.Reference.SystemUser:
		return nil, Event{}, Fail(Misconfigured, SystemUserNotFound)
	}
	t := newTicket(service, d.Metadata, p)
	t.Channel, t.ChannelReference = d.Channel, d.ChannelReference
	t.Title, t.Description, t.Category = d.Title, d.Description, d.Category
	if blank(t.Title) {
		t.Title = service.TitleFor(d.Customer.Name)
	}
	if t.Category == "" {
		t.Category = service.Category
	}
	t.Customer = d.Customer
	t.Private.Email, t.Private.Phone, t.Private.Identifier = d.Customer.Email, d.Customer.Phone, d.Customer.Identifier
	t.integrate(d.Integration)
	t.AskedPriority = d.Priority
	t.prioritise(DecidePriority(service, p.Reference.Amounts, PriorityFacts{
		Source: SourceTicket, Asked: d.Priority, Amount: d.Metadata.Amount,
		Flagged: func(name string) bool { return d.Metadata.Flags[name] },
	}))
	t.Missing = d.Missing(p.Reference)
	t.settleBranch(p.Reference)
	return t, t.created(p.Actor), nil
}

// newTicket makes an open ticket of a service with its clocks started.
func newTicket(s Service, m Metadata, p TicketPlan) *Ticket {
	return &Ticket{
		ID: p.ID, Number: p.Number, PartnerID: p.Actor.PartnerID, KeyID: p.Actor.ID, Version: 1,
		ServiceType: s.Type, ServiceName: s.Name, Group: s.Group, Confidential: s.Confidential, Status: Open,
		Metadata: m.JSON, Private: Private{Accounts: m.Accounts, TrackingCode: p.TrackingCode},
		Clocks:      StartClocks(s.Policy, p.Reference.Calendars[s.Policy.Calendar], p.At),
		PolicyHours: s.Policy.ResolutionHours, Calendar: s.Policy.Calendar,
		CreatedAt: p.At, UpdatedAt: p.At,
	}
}

func (t *Ticket) integrate(in Integration) {
	t.Private.WebhookURL, t.APIVersion, t.PartnerRef = in.WebhookURL, in.APIVersion, in.PartnerID
}

func (t *Ticket) prioritise(d PriorityDecision) { t.Priority, t.PriorityRule = d.Priority, d.Rule }

// settleBranch fills in the branch: an unknown code is kept as given, none is the virtual branch OMNI.
func (t *Ticket) settleBranch(r *Reference) {
	code := t.Customer.BranchCode
	if blank(code) {
		code = OmniBranch
	}
	if known, ok := r.Branches[code]; ok {
		t.Branch = known
		return
	}
	t.Branch = Branch{Code: code}
}

// FindBy lists the personal identifiers that the ticket is found by, normalised; equal ones once.
func (t *Ticket) FindBy() map[LookupKind][]string {
	found := map[LookupKind][]string{}
	add := func(kind LookupKind, value string) {
		if n := kind.Normalize(value); n != "" && !slices.Contains(found[kind], n) {
			found[kind] = append(found[kind], n)
		}
	}
	add(ByEmail, t.Private.Email)
	add(ByPhone, t.Private.Phone)
	add(ByIdentifier, t.Private.Identifier)
	for _, account := range slices.Sorted(maps.Values(t.Private.Accounts)) {
		add(ByAccount, account)
	}
	add(ByATM, t.ATM())
	return found
}

// ATM is the code of the machine that the ticket is about, as its metadata names it; empty: none.
func (t *Ticket) ATM() string {
	value := []byte(member(t.Metadata, "atmId"))
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text
	}
	var number json.Number
	if json.Unmarshal(value, &number) == nil {
		return number.String()
	}
	return ""
}

// Words returns the words that the ticket is searched by, with its comments: those of its title, customer, description, and
// of the comments, the newest first. The labels of a claim's description would find every claim: they are none.
func (t *Ticket) Words(comments []Comment) []string {
	texts := []string{t.Title, t.Customer.Name, unlabelled(t.Description)}
	for _, c := range slices.Backward(comments) {
		texts = append(texts, c.Content)
	}
	return Words(texts...)
}

// Excerpt returns the part of the ticket's texts or comments that has most of the words of a query, with those marked.
func (t *Ticket) Excerpt(comments []Comment, queried []string) []Piece {
	best, most := Excerpt(t.Description, queried)
	for _, c := range slices.Backward(comments) {
		if pieces, found := Excerpt(c.Content, queried); found > most {
			best, most = pieces, found
		}
	}
	return best
}

// AssignedTo is who works the ticket, as partners see it: the agent, else the group's team (the spec, section 4).
func (t *Ticket) AssignedTo() string {
	if t.AssigneeName != "" {
		return t.AssigneeName
	}
	return t.Group.TeamName()
}

// Breached reports whether a deadline of the ticket has passed unmet.
func (t *Ticket) Breached(at time.Time) bool { return t.Clocks.Breached(at) }

// touch moves the ticket to its next version. Time never runs backwards on a ticket, whichever node writes.
func (t *Ticket) touch(at time.Time) time.Time {
	if at.Before(t.UpdatedAt) {
		at = t.UpdatedAt
	}
	t.Version++
	t.UpdatedAt = at
	return at
}

// mayChange refuses changes of a finalized ticket from outside the bank (API document, Business Logic Errors).
func (t *Ticket) mayChange(by ActorKind) error {
	if (by == ByPartner || by == ByCustomer) && t.Status.Finalized() {
		return Fail(Invalid, TicketFinalized)
	}
	return nil
}

// MayHandOn refuses to let an employee give a ticket to somebody, or another priority, that is over for ever.
func (t *Ticket) MayHandOn(by Actor) error {
	if by.Role != "" && t.Status.Final() {
		return Fail(Invalid, TicketFinalized)
	}
	return nil
}

// ChangeStatus takes a step of the lifecycle and returns its events: STATUS_CHANGED, then what it meant. It returns
// an Error that names the allowed steps for a wrong one, and asks for a reason when a resolved ticket is reopened.
func (t *Ticket) ChangeStatus(to Status, reason string, by Actor, cal Calendar, at time.Time) ([]Event, error) {
	if err := t.mayChange(by.Kind); err != nil {
		return nil, err
	}
	if err := checkStep(t.Status, t.CameFrom, to, by.Kind); err != nil {
		return nil, err
	}
	if t.Status == Resolved && to == InProgress && blank(reason) {
		return nil, Faults{{Path: "reason", Text: Required}}.Err()
	}
	at = t.touch(at)
	return t.step(to, reason, by, cal, at), nil
}

// step makes an allowed change of status.
func (t *Ticket) step(to Status, reason string, by Actor, cal Calendar, at time.Time) []Event {
	from := t.Status
	t.CameFrom = comingFrom(from, to)
	t.Status = to
	t.runClocks(from, to, cal, at)
	events := []Event{t.statusChanged(from, reason, by, at)}
	switch to {
	case Resolved:
		t.ResolvedAt = at
		events = append(events, t.settled(TicketResolved, from, by, at))
	case Closed:
		t.ClosedAt = at
		events = append(events, t.settled(TicketClosed, from, by, at))
	case InProgress:
		t.ResolvedAt = time.Time{}
	}
	return events
}

// comingFrom is where a ticket goes back to after a step: set when it begins to wait, cleared when it ends. No step
// leads from waiting to waiting.
func comingFrom(from, to Status) Status {
	if to.Waiting() {
		return from
	}
	return ""
}

// runClocks tells the SLA clocks what a step means: PENDING pauses them, a settled ticket stops them, IN_PROGRESS is
// a response (the spec, section 4).
func (t *Ticket) runClocks(from, to Status, cal Calendar, at time.Time) {
	c := t.Clocks
	switch {
	case from == Pending:
		c = c.Resume(cal, at)
	case from == Resolved && to == InProgress:
		c = c.Reopen(cal, at)
	}
	switch {
	case to == InProgress:
		c = c.Respond(at)
	case to == Pending:
		c = c.Pause(at)
	case to.Finalized():
		c = c.Stop(at)
	}
	t.Clocks = c
}

// AddComment adds a word to the conversation and returns its events. A customer's comment takes a ticket that waits
// for the customer back to where it came from; the first public word of support meets the response clock.
func (t *Ticket) AddComment(c *Comment, by Actor, cal Calendar, at time.Time) ([]Event, error) {
	if err := t.mayChange(by.Kind); err != nil {
		return nil, err
	}
	at = t.touch(at)
	c.TicketID, c.At = t.ID, at
	if c.Public && c.FromSupport {
		t.Clocks = t.Clocks.Respond(at)
	}
	events := []Event{t.commented(c, by, at)}
	c.Seq = events[0].Seq
	if t.Status == Pending && !c.FromSupport {
		events = append(events, t.step(t.CameFrom, "", by, cal, at)...)
	}
	return events, nil
}

// AddAttachments adds files and returns the event.
func (t *Ticket) AddAttachments(files []Attachment, by Actor, at time.Time) ([]Event, error) {
	if err := t.mayChange(by.Kind); err != nil {
		return nil, err
	}
	at = t.touch(at)
	for i := range files {
		files[i].TicketID, files[i].UploadedAt = t.ID, at
	}
	return []Event{t.attached(files, by, at)}, nil
}

// Assign gives the ticket to an agent, or with the zero Agent to nobody, and to a group unless that is the zero Group.
func (t *Ticket) Assign(to Agent, group Group, by Actor, at time.Time) []Event {
	at = t.touch(at)
	if group.Code != "" {
		t.Group = group
	}
	t.AssigneeID, t.AssigneeName = to.ID, to.Name
	return []Event{t.assigned(by, at)}
}

// RenewTrackingCode gives the ticket another tracking code, with which its customer follows it from now on. It may be finalized:
// its customer reads on.
func (t *Ticket) RenewTrackingCode(code string, by Actor, at time.Time) []Event {
	at = t.touch(at)
	t.Private.TrackingCode = code
	return []Event{t.record(CodeRenewed, by, at, object())}
}

// SetPriority changes the effective priority by hand; the one that was asked for stays on record.
func (t *Ticket) SetPriority(p Priority, by Actor, at time.Time) []Event {
	at = t.touch(at)
	old := t.Priority
	t.Priority, t.PriorityRule = p, "set by "+by.Name
	return []Event{t.reprioritised(old, by, at)}
}
