-- Where events are sent to: the endpoints that partners registered, and the addresses that their tickets name.
CREATE TABLE target (
  id          text    PRIMARY KEY,
  kind        text    NOT NULL CHECK (kind IN ('registered', 'ticket')),
  partner_id  text    NOT NULL,
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
CREATE INDEX target_partner ON target (partner_id, id);
CREATE INDEX target_registered ON target (partner_id) WHERE kind = 'registered' AND deleted_at = 0;
CREATE INDEX target_deleted ON target (deleted_at) WHERE deleted_at > 0;

-- The events of one ticket for one target, in order: those from head to tail are owed.
CREATE TABLE lane (
  ticket_id text    NOT NULL,
  target_id text    NOT NULL,
  again     text    NOT NULL, -- empty: the events as they happen; else who asked for some of them once more
  first     bigint  NOT NULL, -- seq of the event that it began with
  head      bigint  NOT NULL, -- of the event that comes next
  tail      bigint  NOT NULL, -- of the newest event
  tries     bigint  NOT NULL, -- how often the head failed
  due       bigint  NOT NULL, -- when a node may take the head; while one has it, the end of its lease; 0: nothing is owed, or it is dead
  fence     bigint  NOT NULL, -- how often a node took something
  began     boolean NOT NULL, -- a node took the head, and how it ended is not stored
  dead_at   bigint  NOT NULL, -- since when the lane waits for a person; 0: it does not
  PRIMARY KEY (ticket_id, target_id, again)
);
CREATE INDEX lane_due ON lane (target_id, due, ticket_id) WHERE due > 0;
CREATE INDEX lane_dead ON lane (target_id, dead_at, ticket_id) WHERE dead_at > 0;

-- Every attempt to deliver an event.
CREATE TABLE attempt (
  ticket_id text    NOT NULL,
  target_id text    NOT NULL,
  seq       bigint  NOT NULL,
  again     text    NOT NULL,
  fence     bigint  NOT NULL,
  at        bigint  NOT NULL,
  took      bigint  NOT NULL, -- microseconds
  class     text    NOT NULL,
  status    bigint  NOT NULL, -- HTTP; 0: none
  said      text    NOT NULL, -- how the answer began
  doubtful  boolean NOT NULL, -- an attempt before was begun and how it ended is not known
  PRIMARY KEY (ticket_id, target_id, seq, again, fence)
);
CREATE INDEX attempt_target ON attempt (target_id, at);
