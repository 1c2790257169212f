package desk

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestPermissionsAllowWhatTheirNamesSay(t *testing.T) {
	everything := []Permission{MayCreate, MayRead, MayUpdate, MayManage, MayWork, MayIntegrate} // for a key; the rest is for people
	known := append(everything, MayLead, MayUnmask, MayConfigure, MayAudit)
	for list, allowed := range map[string][]Permission{
		"omnichannel:create":                    {MayCreate},
		"omnichannel:read":                      {MayRead},
		"omnichannel:update":                    {MayUpdate},
		"omnichannel:manage":                    {MayRead, MayUpdate, MayManage, MayWork, MayIntegrate},
		"omnichannel:*":                         {MayCreate, MayRead, MayUpdate},
		"*":                                     everything,
		"omnichannel:create,omnichannel:read":   {MayCreate, MayRead},
		"omnichannel:create,omnichannel:manage": everything,
		"omnichannel:*,omnichannel:manage":      everything,
	} {
		permissions, err := ParsePermissions(list)
		if err != nil {
			t.Fatalf("%s: %v", list, err)
		}
		var got []Permission
		for _, p := range known {
			if permissions.Allow(p) {
				got = append(got, p)
			}
		}
		if diff := cmp.Diff(allowed, got); diff != "" {
			t.Errorf("%s allows:\n%s", list, diff)
		}
	}
}

func TestNobodyMayWithoutPermissions(t *testing.T) {
	for _, p := range []Permission{MayCreate, MayRead, MayUpdate, MayManage} {
		if Permissions(nil).Allow(p) {
			t.Errorf("nobody may %s", p)
		}
	}
}

func TestPermissionListsAreReadWithSpacesAndTwice(t *testing.T) {
	got, err := ParsePermissions(" omnichannel:read ,,omnichannel:create, omnichannel:read")
	if err != nil || got.String() != "omnichannel:read,omnichannel:create" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestUnknownPermissionsAreNamed(t *testing.T) {
	const known = "Known: omnichannel:create, omnichannel:read, omnichannel:update, omnichannel:manage, omnichannel:*, *"
	for list, want := range map[string]string{
		"omnichannel:read,omnichannel:delete": "Unknown permission omnichannel:delete. " + known,
		"Omnichannel:Read":                    "Unknown permission Omnichannel:Read. " + known,
		"omnichannel":                         "Unknown permission omnichannel. " + known,
		"":                                    "Unknown permission . " + known,
		" , ":                                 "Unknown permission  , . " + known,
	} {
		if _, err := ParsePermissions(list); !Is(err, Invalid) || err.Error() != want {
			t.Errorf("%q: got %v, want %s", list, err, want)
		}
	}
}

func TestPermissionsReadBackAsTheyWere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		known := []Permission{MayCreate, MayRead, MayUpdate, MayManage, "omnichannel:*", "*"}
		want := Permissions(rapid.SliceOfNDistinct(rapid.SampledFrom(known), 1, len(known), rapid.ID).Draw(t, "permissions"))
		got, err := ParsePermissions(want.String())
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Fatalf("%v %s", err, diff)
		}
	})
}

func TestWhoManages(t *testing.T) {
	for name, c := range map[string]struct {
		actor Actor
		want  bool
	}{
		"a partner's key":                 {partnerActor(), false},
		"an internal system":              {Actor{Kind: ByPartner, Permissions: Permissions{MayManage}}, true},
		"a key for everything":            {Actor{Kind: ByPartner, Permissions: Permissions{"*"}}, true},
		"a partner named like the desk":   {Actor{Kind: ByPartner, Name: SystemName, ID: "system"}, false},
		"the program itself":              {System(), true},
		"an operator at the command line": {Actor{Kind: ByCommand}, false},
	} {
		if got := c.actor.Manages(); got != c.want {
			t.Errorf("%s manages: %v, want %v", name, got, c.want)
		}
	}
}

func TestTheProgramIsNamedAsTheBankNamesIt(t *testing.T) {
	if s := System(); s.Name != "Omnichannel System" || s.Kind != BySystem {
		t.Errorf("got %+v", s)
	}
}
