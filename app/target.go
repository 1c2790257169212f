package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"banksulutgo.co.id/servicedesk/auth"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store"
)

// Overlap is how long two secrets of a target are good after a rotation, unless somebody asks for another time (the spec,
// section 6).
const Overlap = 24 * time.Hour

// ticketTarget is the target of the tickets that a key makes with one address in integration.webhookUrl. It is the same
// for all of them, so that an address which is out of order is left alone for all.
func (a *App) ticketTarget(actor desk.Actor, url string, now time.Time) desk.Target {
	t := desk.Target{ID: "t" + a.keyring.Hash("target", actor.ID+" "+url), Kind: desk.TicketTarget, PartnerID: actor.PartnerID, KeyID: actor.ID,
		Echo: true, State: desk.TargetActive, StateAt: now, Version: 1, CreatedAt: now}
	t.SealedURL = a.sealURL(t.ID, url)
	return t
}

func (a *App) sealURL(id, url string) string { return a.keyring.Seal([]byte(url), "target", "url", id) }

// show makes a target ready to be shown: its address in clear, and without a secret whose time is over.
func (a *App) show(t *desk.Target) error {
	if !a.now().Before(t.OldUntil) {
		t.EndOverlap()
	}
	return a.openURL(t)
}

// openURL decrypts the address of a target.
func (a *App) openURL(t *desk.Target) error {
	url, err := a.keyring.Open(t.SealedURL, "target", "url", t.ID)
	if err != nil {
		return fmt.Errorf("the address of target %s cannot be read: %w", t.ID, err)
	}
	t.URL = string(url)
	return nil
}

// OpenTarget decrypts what a delivery needs: the address of a target, and the secrets that sign at a time, first the one
// of X-Webhook-Signature.
func (a *App) OpenTarget(t desk.Target, at time.Time) (url string, secrets []string, err error) {
	if err := a.openURL(&t); err != nil {
		return "", nil, err
	}
	for _, sealed := range t.Secrets(at) {
		table, column, row := "target", "secret", t.ID
		if t.Kind == desk.TicketTarget {
			table, column, row = "api_key", "webhook_secret", t.KeyID
		}
		secret, err := a.keyring.Open(sealed, table, column, row)
		if err != nil {
			return "", nil, fmt.Errorf("the secret of target %s cannot be read: %w", t.ID, err)
		}
		secrets = append(secrets, string(secret))
	}
	return t.URL, secrets, nil
}

// warnURL notes that a URL at a path is not called: that would else be known only when events wait.
func (a *App) warnURL(warnings *desk.Faults, path, url string) {
	if a.checkURL != nil && a.checkURL(url) != nil {
		warnings.Add(path, desk.AddressNotCalled)
	}
}

// follow lets the address that a new ticket names hear of it.
func follow(tx *store.Tx, t *desk.Ticket, to *desk.Target) {
	if to != nil {
		tx.InsertTarget(*to)
		tx.OpenLane(t.ID, to.ID)
	}
}

// ChangedTarget is a target that somebody made or changed; Secret is told this once, when it is new.
type ChangedTarget struct {
	TargetState
	Secret   string
	Warnings desk.Faults // what the caller should know; never a refusal
}

// newSecret makes a secret of a target and seals it.
func (a *App) newSecret(id string) (secret, sealed string) {
	secret = auth.NewWebhookSecret()
	return secret, a.keyring.Seal([]byte(secret), "target", "secret", id)
}

// RegisterTarget makes an endpoint of the actor's partner (the spec, section 6). It returns an Error of code Invalid that
// names every fault, of code Conflict when the partner has too many, or a Replay.
func (a *App) RegisterTarget(ctx context.Context, actor desk.Actor, c desk.TargetChange, once Once[ChangedTarget]) (ChangedTarget, error) {
	if err := Authorize(actor, desk.MayUpdate); err != nil {
		return ChangedTarget{}, err
	}
	now := a.now()
	if c.URL == nil {
		c.Faults.Add("url", desk.Required)
	}
	var warnings desk.Faults
	c.MaskCards(warn(&warnings, desk.CardMasked))
	t := desk.Target{ID: desk.NewID(now), Kind: desk.RegisteredTarget, PartnerID: actor.PartnerID, PartnerName: actor.PartnerName, Echo: true, State: desk.TargetActive, StateAt: now, Version: 1, CreatedAt: now}
	if err := t.Change(c, now); err != nil {
		return ChangedTarget{}, err
	}
	a.warnURL(&warnings, "url", t.URL)
	made := ChangedTarget{TargetState: TargetState{Target: t}, Warnings: warnings}
	made.Secret, made.Target.Secret = a.newSecret(t.ID)
	made.Target.SealedURL = a.sealURL(t.ID, t.URL)
	return keep(a, actor, once, now).write(ctx, func(tx *store.Tx) (ChangedTarget, error) {
		n, err := tx.CountRegistered(actor.PartnerID)
		if err != nil {
			return ChangedTarget{}, err
		}
		if n >= desk.MaxTargets {
			return ChangedTarget{}, desk.Fail(desk.Conflict, desk.TooManyTargets, strconv.Itoa(n))
		}
		tx.InsertTarget(made.Target)
		tx.Audit(desk.NewAudit(now, actor, "webhook.create", t.ID, desk.OutcomeOK))
		return made, nil
	})
}

// findTarget reads a target that the actor may see.
func (a *App) findTarget(tx *store.Tx, actor desk.Actor, id string, forUpdate bool) (desk.Target, error) {
	if !storable(id) {
		return desk.Target{}, desk.Fail(desk.NotFound, desk.TargetNotFound)
	}
	t, err := tx.Target(id, partnerIn(outward(actor)), forUpdate)
	if errors.Is(err, store.ErrNotFound) {
		return t, desk.Fail(desk.NotFound, desk.TargetNotFound)
	}
	if err == nil {
		err = a.show(&t)
	}
	return t, err
}

// CountMost is where the counting of what is owed to a target ends: what is larger is CountMost+1.
const CountMost = store.CountMost

// TargetState is a target with what is owed to it.
type TargetState struct {
	desk.Target
	Backlog store.Backlog
}

// Targets lists the targets that the actor may see, by their ids, after one; more reports whether there are others.
func (a *App) Targets(ctx context.Context, actor desk.Actor, after string, limit int) (found []TargetState, more bool, err error) {
	return a.targets(ctx, actor, partnerIn(outward(actor)), after, limit)
}

// TargetsOf is Targets for those of one partner of TargetPartners; of another one there are none.
func (a *App) TargetsOf(ctx context.Context, actor desk.Actor, partner, after string, limit int) (found []TargetState, more bool, err error) {
	partners, err := a.TargetPartners(ctx, actor)
	if err != nil || !slices.ContainsFunc(partners, func(p desk.Partner) bool { return p.ID == partner }) {
		return nil, false, err
	}
	return a.targets(ctx, actor, partner, after, limit)
}

// TargetPartners lists, by their names, the partners of whose targets the actor sees: id and name. They are no tests.
func (a *App) TargetPartners(ctx context.Context, actor desk.Actor) (partners []desk.Partner, err error) {
	if err := authorizeLook(actor, desk.MayRead); err != nil {
		return nil, err
	}
	err = a.store.Read(ctx, func(tx *store.Tx) (err error) {
		partners, err = tx.TargetPartners(partnerIn(outward(actor)))
		return err
	})
	return partners, err
}

// targets lists targets of a partner; with an empty one of all.
func (a *App) targets(ctx context.Context, actor desk.Actor, partner, after string, limit int) (found []TargetState, more bool, err error) {
	if err := authorizeLook(actor, desk.MayRead); err != nil {
		return nil, false, err
	}
	if err := checkPlace(after); err != nil {
		return nil, false, err
	}
	err = a.store.Read(ctx, func(tx *store.Tx) error {
		targets, err := tx.Targets(partner, after, limit+1)
		if err != nil {
			return err
		}
		more = len(targets) > limit
		found = nil
		for _, t := range targets[:min(limit, len(targets))] {
			if err := a.show(&t); err != nil {
				return err
			}
			state, err := withBacklog(tx, t)
			if err != nil {
				return err
			}
			found = append(found, state)
		}
		return nil
	})
	return found, more, err
}

// Target reads a target. It returns an Error of code NotFound for one that is not the actor's.
func (a *App) Target(ctx context.Context, actor desk.Actor, id string) (state TargetState, err error) {
	if err := authorizeLook(actor, desk.MayRead); err != nil {
		return state, err
	}
	err = a.store.Read(ctx, func(tx *store.Tx) error {
		t, err := a.findTarget(tx, actor, id, false)
		if err != nil {
			return err
		}
		state, err = withBacklog(tx, t)
		return err
	})
	return state, err
}

func withBacklog(tx *store.Tx, t desk.Target) (TargetState, error) {
	backlog, err := tx.Backlog(t)
	return TargetState{t, backlog}, err
}

// changeTarget changes a target in one transaction. The closure may run twice.
func (a *App) changeTarget(ctx context.Context, actor desk.Actor, id, action string, once Once[ChangedTarget], change func(*ChangedTarget, time.Time) error) (ChangedTarget, error) {
	if err := authorizeIntegration(actor, desk.MayUpdate); err != nil {
		return ChangedTarget{}, err
	}
	now := a.now()
	return keep(a, actor, once, now).write(ctx, func(tx *store.Tx) (made ChangedTarget, err error) {
		t, err := a.findTarget(tx, actor, id, true)
		if err != nil {
			return made, err
		}
		if made.TargetState, err = withBacklog(tx, t); err != nil {
			return made, err
		}
		if err := change(&made, now); err != nil {
			return made, err
		}
		made.Target.Version++
		tx.UpdateTarget(made.Target)
		tx.Audit(desk.NewAudit(now, actor, action, id, desk.OutcomeOK))
		return made, nil
	})
}

// ChangeTarget changes what a target is told, or whether it is called. When it wants other events by now, what waits goes at
// once: what failed may not be wanted any more, and must keep nothing back. With a version other than 0 it does so only while
// the target has that version. It returns an Error of code Invalid, NotFound, or Stale, or a Replay.
func (a *App) ChangeTarget(ctx context.Context, actor desk.Actor, id string, version int64, c desk.TargetChange, once Once[ChangedTarget]) (ChangedTarget, error) {
	var warnings desk.Faults
	c.MaskCards(warn(&warnings, desk.CardMasked))
	if len(c.Faults) > 0 { // perhaps with the request's id: nothing is looked for then
		return ChangedTarget{}, c.Check()
	}
	var sealed string
	if c.URL != nil {
		sealed = a.sealURL(id, *c.URL)
		a.warnURL(&warnings, "url", *c.URL)
	}
	changed, err := a.changeTarget(ctx, actor, id, "webhook.change", once, func(made *ChangedTarget, now time.Time) error {
		if version != 0 && version != made.Target.Version {
			return desk.Fail(desk.Stale, desk.TargetChanged)
		}
		made.Warnings = warnings
		if c.URL != nil {
			made.Target.SealedURL = sealed
		}
		return made.Target.Change(c, now)
	})
	if err == nil && (c.Events != nil || c.Echo != nil) {
		_, err = a.revive(ctx, id)
	}
	return changed, err
}

// RotateTarget gives an endpoint a new secret; the one before stays good for a time, and signs X-Webhook-Signature until
// then. With 0 the old one ends at once. The secret of a ticket's target is the key's: an Error of code Conflict.
func (a *App) RotateTarget(ctx context.Context, actor desk.Actor, id string, overlap time.Duration, once Once[ChangedTarget]) (ChangedTarget, error) {
	secret, sealed := a.newSecret(id)
	return a.changeTarget(ctx, actor, id, "webhook.rotate", once, func(made *ChangedTarget, now time.Time) error {
		if made.Target.Kind == desk.TicketTarget {
			return desk.Fail(desk.Conflict, desk.TargetKeepsSecret)
		}
		made.Secret = secret
		made.Target.Rotate(sealed, now, now.Add(overlap))
		if overlap == 0 {
			made.Target.EndOverlap()
		}
		return nil
	})
}

// EndOverlap ends the secret before the newest: from now on one secret signs.
func (a *App) EndOverlap(ctx context.Context, actor desk.Actor, id string, once Once[ChangedTarget]) (ChangedTarget, error) {
	return a.changeTarget(ctx, actor, id, "webhook.rotate.end", once, func(made *ChangedTarget, _ time.Time) error {
		made.Target.EndOverlap()
		return nil
	})
}

// DeleteTarget ends an endpoint: what was owed to it is dropped. A target that tickets name cannot be deleted, only
// disabled. It returns an Error of code Conflict or NotFound, or a Replay.
func (a *App) DeleteTarget(ctx context.Context, actor desk.Actor, id string, once Once[struct{}]) error {
	if err := authorizeIntegration(actor, desk.MayUpdate); err != nil {
		return err
	}
	now := a.now()
	_, err := keep(a, actor, once, now).write(ctx, func(tx *store.Tx) (none struct{}, err error) {
		t, err := a.findTarget(tx, actor, id, true)
		switch {
		case err != nil:
			return none, err
		case t.Kind == desk.TicketTarget:
			return none, desk.Fail(desk.Conflict, desk.TicketTargetStays)
		}
		tx.DeleteTarget(id, now)
		tx.Audit(desk.NewAudit(now, actor, "webhook.delete", id, desk.OutcomeOK))
		return none, nil
	})
	return err
}
