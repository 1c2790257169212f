package main

import (
	"context"
	"log/slog"
	"net"
	"strconv"
	"time"
)

// supervisor is who started the program and wants to know how it is, by the protocol of sd_notify(3). Without one,
// nothing is told.
type supervisor struct {
	socket string        // where it listens
	within time.Duration // how often it wants to hear that we live; 0: never
	log    *slog.Logger
}

// supervisor finds the one that the environment names.
func (p *program) supervisor(log *slog.Logger) supervisor {
	s := supervisor{socket: p.getenv("NOTIFY_SOCKET"), log: log}
	if micros, err := strconv.ParseInt(p.getenv("WATCHDOG_USEC"), 10, 64); err == nil && micros > 0 {
		s.within = time.Duration(micros) * time.Microsecond
	}
	return s
}

// tell sends the supervisor a message. That it does not arrive stops nothing: the supervisor has its own limits.
func (s supervisor) tell(state string) {
	if s.socket == "" {
		return
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: s.socket, Net: "unixgram"})
	if err == nil {
		_, err = conn.Write([]byte(state))
		_ = conn.Close() // the message is sent, or not
	}
	if err != nil {
		s.log.Warn("telling the supervisor failed", "state", state, "error", err)
	}
}

// watch tells the supervisor that the program lives, twice as often as it wants to hear it, until ctx ends.
func (s supervisor) watch(ctx context.Context) {
	if s.socket != "" && s.within > 0 {
		every(ctx, s.within/2, func() { s.tell("WATCHDOG=1") })
	}
}
