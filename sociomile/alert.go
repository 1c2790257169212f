package sociomile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store"
)

// What alerts say that happened.
const (
	connectorDown      = "CONNECTOR_DOWN"
	connectorRecovered = "CONNECTOR_RECOVERED"
)

const (
	alertSetting = "omni_alert"    // where all nodes keep what was alerted
	alertAgain   = time.Minute     // pause between tries to send an alert, and longer than a try takes
	alertsKept   = 50              // that were not taken yet; the log has all of them
	classPaused  = Class("PAUSED") // of an alert: somebody paused a route where something waits
)

// Alert is what is sent when nothing reaches the provider, and when it does again (the spec, Sociomile connector, Behaviour 6).
type Alert struct {
	Event     string                   `json:"event"`
	Connector string                   `json:"connector"`
	Since     time.Time                `json:"since"` // the provider has taken nothing
	Waiting   int                      `json:"waiting"`
	Parked    int                      `json:"parked"`
	Class     Class                    `json:"class"` // what came of the last call that failed; empty: none is known
	Text      map[desk.Language]string `json:"text"`
}

// alarm is what all nodes know of alerts. It changes by compare-and-set, so that one node alone decides and sends.
type alarm struct {
	Down  bool      `json:"down"`
	Since time.Time `json:"since"` // while it is down: nothing got through
	At    time.Time `json:"at"`    // when that was noticed
	Class Class     `json:"class"`
	Queue []message `json:"queue"` // what is to be sent, in order
	Retry time.Time `json:"retry"` // when a node may send the first of it
}

// message is an alert that is sent until it is taken, the same each time.
type message struct {
	ID   string          `json:"id"`
	Body json.RawMessage `json:"body"`
}

// alert decides whether the alarm is raised or ends, and sends what is to be sent.
func (w *Watch) alert(ctx context.Context, routes []store.ConnectorRoute) error {
	before, stored, err := w.alarm(ctx)
	if err != nil {
		return err
	}
	after, said, err := w.decide(ctx, before, routes)
	if err == nil && said != nil {
		if stored, err = w.keep(ctx, stored, after); err == nil {
			w.log(ctx, *said)
		}
	}
	if err == nil && len(after.Queue) > 0 {
		err = w.send(ctx, after, stored)
	}
	if errors.Is(err, store.ErrChanged) {
		return nil // another node did it
	}
	return err
}

// alarm reads what all nodes know, and how it is stored.
func (w *Watch) alarm(ctx context.Context) (a alarm, stored string, err error) {
	err = w.o.Store.Read(ctx, func(tx *store.Tx) (err error) {
		stored, err = tx.Setting(alertSetting)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return alarm{}, "", nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(stored), &a)
	}
	return a, stored, err
}

// keep stores what all nodes know from now on, unless another node changed it since it was stored as before.
func (w *Watch) keep(ctx context.Context, before string, a alarm) (stored string, err error) {
	text, err := json.Marshal(a)
	if err != nil {
		return "", err
	}
	return string(text), w.o.Store.ChangeSetting(ctx, alertSetting, before, string(text))
}

// decide returns what is known after a look, and what there is to say about it; nil: nothing.
func (w *Watch) decide(ctx context.Context, a alarm, routes []store.ConnectorRoute) (alarm, *Alert, error) {
	now := w.o.Store.Now()
	said := Alert{Event: connectorRecovered, Connector: "sociomile", Since: a.Since, Class: a.Class}
	silent, still := time.Time{}, false
	for _, r := range routes {
		said.Waiting, said.Parked = said.Waiting+r.Waiting, said.Parked+r.Parked
		if r.Waiting == 0 || !a.Down && now.Sub(r.Oldest) < w.o.After {
			continue
		}
		sent, class, err := w.lately(ctx, r)
		if err != nil {
			return a, nil, err
		}
		still = still || !sent.After(a.At)
		if sent.Before(r.Oldest) {
			sent = r.Oldest
		}
		if now.Sub(sent) >= w.o.After && (silent.IsZero() || sent.Before(silent)) {
			silent, said.Class = sent, class
		}
	}
	switch {
	case !a.Down && !silent.IsZero():
		said.Event, said.Since = connectorDown, silent
		a.Down, a.Since, a.At, a.Class = true, silent, now, said.Class
	case a.Down && !still:
		a.Down, said.Class = false, a.Class
	default:
		return a, nil, nil
	}
	said.word()
	body, err := json.Marshal(said)
	if err == nil && w.o.Post != nil {
		a.Queue = append(a.Queue[max(0, len(a.Queue)+1-alertsKept):], message{ID: desk.NewID(now), Body: body})
	}
	return a, &said, err
}

// lately tells when a route took something last, the zero time when that is not known, and what came of the last call that
// failed.
func (w *Watch) lately(ctx context.Context, r store.ConnectorRoute) (sent time.Time, failed Class, err error) {
	attempts, err := w.o.Store.NewestAttempts(ctx, r.ID)
	for _, a := range attempts {
		switch class := Class(a.Class); class {
		case Known, Unchanged, store.ClassSkipped: // no call was made
		case Sent, Duplicate:
			if sent.IsZero() {
				sent = a.At
			}
		default:
			if failed == "" {
				failed = class
			}
		}
	}
	if r.State != desk.TargetActive {
		failed = classPaused
	}
	return sent, failed, err
}

// word says the alert in words.
func (a *Alert) word() {
	a.Text = map[desk.Language]string{}
	text, meaning := desk.SociomileSilent, a.Class.Meaning()
	if a.Class == classPaused {
		meaning = desk.SociomilePaused
	}
	if a.Event == connectorRecovered {
		text = desk.SociomileBack
	}
	since := a.Since.In(desk.WITA()).Format("2006-01-02 15:04 MST")
	for _, l := range []desk.Language{desk.Indonesian, desk.English} {
		a.Text[l] = text.In(l, "", since, strconv.Itoa(a.Waiting), strconv.Itoa(a.Parked))
		if a.Event == connectorDown && a.Class != "" {
			a.Text[l] = strings.TrimSuffix(a.Text[l], ".") + ". " + meaning.In(l, "")
		}
	}
}

func (w *Watch) log(ctx context.Context, a Alert) {
	if a.Event == connectorRecovered {
		w.o.Log.InfoContext(ctx, "the connector to Sociomile works again", "since", a.Since, "waiting", a.Waiting, "parked", a.Parked)
		return
	}
	w.o.Log.ErrorContext(ctx, "nothing reaches Sociomile", "since", a.Since, "waiting", a.Waiting, "parked", a.Parked, "class", string(a.Class), "text", a.Text[desk.English])
}

// send makes one try to send the first alert of the queue, which no other node does meanwhile. A node that dies over it leaves
// it to the next try: it comes at least once, under the same id.
func (w *Watch) send(ctx context.Context, a alarm, stored string) error {
	if w.o.Post == nil {
		a.Queue = nil // the address was taken away
		_, err := w.keep(ctx, stored, a)
		return err
	}
	now := w.o.Store.Now()
	if now.Before(a.Retry) && a.Retry.Sub(now) <= alertAgain { // a clock that went back waits no longer either
		return nil
	}
	a.Retry = now.Add(alertAgain)
	if _, err := w.keep(ctx, stored, a); err != nil {
		return err
	}
	first := a.Queue[0]
	if err := w.o.Post(ctx, first.ID, first.Body); err != nil {
		return fmt.Errorf("an alert was not taken, it is sent again in a minute: %w", err)
	}
	for {
		a, stored, err := w.alarm(ctx)
		if err != nil || len(a.Queue) == 0 || a.Queue[0].ID != first.ID {
			return err
		}
		a.Queue, a.Retry = a.Queue[1:], time.Time{}
		if _, err = w.keep(ctx, stored, a); !errors.Is(err, store.ErrChanged) {
			return err
		}
	}
}
