package demo

import (
	"bytes"
	"image/png"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/mask"
)

func mustReadStory(t *testing.T) *story {
	t.Helper()
	s, err := readStory()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheStoryLiesInThePastAtEveryHourOfTheDay(t *testing.T) {
	s := mustReadStory(t)
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.Int64Range(0, int64(400*24*time.Hour)).Draw(t, "now")))
		scenes, err := s.scenes(now)
		if err != nil {
			t.Fatal(err)
		}
		for _, sc := range scenes {
			if sc.at.After(now) || sc.at.Before(now.AddDate(0, 0, -7)) {
				t.Fatalf("at %v, %s happens at %v", now, sc.what, sc.at)
			}
		}
	})
}

func TestTicketsBeginInTheSameOrderAtEveryHourOfTheDay(t *testing.T) {
	s := mustReadStory(t)
	order := func(now time.Time) (begun []string) {
		scenes, err := s.scenes(now)
		if err != nil {
			t.Fatal(err)
		}
		for _, sc := range scenes {
			if strings.HasPrefix(sc.what, "ticket ") {
				begun = append(begun, sc.what)
			}
		}
		return begun
	}
	midnight := time.Date(2026, 3, 4, 0, 0, 0, 0, desk.WITA())
	want := order(midnight)
	for minute := 5; minute < 24*60; minute += 5 {
		if diff := cmp.Diff(want, order(midnight.Add(time.Duration(minute)*time.Minute))); diff != "" {
			t.Fatalf("%d minutes after midnight (-midnight +then):\n%s", minute, diff)
		}
	}
}

func TestTheStoryShowsWhatTheDeskCanDo(t *testing.T) {
	s := mustReadStory(t)
	seen := map[string]map[string]bool{}
	for _, rows := range [][]row{s.claims, s.tickets, s.steps} {
		for _, r := range rows {
			for column, value := range r {
				if seen[column] == nil {
					seen[column] = map[string]bool{}
				}
				seen[column][value] = true
			}
		}
	}
	expectAll(t, "channel", seen["channel"], desk.Channels)
	expectAll(t, "service", seen["service"], slices.DeleteFunc(slices.Clone(desk.ServiceTypes), func(s desk.ServiceType) bool { return s == desk.ServiceClaim }))
	expectAll(t, "media", seen["media"], desk.MediaTransaksi)
	expectAll(t, "jenis", seen["jenis"], desk.JenisTransaksi)
	expectAll(t, "step", seen["what"], []string{"assign", "attach", "comment", "group", "note", "priority", "status"})
	if branches := len(seen["branch"]); branches < 10 {
		t.Errorf("%d branches", branches)
	}
}

func expectAll[T ~string](t *testing.T, what string, seen map[string]bool, want []T) {
	t.Helper()
	for _, value := range want {
		if !seen[string(value)] {
			t.Errorf("no %s %s in the story", what, value)
		}
	}
}

func TestTheStoryNamesNobodyWhoMayExist(t *testing.T) {
	s := mustReadStory(t)
	for _, r := range slices.Concat(s.tickets, s.agents) {
		if email := r["email"]; email != "" && !strings.HasSuffix(email, ".example") {
			t.Errorf("%s is an address that may be somebody's", email)
		}
		if phone := r["phone"]; phone != "" && !strings.HasPrefix(phone, "+62812000001") {
			t.Errorf("%s is a number that may be somebody's", phone)
		}
	}
	for _, r := range slices.Concat(s.claims, s.tickets, s.steps) {
		for column, value := range r {
			if clean, found := mask.Cards(value); found {
				t.Errorf("%s of ticket %s holds a card number: %s", column, r["ticket"], clean)
			}
		}
	}
}

func TestMomentsAreDaysAgoInWITAOrSoLongAgo(t *testing.T) {
	now := time.Date(2026, 3, 4, 20, 30, 0, 0, time.UTC) // the 5th, 04:30 in WITA
	for when, want := range map[string]string{
		"-1d 08:20": "2026-03-04T00:20:00Z",
		"-5d 23:59": "2026-02-28T15:59:00Z",
		"-2h10m":    "2026-03-04T18:20:00Z",
	} {
		if got, err := moment(when, now); err != nil || desk.FormatTime(got) != want {
			t.Errorf("%s is %v (%v), want %s", when, got, err, want)
		}
	}
	for _, when := range []string{"", "yesterday", "-1d", "-1d 8 o'clock", "xd 08:00"} {
		if got, err := moment(when, now); err == nil {
			t.Errorf("%q is %v", when, got)
		}
	}
}

func TestMetadataOfTheStoryIsWhatAPartnerWouldSend(t *testing.T) {
	m, err := parseMetadata("transactionId=TRX1; disputeAmount=62000000; urgent=true")
	if err != nil {
		t.Fatal(err)
	}
	if m.JSON != `{"transactionId":"TRX1","disputeAmount":62000000,"urgent":true}` || m.Amount != desk.Rupiahs(62_000_000) || !m.Flags["urgent"] || m.Texts["transactionId"] != "TRX1" {
		t.Errorf("got %+v", m)
	}
	if none, err := parseMetadata(""); err != nil || none.JSON != "{}" {
		t.Errorf("nothing is %+v (%v)", none, err)
	}
	if _, err := parseMetadata("nominal=much"); err == nil {
		t.Error("an amount that is none was taken")
	}
}

func TestFilesOfTheStoryAreWhatTheirNamesSay(t *testing.T) {
	picture, err := makeFile("struk.png", "Struk")
	if err != nil {
		t.Fatal(err)
	}
	again, err := makeFile("struk.png", "Struk")
	if err != nil || !bytes.Equal(picture.Content, again.Content) {
		t.Errorf("the same picture is drawn differently (%v)", err)
	}
	if decoded, err := png.Decode(bytes.NewReader(picture.Content)); err != nil || decoded.Bounds().Empty() || picture.MIME != "image/png" {
		t.Errorf("%s is no picture: %v", picture.MIME, err)
	}
	text, err := makeFile("surat.txt", "Sanggahan")
	if err != nil || text.MIME != "text/plain" || !strings.Contains(string(text.Content), "Sanggahan") || text.Size != int64(len(text.Content)) {
		t.Errorf("got %+v (%v)", text, err)
	}
}

func TestAStepThatCannotBeDoneIsAnError(t *testing.T) {
	teller := &teller{tickets: map[string]toldTicket{"T1": {number: "10001"}}}
	for _, r := range []row{
		{"ticket": "T2", "who": "customer", "what": "comment"},
		{"ticket": "T1", "who": "nobody", "what": "comment"},
		{"ticket": "T1", "who": "customer", "what": "dance"},
	} {
		if err := teller.step(t.Context(), r); err == nil {
			t.Errorf("%v was done", r)
		}
	}
}
