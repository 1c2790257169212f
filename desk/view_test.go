package desk

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// viewValues are values of each field, those that stand for more too.
var viewValues = map[ViewField][]string{
	ViewStatus: {"OPEN", "IN_PROGRESS", "PENDING", "ON_HOLD", "RESOLVED", "CLOSED", "CANCELLED", ActiveStatus}, ViewPriority: {"LOW", "MEDIUM", "HIGH", "CRITICAL"},
	ViewGroup: {"CALL_CENTER", "CARD_SERVICES"}, ViewService: {"CLAIM", "INQUIRY"}, ViewChannel: {"EMAIL", "WHATSAPP", Nobodys}, ViewBranch: {"001", "OMNI"},
	ViewAssignee: {Mine, Nobodys, "ani", "budi"}, ViewSLA: {SLABreached, SLASoon, SLAPaused}, ViewCreated: {"1d", "7d", "30d", "90d"},
}

func drawConditions(t *rapid.T, label string) (conditions []Condition) {
	for _, f := range ViewFields {
		for _, not := range []bool{false, true} {
			if rapid.IntRange(0, 4).Draw(t, label+string(f)) == 0 {
				conditions = append(conditions, Condition{Field: f, Not: not, Values: rapid.SliceOfNDistinct(rapid.SampledFrom(viewValues[f]), 1, 2, rapid.ID).Draw(t, label)})
			}
		}
	}
	return conditions
}

func TestAViewIsReadFromItsAddressAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := View{All: drawConditions(t, "all"), Any: drawConditions(t, "any"), Order: rapid.SampledFrom([]ViewOrder{ByChange, ByDeadline}).Draw(t, "order")}
		q, err := url.ParseQuery(want.Query().Encode())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, ParseView(q)); diff != "" {
			t.Fatalf("%s (-want +got): %s", q.Encode(), diff)
		}
	})
}

func TestWhatAnAddressSaysBeyondAViewIsLeftOut(t *testing.T) {
	many := make([]string, 100)
	for i := range many {
		many[i] = strconv.Itoa(i)
	}
	for address, want := range map[string]string{
		"":                                        "",
		"status=OPEN&status=PENDING,OPEN":         "status=OPEN%2CPENDING",
		"status=&group=,%20,":                     "",
		"after=1.2&view=x&lang=id&done=saved":     "",
		"order=oldest&Status=OPEN&or.status=x":    "",
		"assignee=%00&group=%FF&branch=a%0Ab":     "",
		"assignee=%00,me&not.group=%FFx,y":        "assignee=me&not.group=y",
		"assignee=" + strings.Repeat("x", 65):     "",
		"any.assignee=" + strings.Repeat("x", 64): "any.assignee=" + strings.Repeat("x", 64),
		"branch=" + strings.Join(many, ","):       "branch=" + strings.Join(many[:20], "%2C"),
		"any.not.sla=soon&order=due":              "any.not.sla=soon&order=due",
	} {
		q, err := url.ParseQuery(address)
		if err != nil {
			t.Fatal(err)
		}
		if got := ParseView(q).Query().Encode(); got != want {
			t.Errorf("%.60s: got %s, want %s", address, got, want)
		}
	}
}

func TestWhichTicketsBelongToAView(t *testing.T) {
	at := hours(100)
	ticket := &Ticket{Status: Pending, Priority: High, Group: Group{Code: "CALL_CENTER"}, ServiceType: "CLAIM", Branch: Branch{Code: "001"}, AssigneeID: "ani",
		CreatedAt: at.Add(-48 * time.Hour), Clocks: Clocks{StartedAt: at.Add(-48 * time.Hour), ResponseDue: at.Add(time.Hour), ResolutionDue: at.Add(480 * time.Hour), RespondedAt: at.Add(-time.Hour), PausedAt: at.Add(-time.Minute)}}
	for address, want := range map[string]bool{
		"": true, "order=due": true,
		"status=PENDING": true, "status=OPEN": false, "status=OPEN,PENDING": true, "status=active": true, "not.status=active": false, "not.status=OPEN": true,
		"priority=HIGH": true, "priority=LOW": false, "not.priority=HIGH,LOW": false,
		"group=CALL_CENTER": true, "group=call_center": false, "service=CLAIM": true, "service=INQUIRY": false,
		"channel=none": true, "channel=EMAIL": false, "not.channel=none": false, "branch=001": true, "branch=1": false,
		"assignee=me": true, "assignee=ani": true, "assignee=none": false, "assignee=budi": false, "not.assignee=me": false, "assignee=none,me": true,
		"sla=paused": true, "sla=soon": false, "sla=breached": false, "not.sla=paused": false, "sla=running": false, "sla=soon,paused": true,
		"created=7d": true, "created=1d": false, "created=2d": false, "not.created=1d": true,
		"status=PENDING&priority=LOW": false, "status=PENDING&priority=HIGH": true, "status=PENDING&not.status=PENDING": false,
		"any.status=OPEN&any.priority=HIGH": true, "any.status=OPEN&any.priority=LOW": false, "any.not.status=OPEN": true,
		"status=PENDING&any.priority=LOW": false, "status=OPEN&any.priority=HIGH": false, "status=PENDING&any.priority=LOW&any.assignee=me": true,
	} {
		q, err := url.ParseQuery(address)
		if err != nil {
			t.Fatal(err)
		}
		if got := ParseView(q).Matches(ticket, "ani", at); got != want {
			t.Errorf("%s: got %v", address, got)
		}
	}
	unassigned := *ticket
	unassigned.AssigneeID, unassigned.Status = "", Resolved
	for address, want := range map[string]bool{"assignee=none": true, "assignee=me": false, "status=active": false, "order=due": false, "": true} {
		q, _ := url.ParseQuery(address)
		if got := ParseView(q).Matches(&unassigned, "ani", at); got != want {
			t.Errorf("resolved, of nobody, %s: got %v", address, got)
		}
	}
}

func TestADayIsCountedToTheMoment(t *testing.T) {
	at := hours(0)
	v := View{All: []Condition{{Field: ViewCreated, Values: []string{"1d"}}}}
	for made, want := range map[time.Duration]bool{24 * time.Hour: true, 24*time.Hour + time.Microsecond: false, -time.Hour: true} {
		if got := v.Matches(&Ticket{CreatedAt: at.Add(-made)}, "", at); got != want {
			t.Errorf("made %v ago: %v", made, got)
		}
	}
}

func TestWhatAViewLeavesOpenIsSaid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := View{All: drawConditions(t, "all"), Any: drawConditions(t, "any"), Order: rapid.SampledFrom([]ViewOrder{ByChange, ByDeadline}).Draw(t, "order")}
		ticket := &Ticket{Status: rapid.SampledFrom(Statuses).Draw(t, "status"), Group: Group{Code: rapid.SampledFrom(viewValues[ViewGroup]).Draw(t, "group")}, CreatedAt: hours(0), Clocks: started()}
		if !v.Matches(ticket, "ani", hours(1)) {
			return
		}
		if !slices.Contains(v.Statuses(), ticket.Status) {
			t.Fatalf("the view has a ticket that is %s, and says %v", ticket.Status, v.Statuses())
		}
		if only := v.Only(ViewGroup); only != nil && !slices.Contains(only, ticket.Group.Code) {
			t.Fatalf("the view has a ticket of %s, and says %v", ticket.Group.Code, only)
		}
	})
}
