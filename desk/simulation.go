package desk

import (
	"slices"
	"time"
)

// Names of customers whose tickets for tests are worked by nobody but the program.
const (
	SimulateResolved = "Simulasi Selesai" // is worked and closed
	SimulateQuestion = "Simulasi Tunda"   // is asked something first, and is worked and closed after the answer
	SimulateRefused  = "Simulasi Gagal"   // is refused
)

// SimulatedPause is how long the simulated agent waits before each step: an integrator shall see the steps apart, and the
// last one within 15 seconds.
const SimulatedPause = 2 * time.Second

// SimulatedAgent is who works the tickets for tests that ask for it by the name of their customer.
func SimulatedAgent() Actor { return Actor{Kind: ByAgent, ID: "simulation", Name: "Agen Simulasi"} }

// simulations say what becomes of a ticket that is in progress: the simulated agent says something in public, and then
// ends it.
var simulations = map[string]struct {
	say    string
	asked  Status // taken together with what is said; empty: none
	end    Status
	reason string // of the end
}{
	SimulateResolved: {say: "Laporan Anda sudah kami periksa. Dana akan dikembalikan ke rekening Anda. (simulasi)", end: Resolved},
	SimulateQuestion: {say: "Mohon kirimkan tanggal dan jam transaksi. (simulasi)", asked: Pending, end: Resolved},
	SimulateRefused: {say: "Mohon maaf, laporan Anda tidak dapat kami penuhi: transaksi tercatat berhasil. (simulasi)",
		end: Cancelled, reason: "Ditolak: transaksi tercatat berhasil (simulasi)"},
}

// SimulatedStep is what the simulated agent does with a ticket at one moment.
type SimulatedStep struct {
	Take   bool   // becomes the ticket's assignee first
	Say    string // a public comment; empty: none
	To     Status // empty: the status stays
	Reason string
}

// NextSimulatedStep decides what the simulated agent does with a ticket, from what is stored of it alone: whoever asks
// again, after a crash or on another node, hears the same. It is false when there is nothing to do now.
func (t *Ticket) NextSimulatedStep(conversation []Comment, at time.Time) (SimulatedStep, bool) {
	simulation, asked := simulations[t.Customer.Name]
	if !asked || !t.Test() || at.Before(t.UpdatedAt.Add(SimulatedPause)) {
		return SimulatedStep{}, false
	}
	switch t.Status {
	case Open:
		return SimulatedStep{Take: true, To: InProgress}, true
	case InProgress:
		if slices.ContainsFunc(conversation, func(c Comment) bool { return c.FromSupport }) {
			return SimulatedStep{To: simulation.end, Reason: simulation.reason}, true
		}
		return SimulatedStep{Say: simulation.say, To: simulation.asked}, true
	case Resolved:
		return SimulatedStep{To: Closed}, true
	}
	return SimulatedStep{}, false
}
