package console

import (
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
)

func TestADeadlineThatNoLongerRunsIsNotCounted(t *testing.T) {
	due := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		sla   desk.SLA
		text  string
		ticks bool
	}{
		"running":                {desk.SLA{State: desk.SLARunning, Due: due, Left: 200 * time.Minute, Counted: 200 * time.Minute}, "Sisa 3 jam 20 mnt", true},
		"late":                   {desk.SLA{State: desk.SLAOver, Due: due, Left: -15 * time.Minute, Counted: -15 * time.Minute}, "Lewat 15 mnt", true},
		"answered late":          {desk.SLA{State: desk.SLAOver, Due: due, Left: time.Hour, Counted: time.Hour}, "Lewat tenggat", false},
		"settled late":           {desk.SLA{State: desk.SLAOver, Due: due}, "Lewat tenggat", false},
		"settled in time":        {desk.SLA{State: desk.SLAMet, Due: due}, "Tepat waktu", false},
		"waits for the customer": {desk.SLA{State: desk.SLAStands, Due: due, Left: time.Hour, Counted: time.Hour}, "Dijeda", false},
	} {
		if p := wordsIn(desk.Indonesian).sla(c.sla, ""); p.Text != c.text || (p.Due != 0) != c.ticks {
			t.Errorf("%s: %q, ticks %v; want %q, %v", name, p.Text, p.Due != 0, c.text, c.ticks)
		}
	}
}
