-- The connector to Sociomile has two targets of a kind of its own, one for each route of the provider.
CREATE TABLE target_of_all_kinds (
  id          text    PRIMARY KEY,
  kind        text    NOT NULL CHECK (kind IN ('registered', 'ticket', 'sociomile')),
  partner_id  text    NOT NULL, -- of kind sociomile: empty
  key_id      text    NOT NULL, -- of kind ticket: the key whose secret signs
  description text    NOT NULL,
  url         text    NOT NULL, -- sealed
  secret      text    NOT NULL, -- sealed; of kind ticket empty
  old_secret  text    NOT NULL, -- sealed; empty: none
  old_until   bigint  NOT NULL, -- how long both secrets are good
  events      text    NOT NULL, -- which types are sent; empty: all
  echo        boolean NOT NULL, -- the partner's own changes are sent too
  state       text    NOT NULL CHECK (state IN ('active', 'disabled')),
  why         text    NOT NULL, -- it is disabled
  state_at    bigint  NOT NULL,
  opened_at   bigint  NOT NULL, -- since when its circuit is open; 0: closed
  probe_at    bigint  NOT NULL, -- while it is open: when the next single delivery may be tried
  version     bigint  NOT NULL,
  created_at  bigint  NOT NULL,
  deleted_at  bigint  NOT NULL
);
INSERT INTO target_of_all_kinds (id, kind, partner_id, key_id, description, url, secret, old_secret, old_until, events, echo, state, why, state_at, opened_at, probe_at, version, created_at, deleted_at)
 SELECT id, kind, partner_id, key_id, description, url, secret, old_secret, old_until, events, echo, state, why, state_at, opened_at, probe_at, version, created_at, deleted_at FROM target;
DROP TABLE target;
ALTER TABLE target_of_all_kinds RENAME TO target;
CREATE INDEX target_partner ON target (partner_id, id);
CREATE INDEX target_registered ON target (partner_id) WHERE kind = 'registered' AND deleted_at = 0;
CREATE INDEX target_deleted ON target (deleted_at) WHERE deleted_at > 0;

-- What the desk knows of a ticket that is forwarded to the provider.
CREATE TABLE forward (
  ticket_id       text    PRIMARY KEY,
  number          bigint  NOT NULL, -- of the ticket
  provider_id     text    NOT NULL, -- the provider's id of it; empty: it has none yet
  provider_number bigint  NOT NULL, -- the provider's number; 0: none
  sent_status     text    NOT NULL, -- the status that the provider was told last, in its words; empty: none
  doubtful        boolean NOT NULL, -- a call of which nobody knows how it ended: the ticket may exist twice
  noted           boolean NOT NULL, -- the ticket says already what was left out
  edits           text    NOT NULL, -- sealed: what a person put in the place of fields; empty: nothing
  by_hand         text    NOT NULL, -- who made the provider's ticket by hand; empty: nobody
  queued_at       bigint  NOT NULL,
  sent_at         bigint  NOT NULL  -- when the provider had it; 0: not yet
);
CREATE INDEX forward_doubtful ON forward (queued_at, ticket_id) WHERE doubtful;
CREATE INDEX forward_sent ON forward (sent_at, ticket_id) WHERE sent_at > 0;
CREATE INDEX forward_number ON forward (number);
