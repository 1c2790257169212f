package api

import "banksulutgo.co.id/servicedesk/desk"

// Route is an operation of the API as tests see it.
type Route struct {
	Pattern    string // method and path, without Base
	Operation  string
	Permission desk.Permission
}

// Routes lists every operation of the API, so that a test can ask for one case of each.
func Routes() []Route {
	var all []Route
	for _, r := range (&Server{}).routes() {
		all = append(all, Route{r.pattern, r.operation, r.permission})
	}
	return all
}

// Permissions of routes that no API key has.
const (
	Public        = public
	AnyPermission = anyPermission
)
