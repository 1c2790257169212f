package console

import "time"

// Route is a line of the index, for tests that must know all of them.
type Route struct {
	Pattern string
	Public  bool // who is not signed in is the portal's
}

// Index lists the routes of a console.
func (s *Server) Index() (index []Route) {
	for _, r := range s.routes() {
		index = append(index, Route{r.pattern, r.public})
	}
	return index
}

// LookEvery says how often live pages look whether their session has ended.
func (s *Server) LookEvery(pause time.Duration) { s.lookEvery = pause }

// LocalPath is where somebody is led who asks to be led to a path.
func LocalPath(path string) string { return local(path, "/") }
