package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"banksulutgo.co.id/servicedesk/guard"
	"banksulutgo.co.id/servicedesk/sociomile"
	"banksulutgo.co.id/servicedesk/webhook"
)

// watchEvery is how often is looked at what waits for the provider.
const watchEvery = 10 * time.Second

// watchConnector looks at what waits for the provider while tickets are forwarded.
func (s *server) watchConnector(ctx context.Context) {
	c := s.config.connector
	if !c.enabled {
		return
	}
	o := sociomile.WatchOptions{Store: s.store, Log: s.log, Metrics: s.metrics, After: c.alertAfter}
	if c.alertURL != "" {
		o.Post = poster(webhook.NewClient(guard.ForOperator(guard.Options{})), c.alertURL)
	}
	watch := sociomile.NewWatch(o)
	every(ctx, watchEvery, func() {
		if err := watch.Look(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("watching the connector failed, trying again", "error", err)
		}
	})
}

// poster sends JSON to an address of the operator. What it returns names no address: there may be a secret in it.
func poster(c *webhook.Client, url string) func(ctx context.Context, id string, body []byte) error {
	return func(ctx context.Context, id string, body []byte) error {
		answer, err := c.Post(ctx, url, http.Header{"Content-Type": {"application/json"}, "Webhook-Id": {id}}, body)
		if err == nil && !answer.Good() {
			err = fmt.Errorf("the receiver at OMNI_ALERT_URL answered %d", answer.Status)
		}
		return err
	}
}
