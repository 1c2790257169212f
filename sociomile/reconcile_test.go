package sociomile_test

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"banksulutgo.co.id/servicedesk/sociomile"
	"banksulutgo.co.id/servicedesk/store"
)

var sentOn = time.Date(2026, 3, 1, 4, 0, 0, 0, time.UTC)

// forwarded is a ticket of the desk, sent when the provider's id is known.
func forwarded(number int64, id string) store.ForwardEntry {
	f := store.ForwardEntry{Forward: store.Forward{TicketID: fmt.Sprint("t", number), Number: number, ProviderID: id}, CreatedAt: sentOn.Add(-time.Hour)}
	if id != "" {
		f.SentAt = sentOn
	}
	return f
}

// listed are tickets of the desk in the order of their numbers.
func listed(all ...store.ForwardEntry) iter.Seq2[store.ForwardEntry, error] {
	slices.SortFunc(all, func(a, b store.ForwardEntry) int { return int(a.Number - b.Number) })
	return func(yield func(store.ForwardEntry, error) bool) {
		for _, f := range all {
			if !yield(f, nil) {
				return
			}
		}
	}
}

func TestEachTicketIsJudgedByWhatBothKnow(t *testing.T) {
	t.Parallel()
	full := forwarded(10, "aa")
	full.ProviderNumber, full.SentStatus = 7, "Close"
	withoutID := forwarded(10, "")
	withoutID.SentAt = sentOn
	before := sociomile.Period{Until: sentOn.Add(time.Minute)}
	for name, c := range map[string]struct {
		ours []store.ForwardEntry
		rows string
		of   sociomile.Period
		want string
	}{
		"alike":                       {[]store.ForwardEntry{full}, "10,AA,7,close", before, ""},
		"more rows of one":            {[]store.ForwardEntry{full}, "10,aa,7,Close\n10,aa,7,Close", before, ""},
		"an id that nobody knows":     {[]store.ForwardEntry{withoutID}, "10,aa,7,Open", before, ""},
		"no id in the file":           {[]store.ForwardEntry{full}, "10,,,", before, ""},
		"missing":                     {[]store.ForwardEntry{full}, "11,bb,8,Open", before, "MISSING 10, UNKNOWN 11"},
		"missing, sent at the border": {[]store.ForwardEntry{full}, "11,bb,8,Open", sociomile.Period{Until: sentOn}, "UNKNOWN 11"},
		"missing, made before":        {[]store.ForwardEntry{full}, "9,bb,8,Open", sociomile.Period{Since: sentOn.Add(-time.Minute)}, "UNKNOWN 9"},
		"missing, made at the border": {[]store.ForwardEntry{full}, "9,bb,8,Open", sociomile.Period{Since: sentOn.Add(-time.Hour)}, "UNKNOWN 9, MISSING 10"},
		"waiting":                     {[]store.ForwardEntry{forwarded(10, "")}, "11,bb,8,Open", before, "WAITING 10, UNKNOWN 11"},
		"not marked":                  {[]store.ForwardEntry{forwarded(10, "")}, "10,bb,8,Open", before, "UNMARKED 10"},
		"twice":                       {[]store.ForwardEntry{full}, "10,aa,7,Close\n10,bb,8,Open\n10,aa,7,Close", before, "TWICE 10 aa bb"},
		"twice and not marked":        {[]store.ForwardEntry{forwarded(10, "")}, "10,aa,7,Close\n10,bb,8,Open", before, "TWICE 10 aa bb"},
		"twice by the numbers":        {[]store.ForwardEntry{full}, "10,,7,Close\n10,,8,Open\n10,,7,Open", before, "TWICE 10  "},
		"twice by rows":               {[]store.ForwardEntry{full}, "10,,,\n10,,,", before, "TWICE 10  "},
		"another id":                  {[]store.ForwardEntry{full}, "10,bb,7,Close", before, "OTHER_ID 10"},
		"another number":              {[]store.ForwardEntry{full}, "10,aa,8,Close", before, "OTHER_ID 10"},
		"another status":              {[]store.ForwardEntry{full}, "10,aa,7,Open", before, "STATUS 10"},
		"unknown several times":       {nil, "9,aa,7,Close\n9,bb,8,Open\n8,cc,9,Open", before, "UNKNOWN 8, UNKNOWN 9"},
	} {
		t.Run(name, func(t *testing.T) {
			x, _ := exported(t, sheetOf(t, "no,id,ticket,status\n"+c.rows+"\n"), "number=no,id=id,ticket=ticket,status=status")
			var got []string
			totals, err := x.Compare(listed(c.ours...), c.of, func(c sociomile.Compared) error {
				words := fmt.Sprint(c.Verdict, " ", c.Number)
				if c.Verdict == sociomile.Twice {
					for _, of := range c.Theirs {
						words += " " + of.ID
					}
				}
				got = append(got, words)
				return nil
			})
			if diff := cmp.Diff(c.want, strings.Join(got, ", ")); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
			if onlyWaits := strings.ReplaceAll(c.want, "WAITING 10", ""); totals.Differ() != (onlyWaits != "") {
				t.Errorf("differ: %t with %+v", totals.Differ(), totals)
			}
		})
	}
}

func TestWaitingAloneIsNoDifference(t *testing.T) {
	t.Parallel()
	x, _ := exported(t, sheetOf(t, "no,id\n10,aa\n"), "number=no,id=id")
	totals, err := x.Compare(listed(forwarded(10, "aa"), forwarded(11, "")), sociomile.Period{}, func(sociomile.Compared) error { return nil })
	if err != nil || totals.Differ() || totals.Agree != 1 || totals.Verdicts[sociomile.Waiting] != 1 {
		t.Errorf("%+v, %v", totals, err)
	}
}

// Whatever both sides have, each ticket is told of once, in the order of the numbers, and as by looking it up.
func TestNoTicketOfEitherSideIsPassedOver(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		side := rapid.MapOfN(rapid.Int64Range(1, 40), rapid.SampledFrom([]string{"a", "b", "c"}), 0, 30)
		ours, rows := side.Draw(t, "ours"), rapid.SliceOfN(rapid.Custom(func(t *rapid.T) [2]string {
			return [2]string{strconv.FormatInt(rapid.Int64Range(1, 40).Draw(t, "number"), 10), rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "id")}
		}), 1, 60).Draw(t, "theirs")
		text, ids := "no,id\n", map[int64]map[string]bool{}
		for _, r := range rows {
			text += r[0] + "," + r[1] + "\n"
			n, _ := strconv.ParseInt(r[0], 10, 64)
			if ids[n] == nil {
				ids[n] = map[string]bool{}
			}
			ids[n][r[1]] = true
		}
		var want, got []string
		var all []store.ForwardEntry
		agree := 0
		for n := int64(1); n <= 40; n++ {
			id, has := ours[n]
			verdict := sociomile.Verdict("")
			switch {
			case has && len(ids[n]) == 0:
				verdict = sociomile.NotTheirs
			case has && len(ids[n]) > 1:
				verdict = sociomile.Twice
			case has && !ids[n][id]:
				verdict = sociomile.OtherID
			case has:
				agree++
			case len(ids[n]) > 0:
				verdict = sociomile.NotOurs
			}
			if verdict != "" {
				want = append(want, fmt.Sprint(verdict, " ", n))
			}
			if has {
				all = append(all, forwarded(n, id))
			}
		}
		s, err := sociomile.OpenSheet(strings.NewReader(text), 0)
		if err != nil {
			t.Fatal(err)
		}
		x, err := s.Read(sociomile.Columns{sociomile.OurNumber: 0, sociomile.ProviderID: 1}, nil, func(int) {})
		if err != nil {
			t.Fatal(err)
		}
		totals, err := x.Compare(listed(all...), sociomile.Period{}, func(c sociomile.Compared) error {
			got = append(got, fmt.Sprint(c.Verdict, " ", c.Number))
			return nil
		})
		if diff := cmp.Diff(want, got); diff != "" || err != nil || totals.Agree != agree {
			t.Errorf("%v, %d agree, want %d (-want +got):\n%s", err, totals.Agree, agree, diff)
		}
	})
}

func TestAnErrorEndsTheComparison(t *testing.T) {
	t.Parallel()
	x, _ := exported(t, sheetOf(t, "no,id\n9,aa\n11,bb\n"), "number=no,id=id")
	failing := func(yield func(store.ForwardEntry, error) bool) { yield(store.ForwardEntry{}, errBroken) }
	if _, err := x.Compare(failing, sociomile.Period{}, func(sociomile.Compared) error { return nil }); !errors.Is(err, errBroken) {
		t.Errorf("of the desk: %v", err)
	}
	for at := range 3 {
		told := 0
		_, err := x.Compare(listed(forwarded(10, "a")), sociomile.Period{}, func(sociomile.Compared) error {
			if told++; told > at {
				return errBroken
			}
			return nil
		})
		if !errors.Is(err, errBroken) || told != at+1 {
			t.Errorf("%d were told before: %v, %d told in all", at, err, told)
		}
	}
}

func TestAReportIsForPeopleAndForPrograms(t *testing.T) {
	t.Parallel()
	c := sociomile.Compared{Verdict: sociomile.OtherID, Number: 10, Ours: forwarded(10, "aa"), Theirs: []sociomile.Theirs{{Line: 3, ID: "4111111111111111", Number: 8, Status: "Open"}}}
	s := sociomile.Summary{Differ: true, Rows: 9, Foreign: 1, Faulty: 0, Agree: 4, Outside: 2, Verdicts: map[sociomile.Verdict]int{sociomile.NotTheirs: 3, sociomile.Waiting: 1}, Queued: 2}
	var out bytes.Buffer
	print := func(asJSON, queue bool, s sociomile.Summary) string {
		out.Reset()
		r := sociomile.Report{Out: &out, JSON: asJSON}
		if err := errors.Join(r.Ticket(c), r.Ticket(sociomile.Compared{Verdict: sociomile.Waiting, Number: 11, Ours: forwarded(11, "")}), r.Summary(s, sociomile.Period{Until: sentOn}, queue)); err != nil {
			t.Error(err)
		}
		return out.String()
	}
	want := "OTHER_ID  10          ours: id aa, sent 2026-03-01T04:00:00Z  theirs: line 3, id ****1111, ticket 8, status Open\n" +
		"WAITING   11          ours: not sent\n" +
		"\n9 rows, 1 of them without a number of the bank's; 0 cannot be used.\n" +
		"        4            both have it alike\n" +
		"        3  MISSING   sent, but the provider has it not\n" +
		"        1  WAITING   not sent yet, and the provider has it not: no difference\n" +
		"        2            not expected in the file: made before --since, or sent after 2026-03-01 12:00:00 WITA\n"
	if diff := cmp.Diff(want+"Queued once more: 2 of 3. Of the others something is being sent at this moment.\n", print(false, true, s)); diff != "" {
		t.Errorf("for people (-want +got):\n%s", diff)
	}
	json := `{"verdict":"OTHER_ID","number":10,"ours":{"id":"aa","sentAt":"2026-03-01T04:00:00Z"},"theirs":[{"line":3,"id":"****1111","ticket":8,"status":"Open"}]}` + "\n" +
		`{"verdict":"WAITING","number":11,"ours":{},"theirs":[]}` + "\n" +
		`{"differ":true,"rows":9,"withoutOurNumber":1,"faulty":0,"agree":4,"outsidePeriod":2,"verdicts":{"MISSING":3,"WAITING":1},"queued":2}` + "\n"
	if diff := cmp.Diff(json, print(true, true, s)); diff != "" {
		t.Errorf("for programs (-want +got):\n%s", diff)
	}
	faulty, done := s, s
	faulty.Faulty, done.Queued = 1, 3
	for _, c := range []struct {
		s     sociomile.Summary
		queue bool
		says  string
	}{{s, false, "To let the 3 tickets go once more that the provider has not: the same command with --queue-missing.\n"}, {faulty, true, "Nothing was queued: "}, {done, true, "Queued once more: 3.\n"}} {
		if got := print(false, c.queue, c.s); !strings.Contains(got, c.says) {
			t.Errorf("it does not say %q: %s", c.says, got)
		}
	}
}
