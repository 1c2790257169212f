package sociomile

import (
	"strings"
	"testing"
)

func TestTheStatusAddressFollowsFromTheCreateAddress(t *testing.T) {
	for _, c := range []struct{ create, status, want string }{
		{"http://127.0.0.1/bank-sulut/create", "", "http://127.0.0.1/bank-sulut/update-status"},
		{"http://127.0.0.1/create/create?v=1", "", "http://127.0.0.1/create/update-status?v=1"},
		{"http://127.0.0.1/create", "http://127.0.0.1/other", "http://127.0.0.1/other"},
		{"http://127.0.0.1/created", "", ""},
		{"", "", ""},
	} {
		if got := (Config{CreateURL: c.create, StatusURL: c.status}).URL(StatusRoute); got != c.want {
			t.Errorf("%s gives %q, want %q", c.create, got, c.want)
		}
	}
}

func TestAnAddressIsShownWithoutToken(t *testing.T) {
	for address, want := range map[string]string{
		"http://127.0.0.1/create":                                   "http://127.0.0.1/create",
		"http://127.0.0.1/create?b=2&a=1":                           "http://127.0.0.1/create?b=2&a=1",
		"http://127.0.0.1/create?client_secret_key=hidden":          "http://127.0.0.1/create",
		"http://127.0.0.1/create?v=1&client_secret_key=hidden#part": "http://127.0.0.1/create?v=1",
		"http://u:hidden@127.0.0.1/create":                          "",
		"ftp://127.0.0.1/create":                                    "",
		"http://[::1/create?client_secret_key=hidden":               "",
		"127.0.0.1/create":                                          "",
	} {
		if got := (Config{CreateURL: address, Token: token}).URL(CreateRoute); got != want {
			t.Errorf("%s is shown as %q, want %q", address, got, want)
		}
	}
}

func TestCheckNamesAllThatIsMissingAndShowsNothing(t *testing.T) {
	good := Config{CreateURL: "http://127.0.0.1/create", Token: token, ConnectID: "id"}
	if err := good.Check(); err != nil {
		t.Errorf("a whole configuration is refused: %v", err)
	}
	for name, c := range map[string]struct {
		config Config
		names  []string
	}{
		"nothing": {Config{}, []string{"OMNI_API_URL", "OMNI_UPDATE_STATUS_URL", "OMNI_API_TOKEN", "OMNI_CONNECT_ID"}},
		"bad":     {Config{CreateURL: "http://u:hidden@h/create", StatusURL: "http://[hidden", Token: "hidden"}, []string{"OMNI_API_URL", "OMNI_UPDATE_STATUS_URL", "OMNI_CONNECT_ID"}},
		"status":  {Config{CreateURL: "http://h/tickets", Token: "hidden", ConnectID: "id"}, []string{"OMNI_UPDATE_STATUS_URL"}},
	} {
		err := c.config.Check()
		if err == nil || strings.Count(err.Error(), "\n")+1 != len(c.names) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, setting := range c.names {
			if !strings.Contains(err.Error(), setting) {
				t.Errorf("%s: %s is not named in %v", name, setting, err)
			}
		}
	}
}
