package console

import (
	"slices"

	"banksulutgo.co.id/servicedesk/desk"
)

// moves are support groups to which a ticket can be handed on.
type moves struct {
	Warning string // what holds of all of them; empty: nothing
	Groups  []move
}

// move is a support group to which a ticket can be handed on.
type move struct {
	desk.Group
	Unstaffed bool // nobody works there
}

// moves are the groups to which the reader can hand a ticket on: those in which he still sees it, and those in which he
// does not.
func (s *Server) moves(r *request, t *desk.Ticket) ([]moves, error) {
	staffed, err := s.staff.StaffedGroups(r.Context(), r.actor)
	if err != nil {
		return nil, err
	}
	seen, unseen := moves{}, moves{Warning: r.words.t("Anda tidak akan dapat melihat tiket ini lagi:")}
	for _, g := range s.groups() {
		moved := *t
		moved.Group = g
		to := &unseen
		if r.actor.Sight().Sees(&moved) {
			to = &seen
		}
		to.Groups = append(to.Groups, move{g, !slices.Contains(staffed, g.Code)})
	}
	return slices.DeleteFunc([]moves{seen, unseen}, func(m moves) bool { return m.Groups == nil }), nil
}
