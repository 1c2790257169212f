package api_test

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/auth"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// operator is who makes keys in these tests.
var operator = desk.Actor{Kind: desk.ByCommand, ID: "test", Name: "test"}

// newKey makes a key as the command line would.
func newKey(t testing.TB, d *desktest.Desk, n app.NewKey) app.CreatedKey {
	t.Helper()
	key, err := d.App.CreateKey(context.Background(), operator, n)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestEveryBadKeyIsAnsweredAlike(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		good := keyOf(t, d, "good", everything)
		revoked, rotated := d.NewKey(t, "revoked", everything), d.NewKey(t, "rotated", everything)
		expired := newKey(t, d, app.NewKey{Name: "expired", Permissions: desk.Permissions{everything}, Expires: d.Clock.Now()})
		elsewhere := newKey(t, d, app.NewKey{Name: "elsewhere", Permissions: desk.Permissions{everything}, AllowNets: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
		if err := d.App.RevokeKey(context.Background(), operator, revoked.Key.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := d.App.RotateKey(context.Background(), operator, rotated.Key.ID); err != nil {
			t.Fatal(err)
		}
		last := good[len(good)-1:]
		keys := map[string]string{
			"none": "", "not a key": "hello", "unknown": auth.NewAPIKey().Text, "wrong checksum": strings.TrimSuffix(good, last) + map[bool]string{true: "b", false: "a"}[last == "a"],
			"cut": good[:len(good)-4], "longer": good + "a", "revoked": revoked.Text, "rotated": rotated.Text, "expired": expired.Text,
			"from another network": elsewhere.Text, "very long": strings.Repeat("a", 20_000), "with NUL escaped": "%00",
		}
		for name, key := range keys {
			t.Run(name, func(t *testing.T) {
				r := d.Client(key).With("X-Request-Id", "bad-key").Get(t, "/tickets/10001")
				wantBytes(t, r.Want(t, 401), `{"success":false,"message":"Unauthorized","requestId":"bad-key"}`)
				if got := r.Header.Get("WWW-Authenticate"); got != `Bearer realm="OMNI API"` {
					t.Errorf("WWW-Authenticate is %q", got)
				}
			})
		}
		for _, key := range []string{revoked.Text, expired.Text, elsewhere.Text, good} {
			if strings.Contains(d.Log.String(), key) {
				t.Error("the log holds a key")
			}
		}
		for _, why := range []string{"no key was given", "the key is not known", expired.Key.ID, revoked.Key.ID, elsewhere.Key.ID} {
			if !strings.Contains(d.Log.String(), why) {
				t.Errorf("the log does not tell %q", why)
			}
		}
	})
}

func TestEveryOperationNeedsAKeyUnlessItIsPublic(t *testing.T) {
	d := onDesk(t)
	nobody := d.Client("")
	for _, c := range requests(nil) {
		t.Run(c.route.Operation, func(t *testing.T) {
			r := nobody.Do(t, c.method, c.path, c.body)
			if c.route.Permission == publicPermission {
				r.Want(t, 200)
				return
			}
			wantMessage(t, r, 401, "Unauthorized")
		})
	}
}

func TestAKeyMayBeSentInTwoWays(t *testing.T) {
	d := onDesk(t)
	key := keyOf(t, d, "partner", everything)
	nobody := d.Client("")
	cases := map[string]struct {
		headers map[string]string
		status  int
	}{
		"bearer":                          {map[string]string{"Authorization": "Bearer " + key}, 200},
		"bearer in other letters":         {map[string]string{"Authorization": "bEARER  " + key}, 200},
		"X-API-Key":                       {map[string]string{"X-API-Key": key}, 200},
		"both the same":                   {map[string]string{"Authorization": "Bearer " + key, "X-API-Key": key}, 200},
		"another scheme beside X-API-Key": {map[string]string{"Authorization": "Basic abc", "X-API-Key": key}, 200},
		"bearer counts before X-API-Key":  {map[string]string{"Authorization": "Bearer wrong", "X-API-Key": key}, 401},
		"an empty bearer":                 {map[string]string{"Authorization": "Bearer"}, 401},
		"the key alone":                   {map[string]string{"Authorization": key}, 401},
		"another scheme":                  {map[string]string{"Authorization": "Basic " + key}, 401},
		"in the query":                    {nil, 401},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			c := nobody
			for header, value := range tc.headers {
				c = c.With(header, value)
			}
			path := "/events"
			if tc.headers == nil {
				path += "?api_key=" + key
			}
			c.Get(t, path).Want(t, tc.status)
		})
	}
}

func TestAKeyThatEndsIsRefusedWithinASecond(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		key := newKey(t, d, app.NewKey{Name: "short", Permissions: desk.Permissions{everything}, Expires: d.Clock.Now().Add(time.Hour)})
		c := d.Client(key.Text)
		c.Get(t, "/events").Want(t, 200)
		d.Clock.Advance(time.Hour)
		c.Get(t, "/events").Want(t, 401)

		revoked := d.NewKey(t, "revoked", everything)
		c = d.Client(revoked.Text)
		c.Get(t, "/events").Want(t, 200)
		if err := d.App.RevokeKey(context.Background(), operator, revoked.Key.ID); err != nil {
			t.Fatal(err)
		}
		d.Clock.Advance(time.Second)
		c.Get(t, "/events").Want(t, 401)
	})
}

// refusal is what a key without the permission is told.
var refusal = map[desk.Permission]string{
	desk.MayCreate: "Insufficient permissions to create omnichannel tickets",
	desk.MayRead:   "Insufficient permissions to read omnichannel tickets",
	desk.MayUpdate: "Insufficient permissions to update omnichannel tickets",
	desk.MayManage: "Insufficient permissions to update omnichannel tickets",
}

func TestEveryOperationAsksForItsPermission(t *testing.T) {
	may := map[desk.Permission]map[desk.Permission]bool{
		desk.MayCreate:  {desk.MayCreate: true},
		desk.MayRead:    {desk.MayRead: true},
		desk.MayUpdate:  {desk.MayUpdate: true},
		desk.MayManage:  {desk.MayRead: true, desk.MayUpdate: true, desk.MayManage: true},
		"omnichannel:*": {desk.MayCreate: true, desk.MayRead: true, desk.MayUpdate: true},
		"*":             {desk.MayCreate: true, desk.MayRead: true, desk.MayUpdate: true, desk.MayManage: true},
	}
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		for given, allowed := range may {
			c := d.Client(keyOf(t, d, "key "+string(given), given)).With("X-Request-Id", "permissions")
			for _, asked := range requests(nil) {
				r := c.Do(t, asked.method, asked.path, asked.body)
				message, needed := refusal[asked.route.Permission]
				switch {
				case needed && !allowed[asked.route.Permission]:
					wantBytes(t, r.Want(t, 403), `{"success":false,"message":"`+message+`","requestId":"permissions"}`)
					if asked.body != "" { // what is not allowed is not read either
						wantMessage(t, c.Do(t, asked.method, asked.path, `{`), 403, message)
					}
				case r.Status == http.StatusForbidden || r.Status == http.StatusUnauthorized:
					t.Errorf("%s with %s is refused with %d", asked.route.Operation, given, r.Status)
				}
			}
		}
	})
}

func TestOnlyAKeyThatManagesMayAssignAndSetPriorities(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		number := opened(t, c, "/tickets", aTicket)
		for _, body := range []string{`{"action":"ASSIGN","supportGroup":"ATM_SERVICES"}`, `{"action":"SET_PRIORITY","priority":"LOW"}`} {
			wantMessage(t, c.Patch(t, "/tickets/"+number, body), 403, "Insufficient permissions to update omnichannel tickets")
			manager(t, d, "manager of "+body).Patch(t, "/tickets/"+number, body).Want(t, 200)
			d.Client(keyOf(t, d, "all of "+body, "*")).Patch(t, "/tickets/"+number, body).Want(t, 200)
		}
		wantFaults(t, c.Patch(t, "/tickets/"+number, `{"action":"ADD_COMMENT","comment":"x","internal":true}`),
			map[string]string{"internal": "Internal is not allowed for this API key"})
	})
}

// appKey says what a partner's key shall be.
func appKey(name, partner string) app.NewKey { return appKeyWith(name, partner, everything) }

func appKeyWith(name, partner string, permissions ...desk.Permission) app.NewKey {
	return app.NewKey{Name: name, Partner: partner, Permissions: permissions}
}
