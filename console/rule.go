package console

import (
	"strings"

	"banksulutgo.co.id/servicedesk/desk"
)

// rule words why a ticket's priority is what it is, of what is kept with the ticket (desk.PriorityDecision).
func (w words) rule(kept string) string {
	var said []string
	for part := range strings.SplitSeq(kept, "; ") {
		said = append(said, w.rulePart(part))
	}
	return strings.Join(said, "; ")
}

func (w words) rulePart(part string) string {
	why, to, raised := strings.Cut(part, " -> ")
	if raised {
		return w.t("%s, jadi %s", w.reason(why), w.priority(desk.Priority(to)))
	}
	for prefix, text := range map[string]string{"service default ": "bawaan layanan: %s", "asked ": "diminta saat dibuat: %s"} {
		if p, found := strings.CutPrefix(part, prefix); found {
			return w.t(text, w.priority(desk.Priority(p)))
		}
	}
	if by, found := strings.CutPrefix(part, "set by "); found {
		return w.t("diubah oleh %s", by)
	}
	return part
}

// reason words what raised a priority.
func (w words) reason(why string) string {
	if amount, found := strings.CutPrefix(why, "amount from "); found {
		return w.t("nominal mulai Rp%s", amount)
	}
	if strings.HasSuffix(why, " keeps the service default") {
		return w.t("nasabah tidak dapat mengakses")
	}
	switch why {
	case "urgent":
		return w.t("ditandai mendesak")
	case "escalated":
		return w.t("dieskalasi")
	}
	return why
}
