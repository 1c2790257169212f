package desk

import (
	"bytes"
	"net/netip"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

func auditEntry() AuditEntry {
	actor := partnerActor()
	actor.Address, actor.RequestID = netip.MustParseAddr("203.0.113.9"), "r1"
	return AuditEntry{ID: "e1", At: hours(0), Actor: actor, Action: "ticket.create", Target: "12346", Outcome: OutcomeOK, Detail: "d", Number: 7, MAC: "mac"}
}

func TestAnEntrySaysWhoDidWhat(t *testing.T) {
	got := NewAudit(hours(0), partnerActor(), "ticket.create", "12346", OutcomeOK)
	want := AuditEntry{At: hours(0), Actor: partnerActor(), Action: "ticket.create", Target: "12346", Outcome: "ok"}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(AuditEntry{}, "ID"), cmpopts.EquateComparable(netip.Addr{})); diff != "" {
		t.Error(diff)
	}
	if len(got.ID) != 26 {
		t.Errorf("the id is %q", got.ID)
	}
}

// sealedFields are the ways to change what an entry keeps, by field.
var sealedFields = map[string]func(*AuditEntry){
	"Number":          func(e *AuditEntry) { e.Number++ },
	"ID":              func(e *AuditEntry) { e.ID += "x" },
	"At":              func(e *AuditEntry) { e.At = e.At.Add(time.Microsecond) },
	"Actor.Kind":      func(e *AuditEntry) { e.Actor.Kind = ByAgent },
	"Actor.ID":        func(e *AuditEntry) { e.Actor.ID += "x" },
	"Actor.Name":      func(e *AuditEntry) { e.Actor.Name = "" },
	"Actor.PartnerID": func(e *AuditEntry) { e.Actor.PartnerID += "x" },
	"Actor.Address":   func(e *AuditEntry) { e.Actor.Address = netip.Addr{} },
	"Actor.RequestID": func(e *AuditEntry) { e.Actor.RequestID += "x" },
	"Action":          func(e *AuditEntry) { e.Action += "x" },
	"Target":          func(e *AuditEntry) { e.Target += "x" },
	"Outcome":         func(e *AuditEntry) { e.Outcome = "refused" },
	"Detail":          func(e *AuditEntry) { e.Detail = "" },
}

func TestTheSealNoticesEveryChange(t *testing.T) {
	seals := map[string]string{string(auditEntry().Sealed()): "nothing"}
	for field, change := range sealedFields {
		e := auditEntry()
		change(&e)
		if same, ok := seals[string(e.Sealed())]; ok {
			t.Errorf("a change of %s looks like a change of %s", field, same)
		}
		seals[string(e.Sealed())] = field
	}
}

func TestEveryFieldOfAnEntryIsSealedOrNotKept(t *testing.T) {
	notKept := []string{"MAC", "Actor.PartnerName", "Actor.Test", "Actor.Permissions", "Actor.Provider", "Actor.Role", "Actor.Groups", "Actor.Branch"} // the MAC is the seal itself
	var want []string
	for _, field := range reflect.VisibleFields(reflect.TypeFor[AuditEntry]()) {
		if field.Name != "Actor" {
			want = append(want, field.Name)
		}
	}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Actor]()) {
		want = append(want, "Actor."+field.Name)
	}
	got := notKept
	for field := range sealedFields {
		got = append(got, field)
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTheSealKnowsMomentsNotTimeZones(t *testing.T) {
	e := auditEntry()
	e.At = e.At.In(WITA())
	if !bytes.Equal(e.Sealed(), auditEntry().Sealed()) {
		t.Error("the same moment in another time zone looks different")
	}
}

func TestNoTwoEntriesAreSealedAlike(t *testing.T) {
	text := rapid.StringOfN(rapid.RuneFrom([]rune("0123:a")), 0, 4, -1)
	draw := func(t *rapid.T) (AuditEntry, []string) {
		parts := rapid.SliceOfN(text, 9, 9).Draw(t, "entry")
		return AuditEntry{ID: parts[0], At: hours(0), Number: 1, Action: parts[1], Target: parts[2], Outcome: parts[3], Detail: parts[4],
			Actor: Actor{Kind: ActorKind(parts[5]), ID: parts[6], Name: parts[7], RequestID: parts[8]}}, parts
	}
	rapid.Check(t, func(t *rapid.T) {
		a, before := draw(t)
		b, after := draw(t)
		if bytes.Equal(a.Sealed(), b.Sealed()) != slices.Equal(before, after) {
			t.Fatalf("%q and %q", before, after)
		}
		// Moving the end of one text to the beginning of the next is a change too.
		i := rapid.IntRange(0, 7).Draw(t, "place")
		moved := slices.Clone(before)
		moved[i], moved[i+1] = "", moved[i]+moved[i+1]
		c := AuditEntry{ID: moved[0], At: hours(0), Number: 1, Action: moved[1], Target: moved[2], Outcome: moved[3], Detail: moved[4],
			Actor: Actor{Kind: ActorKind(moved[5]), ID: moved[6], Name: moved[7], RequestID: moved[8]}}
		if bytes.Equal(a.Sealed(), c.Sealed()) != slices.Equal(before, moved) {
			t.Fatalf("%q and %q", before, moved)
		}
	})
}
