package webhook

import (
	"time"

	"banksulutgo.co.id/servicedesk/desk"
)

// Samples makes the life of a ticket that does not exist, as partners hear of it: one event of each type (API document,
// Webhook Events), and the STATUS_CHANGED that goes before some. It ends now; names and numbers are made up.
func Samples(now time.Time) ([]desk.Event, error) {
	at := now.Add(-4 * time.Minute)
	partner := desk.Actor{Kind: desk.ByPartner, ID: "sample", Name: "sample"}
	agent := desk.Actor{Kind: desk.ByAgent, ID: "sample", Name: "Agen Contoh"}
	r := &desk.Reference{SystemUser: true, Services: map[desk.ServiceType]desk.Service{
		desk.ServiceClaim: {Type: desk.ServiceClaim, Priority: desk.Medium, Group: desk.Group{Name: "IT Support", Team: "IT Support Team"}},
	}}
	t, created, err := desk.NewClaim(desk.ClaimDraft{NamaNasabah: "John Doe", MediaTransaksi: "ATM", JenisTransaksi: "PEMBELIAN", ChannelReference: "REF-SAMPLE-1"},
		desk.TicketPlan{ID: desk.NewID(at), Number: 10001, Actor: partner, Reference: r, At: at})
	if err != nil {
		return nil, err
	}
	events := []desk.Event{created}
	said := desk.SupportComment(desk.NewID(at), "Dana sudah dikembalikan ke rekening Anda <terima kasih>", agent.Name, false)
	for i, step := range []func(at time.Time) ([]desk.Event, error){
		func(at time.Time) ([]desk.Event, error) {
			return t.ChangeStatus(desk.InProgress, "", agent, desk.Calendar{}, at)
		},
		func(at time.Time) ([]desk.Event, error) { return t.AddComment(&said, agent, desk.Calendar{}, at) },
		func(at time.Time) ([]desk.Event, error) {
			return t.ChangeStatus(desk.Resolved, "", agent, desk.Calendar{}, at)
		},
		func(at time.Time) ([]desk.Event, error) {
			return t.ChangeStatus(desk.Closed, "", desk.System(), desk.Calendar{}, at)
		},
	} {
		more, err := step(at.Add(time.Duration(i+1) * time.Minute))
		if err != nil {
			return nil, err
		}
		events = append(events, more...)
	}
	return events, nil
}
