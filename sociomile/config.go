// Package sociomile is the door out to the provider of the bank's omnichannel tickets (the spec, Sociomile connector): it
// builds what is sent, makes the call, and says what came of it.
package sociomile

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Route is a path of the provider that is called.
type Route string

// The two routes that tickets take. Each has a circuit of its own.
const (
	CreateRoute Route = "create"
	StatusRoute Route = "status"
)

// How the token travels, as the provider names it.
const (
	tokenParameter = "client_secret_key"
	tokenHeader    = "client-secret-key"
)

// defaultTimeout is how long a call may take when nothing is configured.
const defaultTimeout = 30 * time.Second

// Config is how the provider is called.
type Config struct {
	CreateURL string        // OMNI_API_URL
	StatusURL string        // OMNI_UPDATE_STATUS_URL; default: CreateURL with /update-status in the place of its last /create
	Token     string        // OMNI_API_TOKEN, a secret
	Header    bool          // OMNI_AUTH=header: the token travels as a header; default: as a query parameter
	ConnectID string        // OMNI_CONNECT_ID
	Timeout   time.Duration // OMNI_TIMEOUT, of a whole call; default 30 s
	Services  []string      // OMNI_SERVICES, the service types that are forwarded
}

// URL is the address of a route without the token, also without one that was pasted into it; it may be shown. It is empty
// when none is configured or it cannot be read.
func (c Config) URL(r Route) string {
	u, err := c.address(r)
	if err != nil {
		return ""
	}
	return u.String()
}

// Check returns an error that names every setting without which no call can be made. It shows no value.
func (c Config) Check() error {
	var faults []error
	for _, r := range []Route{CreateRoute, StatusRoute} {
		if _, err := c.address(r); err != nil {
			faults = append(faults, err)
		}
	}
	if c.Token == "" {
		faults = append(faults, errors.New("OMNI_API_TOKEN is missing: set it to the client secret that the provider gave the bank"))
	}
	if c.ConnectID == "" {
		faults = append(faults, errors.New("OMNI_CONNECT_ID is missing: set it to the connect id that the provider gave the bank"))
	}
	return errors.Join(faults...)
}

// address reads the address of a route. Its error names the setting, and shows no part of the address: it may hold the token.
func (c Config) address(r Route) (*url.URL, error) {
	text, setting := c.CreateURL, "OMNI_API_URL"
	if r == StatusRoute {
		text, setting = c.statusURL(), "OMNI_UPDATE_STATUS_URL"
	}
	if text == "" {
		return nil, fmt.Errorf("%s is missing: set it to the address of the provider's route %s", setting, r)
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%s must be a http or https URL without user information", setting)
	}
	u.Fragment = ""
	if query := u.Query(); query.Has(tokenParameter) {
		query.Del(tokenParameter)
		u.RawQuery = query.Encode()
	}
	return u, nil
}

func (c Config) statusURL() string {
	if c.StatusURL != "" {
		return c.StatusURL
	}
	path, query, asked := strings.Cut(c.CreateURL, "?")
	base, found := strings.CutSuffix(path, "/create")
	switch {
	case !found:
		return ""
	case asked:
		return base + "/update-status?" + query
	}
	return base + "/update-status"
}

// authorize puts the token on a request.
func (c Config) authorize(request *http.Request) {
	if c.Header {
		request.Header.Set(tokenHeader, c.Token)
		return
	}
	query := request.URL.Query()
	query.Set(tokenParameter, c.Token)
	request.URL.RawQuery = query.Encode()
}
