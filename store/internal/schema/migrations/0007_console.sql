-- Employees: who they are to the console, how they sign in, and what the console keeps for them.
ALTER TABLE agent ADD COLUMN branch text NOT NULL DEFAULT '';
ALTER TABLE agent ADD COLUMN language text NOT NULL DEFAULT 'id';
ALTER TABLE agent ADD COLUMN away boolean NOT NULL DEFAULT FALSE;
ALTER TABLE agent ADD COLUMN created_at bigint NOT NULL DEFAULT 0;
-- When the person was last there, to a minute; 0: never.
ALTER TABLE agent ADD COLUMN seen_at bigint NOT NULL DEFAULT 0;
-- Somebody else knows the password: the person has to choose another one first.
ALTER TABLE agent ADD COLUMN must_change boolean NOT NULL DEFAULT FALSE;
-- The secret of the second factor, sealed, and the step of the newest code that was taken: none is taken twice.
ALTER TABLE agent ADD COLUMN factor text NOT NULL DEFAULT '';
ALTER TABLE agent ADD COLUMN factor_step bigint NOT NULL DEFAULT 0;

CREATE TABLE agent_group (
  agent_id   text NOT NULL,
  group_code text NOT NULL,
  PRIMARY KEY (agent_id, group_code)
);
CREATE INDEX agent_group_members ON agent_group (group_code, agent_id);

CREATE TABLE recovery_code (
  agent_id text   NOT NULL,
  hash     text   NOT NULL,
  used_at  bigint NOT NULL,
  PRIMARY KEY (agent_id, hash)
);

CREATE TABLE session (
  id         text    PRIMARY KEY,
  hash       text    NOT NULL UNIQUE, -- of the token that the browser has
  agent_id   text    NOT NULL,
  verified   boolean NOT NULL, -- the second factor was given, or none is asked for
  address    text    NOT NULL,
  browser    text    NOT NULL, -- what it says of itself, shortened
  created_at bigint  NOT NULL,
  seen_at    bigint  NOT NULL, -- to a minute
  expires_at bigint  NOT NULL
);
CREATE INDEX session_agent ON session (agent_id, id);
CREATE INDEX session_end ON session (expires_at);

-- How often something may be tried: the time at which what was tried so far is forgotten.
CREATE TABLE throttle (
  name  text   PRIMARY KEY, -- keyed hash of what is tried, and from where
  until bigint NOT NULL
);
CREATE INDEX throttle_end ON throttle (until);

-- Lists of tickets that somebody gave a name.
CREATE TABLE saved_view (
  id         text   PRIMARY KEY,
  owner_id   text   NOT NULL,
  group_code text   NOT NULL, -- who else has it: this group, with * everybody; empty: nobody
  name       text   NOT NULL,
  conditions text   NOT NULL, -- as in an address of the list
  created_at bigint NOT NULL
);
CREATE INDEX saved_view_owner ON saved_view (owner_id, id);

CREATE TABLE draft (
  agent_id   text   NOT NULL,
  ticket_id  text   NOT NULL,
  kind       text   NOT NULL, -- reply or note
  content    text   NOT NULL,
  updated_at bigint NOT NULL,
  PRIMARY KEY (agent_id, ticket_id, kind)
);

-- Who looks at a ticket, as of a short while ago.
CREATE TABLE presence (
  ticket_id  text   NOT NULL,
  agent_id   text   NOT NULL,
  agent_name text   NOT NULL,
  at         bigint NOT NULL,
  PRIMARY KEY (ticket_id, agent_id)
);

-- What an employee should know of.
CREATE TABLE notice (
  agent_id  text   NOT NULL,
  id        text   NOT NULL,
  ticket_id text   NOT NULL,
  number    bigint NOT NULL, -- of the ticket
  kind      text   NOT NULL,
  actor     text   NOT NULL, -- the name of who did it
  at        bigint NOT NULL,
  read_at   bigint NOT NULL,
  PRIMARY KEY (ticket_id, agent_id, id)
);
CREATE INDEX notice_agent ON notice (agent_id, at, id);
CREATE INDEX notice_age ON notice (id);
CREATE INDEX notice_unread ON notice (agent_id, id) WHERE read_at = 0;

-- The deadline of a ticket that comes next; 0: none.
ALTER TABLE ticket ADD COLUMN next_due bigint NOT NULL DEFAULT 0;
UPDATE ticket SET next_due = CASE WHEN responded_at = 0 AND response_due < resolution_due THEN response_due ELSE resolution_due END
 WHERE status IN ('OPEN', 'IN_PROGRESS', 'PENDING', 'ON_HOLD');
CREATE INDEX ticket_queue ON ticket (group_code, status, updated_at, id) WHERE number < 9000000000001;
-- With all that the load of a group is counted by.
CREATE INDEX ticket_due ON ticket (group_code, next_due, id, assignee_id, status, started_at, paused_at, response_breached, resolution_breached)
 WHERE next_due > 0 AND number < 9000000000001;
CREATE INDEX ticket_assignee ON ticket (assignee_id, status, updated_at, id) WHERE assignee_id <> '' AND number < 9000000000001;
CREATE INDEX ticket_mine_due ON ticket (assignee_id, next_due, id) WHERE assignee_id <> '' AND next_due > 0 AND number < 9000000000001;
CREATE INDEX ticket_branch_due ON ticket (branch_code, next_due, id) WHERE branch_code <> 'OMNI' AND next_due > 0 AND number < 9000000000001;
CREATE INDEX ticket_branch ON ticket (branch_code, status, updated_at, id) WHERE branch_code <> 'OMNI' AND number < 9000000000001;

-- Up to when employees were told of deadlines, and the deadline of which they have to be told next; 0: none.
ALTER TABLE ticket ADD COLUMN told_until bigint NOT NULL DEFAULT 0;
ALTER TABLE ticket ADD COLUMN tell_due bigint NOT NULL DEFAULT 0;
UPDATE ticket SET tell_due = CASE WHEN responded_at = 0 AND response_due > 0 AND response_due < escalation_due THEN response_due
 WHEN escalation_due > 0 THEN escalation_due ELSE resolution_due END
 WHERE status IN ('OPEN', 'IN_PROGRESS', 'PENDING', 'ON_HOLD') AND paused_at = 0;
CREATE INDEX ticket_tell ON ticket (tell_due, id) WHERE tell_due > 0 AND number < 9000000000001;

-- The tickets that employees make are the bank's own.
INSERT INTO partner (id, name, sociomile, feed_head, created_at, test_of) VALUES ('console', 'ServiceDesk Console', FALSE, 0, 0, '');
