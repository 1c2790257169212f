package app_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// employee is somebody of a role who belongs to no support group.
func employee(role desk.Role) desk.Actor {
	return desk.Agent{ID: "one of " + string(role), Name: string(role), Role: role}.Actor()
}

// integrations is a desk with a forwarded claim, of which an endpoint of its partner and the address that it names hear.
func integrations(t *testing.T, e desktest.Engine) (d *desktest.Desk, owner desk.Actor, number, endpoint string) {
	t.Helper()
	d = desktest.NewDesk(t, e, forwards)
	owner = allOf(t, d, "partner")
	url := "https://hooks.partner.example/x"
	made, err := d.App.RegisterTarget(t.Context(), owner, desk.TargetChange{URL: &url}, app.Once[app.ChangedTarget]{})
	must(t, err)
	return d, owner, forwarded(t, d, owner), made.ID
}

// looks are the verbs by which somebody sees what leaves the desk, by name.
func looks(t *testing.T, d *desktest.Desk, actor desk.Actor, number, endpoint string) map[string]func() error {
	ctx := t.Context()
	return map[string]func() error{
		"the connector": func() error { return second(d.App.Connector(ctx, actor)) },
		"its tickets": func() error {
			return second(d.App.Forwards(ctx, actor, app.ForwardsWaiting, "create", app.LanePlace{}, 10))
		},
		"one of them": func() error { return second(d.App.ForwardedTicket(ctx, actor, number)) },
		"targets": func() error {
			found, _, err := d.App.Targets(ctx, actor, "", 10)
			if err == nil && len(found) == 0 {
				t.Errorf("%s sees no target", actor.Name)
			}
			return err
		},
		"targets of a partner": func() error { _, _, err := d.App.TargetsOf(ctx, actor, "nobody", "", 10); return err },
		"a target":             func() error { return second(d.App.Target(ctx, actor, endpoint)) },
		"deliveries": func() error {
			return second(d.App.Deliveries(ctx, actor, endpoint, app.DeliveryList{Limit: 10}))
		},
		"deliveries of a ticket at a target": func() error {
			return second(d.App.Deliveries(ctx, actor, endpoint, app.DeliveryList{Ticket: number, Limit: 10}))
		},
		"deliveries of a ticket": func() error { _, _, err := d.App.TicketDeliveries(ctx, actor, number, 10); return err },
	}
}

// acts are the verbs by which somebody steers what leaves the desk, by name; none of them spoils another one.
func acts(t *testing.T, d *desktest.Desk, actor desk.Actor, number, endpoint string) map[string]func() error {
	ctx := t.Context()
	return map[string]func() error{
		"steer": func() error {
			return second(d.App.SteerConnector(ctx, actor, app.ProbeConnector, "", "", app.Once[app.SteeredConnector]{}))
		},
		"retry": func() error {
			return second(d.App.RetryForward(ctx, actor, number, nil, app.Once[app.ForwardedTicket]{}))
		},
		"retry all": func() error { return second(d.App.RetryForwards(ctx, actor, "", app.Once[app.SentAgain]{})) },
		"park": func() error {
			return second(d.App.ParkForward(ctx, actor, number, "x", app.Once[app.ForwardedTicket]{}))
		},
		"send again": func() error {
			return second(d.App.SendAgain(ctx, actor, endpoint, app.Again{Undelivered: true}, app.Once[app.SentAgain]{}))
		},
		"test": func() error { return second(d.App.TestTarget(ctx, actor, endpoint, app.Once[app.Ping]{})) },
		"skip": func() error {
			err := d.App.SkipDelivery(ctx, actor, endpoint, "no event", app.Once[struct{}]{})
			if desk.Is(err, desk.NotFound) {
				return nil // it was looked for
			}
			return err
		},
	}
}

func TestWhoLooksAfterIntegrationsSeesThoseOfAllPartnersAndAllGroups(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d, _, number, endpoint := integrations(t, e)
		for _, role := range []desk.Role{desk.RoleSupervisor, desk.RoleAdmin, desk.RoleAuditor} {
			for what, look := range looks(t, d, employee(role), number, endpoint) {
				if err := look(); err != nil {
					t.Errorf("%s: %s: %v", role, what, err)
				}
			}
		}
		for what, look := range looks(t, d, employee(desk.RoleAgent), number, endpoint) {
			mustFail(t, look(), desk.Forbidden, what)
		}
	})
}

func TestWhoLooksAfterIntegrationsSteersThemAndAuditorsDoNot(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d, _, number, endpoint := integrations(t, e)
		for _, role := range []desk.Role{desk.RoleSupervisor, desk.RoleAdmin} {
			for what, act := range acts(t, d, employee(role), number, endpoint) {
				if err := act(); err != nil {
					t.Errorf("%s: %s: %v", role, what, err)
				}
			}
		}
		for _, role := range []desk.Role{desk.RoleAgent, desk.RoleAuditor} {
			for what, act := range acts(t, d, employee(role), number, endpoint) {
				err := act()
				mustFail(t, err, desk.Forbidden, string(role)+": "+what)
				if err != nil && err.Error() != string(desk.RoleCannot) {
					t.Errorf("%s: %s: is told %q", role, what, err)
				}
			}
		}
	})
}

func TestPartnersStillSeeTheirOwnTargetsAlone(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d, owner, number, endpoint := integrations(t, e)
		_, told, err := d.App.TicketDeliveries(t.Context(), owner, number, 10)
		must(t, err)
		if len(told) != 1 || told[0].Target.ID != endpoint || len(told[0].Deliveries) != 1 {
			t.Errorf("the ticket is told to %+v", told)
		}
		stranger := allOf(t, d, "stranger")
		_, _, err = d.App.TicketDeliveries(t.Context(), stranger, number, 10)
		mustFail(t, err, desk.NotFound, "somebody else's ticket")
		_, err = d.App.Target(t.Context(), stranger, endpoint)
		mustFail(t, err, desk.NotFound, "somebody else's target")
		for actor, want := range map[string][]string{"partner": {"partner"}, "stranger": nil, "bank": {"partner"}} {
			by := map[string]desk.Actor{"partner": owner, "stranger": stranger, "bank": employee(desk.RoleAuditor)}[actor]
			partners, err := d.App.TargetPartners(t.Context(), by)
			must(t, err)
			var names []string
			for _, p := range partners {
				names = append(names, p.Name)
			}
			if diff := cmp.Diff(want, names); diff != "" {
				t.Errorf("partners that %s sees (-want +got):\n%s", actor, diff)
			}
		}
	})
}

func TestTestsAreNobodysIntegrations(t *testing.T) {
	t.Parallel()
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d, _, _, endpoint := integrations(t, e)
		tester := d.Actor(d.NewTestKey(t, "partner", "omnichannel:*"))
		url := "https://tests.partner.example/x"
		made, err := d.App.RegisterTarget(t.Context(), tester, desk.TargetChange{URL: &url}, app.Once[app.ChangedTarget]{})
		must(t, err)
		found, _, err := d.App.Targets(t.Context(), employee(desk.RoleAdmin), "", 10)
		must(t, err)
		if len(found) != 1 || found[0].ID != endpoint || !strings.HasPrefix(found[0].URL, "https://hooks") {
			t.Errorf("the targets are %+v", found)
		}
		of, _, err := d.App.TargetsOf(t.Context(), employee(desk.RoleAdmin), tester.PartnerID, "", 10)
		must(t, err)
		if _, err := d.App.Target(t.Context(), employee(desk.RoleAdmin), made.ID); len(of) > 0 || !desk.Is(err, desk.NotFound) {
			t.Errorf("an admin sees the tests' targets: %v, %v", of, err)
		}
	})
}
