package api

import (
	"errors"
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/web"
)

// simulateHeader is by which a test key asks for a fault.
const simulateHeader = "X-Simulate"

// The faults that can be asked for.
const (
	faultTooMany     = "429"
	faultInternal    = "500"
	faultUnavailable = "503"
	faultTimeout     = "timeout"
	faultLostAnswer  = "lost-answer"
)

// errSimulated is what happened inside when nothing did.
var errSimulated = errors.New("asked for with " + simulateHeader)

// simulate ends a request with the fault that its test key asks for, before anything is done; only an answer that gets
// lost is one to a request that was served. Other keys ask in vain: no partner shall break its own work by mistake.
func (s *Server) simulate(r *web.Request) error {
	fault := r.Header.Get(simulateHeader)
	if fault == "" || !r.Actor.Test {
		return nil
	}
	r.Simulated = fault
	switch fault {
	case faultTooMany:
		return web.Refuse(r.Key, r.Limits)
	case faultInternal:
		return errSimulated
	case faultUnavailable:
		return simulatedPause()
	case faultTimeout:
		s.keepSilent(r)
		r.Lost = true
		return simulatedPause()
	case faultLostAnswer:
		r.Lost = true
		return nil
	}
	r.Simulated = ""
	known := strings.Join([]string{faultTooMany, faultInternal, faultUnavailable, faultTimeout, faultLostAnswer}, ", ")
	return desk.Faults{{Path: simulateHeader, Text: desk.MustBeOneOf, Args: []string{known}}}.Err()
}

// simulatedPause is what a desk answers that cannot answer now.
func simulatedPause() error {
	return &desk.Error{Code: desk.Unavailable, Text: desk.TryLater, Args: []string{"5"}, RetryAfter: 5 * time.Second, Err: errSimulated}
}

// keepSilent holds a request until its caller goes away, the program stops, or it has taken long enough.
func (s *Server) keepSilent(r *web.Request) {
	over := time.NewTimer(s.silence)
	defer over.Stop()
	select {
	case <-over.C:
	case <-r.Context().Done():
	case <-s.stopping:
	}
}
