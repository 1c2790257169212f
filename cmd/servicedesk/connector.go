package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/guard"
	"banksulutgo.co.id/servicedesk/outbox"
	"banksulutgo.co.id/servicedesk/sociomile"
)

// mapEvery is how often the file of the map is looked at.
const mapEvery = 2 * time.Second

// connectorConfig is what the connector to Sociomile needs beside the provider's own settings.
type connectorConfig struct {
	enabled    bool
	waits      outbox.Waits
	probe      time.Duration
	most       int    // calls at once, for each route
	mapFile    string // empty: the built-in map
	alertURL   string // empty: nobody is alerted
	alertAfter time.Duration
}

func setForwarding(c *config, value string) (err error) {
	if c.connector.enabled, err = strconv.ParseBool(value); err != nil {
		return fmt.Errorf("%q is neither true nor false", value)
	}
	return nil
}

func setServices(c *config, value string) error {
	for name := range strings.SplitSeq(value, ",") {
		if name = strings.TrimSpace(name); name != "" {
			c.omni.Services = append(c.omni.Services, name)
		}
	}
	return nil
}

func setConcurrency(c *config, value string) (err error) {
	if c.connector.most, err = strconv.Atoi(value); err != nil || c.connector.most < 1 || c.connector.most > 64 {
		return fmt.Errorf("%q is no number from 1 to 64", value)
	}
	return nil
}

// checkConnector refuses a connector that is to run and cannot.
func (c *config) checkConnector() error {
	if !c.connector.enabled {
		return nil
	}
	if err := c.omni.Check(); err != nil {
		return fmt.Errorf("OMNI_ENABLED is true, but %w", err)
	}
	if _, err := readMap(c.connector.mapFile); err != nil {
		return fmt.Errorf("OMNI_MAP: %w", err)
	}
	return nil
}

// forwarding says which new tickets go to the provider.
func (c *config) forwarding() desk.Forwarding {
	if !c.connector.enabled {
		return desk.Forwarding{}
	}
	return desk.Forwarding{Services: c.omni.Services}
}

// readMap reads a file with a map; without one it is the built-in map.
func readMap(file string) (sociomile.Map, error) {
	if file == "" {
		return sociomile.DefaultMap(), nil
	}
	f, err := os.Open(file)
	if err != nil {
		return sociomile.Map{}, err
	}
	defer f.Close()
	return sociomile.ReadMap(io.LimitReader(f, 1<<20))
}

// forwardFields are the provider's names of the fields that a person may edit; none while the map cannot be read.
func (c *config) forwardFields() []string {
	m, err := readMap(c.connector.mapFile)
	if err != nil {
		return nil
	}
	return m.FieldNames()
}

// mapFile is the map as its file said last.
type mapFile struct {
	name    string
	current atomic.Pointer[sociomile.Map]
	changed time.Time
}

// watch reads the file again when it changes, so that a corrected map mends what waits. A file that cannot be read leaves the
// map as it is.
func (m *mapFile) watch(ctx context.Context, o *opened) {
	if m.name == "" {
		return
	}
	every(ctx, mapEvery, func() {
		info, err := os.Stat(m.name)
		if err != nil || info.ModTime().Equal(m.changed) {
			return
		}
		m.changed = info.ModTime()
		fresh, err := readMap(m.name)
		if err != nil {
			o.log.Error("the changed map of Sociomile cannot be used, the one before stays", "file", m.name, "error", err)
			return
		}
		m.current.Store(&fresh)
		o.log.Info("the map of Sociomile was read again", "file", m.name)
	})
}

// connector makes what forwards tickets to Sociomile, and the map that it uses.
func (o *opened) connector() (*sociomile.Connector, *mapFile, error) {
	c := o.config
	file := &mapFile{name: c.connector.mapFile}
	if info, err := os.Stat(file.name); err == nil { // before it is read: what changes meanwhile is read again
		file.changed = info.ModTime()
	}
	current, err := readMap(file.name)
	if err != nil {
		return nil, nil, err
	}
	file.current.Store(&current)
	return sociomile.NewConnector(sociomile.ConnectorOptions{Config: c.omni, Client: sociomile.NewClient(c.omni, guard.ForOperator(guard.Options{})),
		Map: func() sociomile.Map { return *file.current.Load() }, Order: o.order, Note: o.note,
		Log: o.log, Metrics: o.metrics, Waits: c.connector.waits, Probe: c.connector.probe, Most: c.connector.most}), file, nil
}

// order reads what the provider is told of a ticket.
func (o *opened) order(ctx context.Context, ticketID string) (sociomile.Order, error) {
	found, err := o.app.ForwardOrder(ctx, ticketID)
	if err != nil {
		return sociomile.Order{}, err
	}
	return sociomile.OrderOf(found.Ticket, found.Forward, found.Edits), nil
}

// note notes on a ticket what the provider was not told.
func (o *opened) note(ctx context.Context, ticketID string, notes []sociomile.Note) error {
	lines := make([]string, len(notes))
	for i, n := range notes {
		lines[i] = n.In(desk.Indonesian) + "\n" + n.In(desk.English)
	}
	return o.app.NoteForwarded(ctx, ticketID, strings.Join(lines, "\n"))
}
