-- One text for SQLite and PostgreSQL. Times are microseconds since 1970 in UTC, 0 = not happened; texts are empty
-- when there is nothing; identifiers are made by the program.

CREATE TABLE counter (
  name  text   PRIMARY KEY,
  value bigint NOT NULL
);

CREATE TABLE setting (
  name  text PRIMARY KEY,
  value text NOT NULL
);

-- Data keys, wrapped by the installation's master key.
CREATE TABLE data_key (
  id      bigint NOT NULL,
  purpose text   NOT NULL,
  wrapped text   NOT NULL,
  PRIMARY KEY (id, purpose)
);

CREATE TABLE partner (
  id         text    PRIMARY KEY,
  name       text    NOT NULL UNIQUE,
  sociomile  boolean NOT NULL,
  feed_head  bigint  NOT NULL, -- the newest number in the partner's feed
  created_at bigint  NOT NULL
);

CREATE TABLE api_key (
  id             text             PRIMARY KEY,
  partner_id     text             NOT NULL REFERENCES partner (id),
  name           text             NOT NULL,
  prefix         text             NOT NULL,
  hash           text             NOT NULL UNIQUE,
  permissions    text             NOT NULL,
  webhook_secret text             NOT NULL, -- sealed
  allow_nets     text             NOT NULL,
  rate           bigint NOT NULL, -- requests a second, 0 = no limit
  created_at     bigint           NOT NULL,
  expires_at     bigint           NOT NULL,
  revoked_at     bigint           NOT NULL
);

CREATE TABLE agent (
  id       text    PRIMARY KEY,
  email    text    NOT NULL UNIQUE,
  name     text    NOT NULL,
  role     text    NOT NULL CHECK (role IN ('agent', 'supervisor', 'admin', 'auditor', 'system')),
  password text    NOT NULL,
  active   boolean NOT NULL
);

CREATE TABLE support_group (
  code text PRIMARY KEY,
  name text NOT NULL,
  team text NOT NULL
);

CREATE TABLE service (
  type               text    PRIMARY KEY,
  name               text    NOT NULL,
  name_id            text    NOT NULL,
  group_code         text    NOT NULL REFERENCES support_group (code),
  priority           text    NOT NULL,
  category           text    NOT NULL,
  resolution_hours   bigint  NOT NULL,
  response_percent   bigint  NOT NULL,
  escalation_percent bigint  NOT NULL,
  calendar           text    NOT NULL, -- empty: calendar time
  confidential       boolean NOT NULL,
  title              text    NOT NULL,
  keep_when          text    NOT NULL,
  recommended        text    NOT NULL
);

CREATE TABLE branch (
  code      text PRIMARY KEY,
  name      text NOT NULL,
  time_zone text NOT NULL
);

CREATE TABLE amount_rule (
  source   text   NOT NULL,
  at_least bigint NOT NULL, -- hundredths of a rupiah
  priority text   NOT NULL,
  PRIMARY KEY (source, at_least)
);

-- What the bank calls the transactions that claims are about, by medium and type (mediaTransaksi, jenisTransaksi).
CREATE TABLE catalogue (
  media   text NOT NULL,
  jenis   text NOT NULL,
  product text NOT NULL, -- of the medium
  entry   text NOT NULL,
  PRIMARY KEY (media, jenis)
);

CREATE TABLE calendar (
  code      text PRIMARY KEY,
  name      text NOT NULL,
  time_zone text NOT NULL,
  week      text NOT NULL -- seven lists of working intervals, Sunday first: 08:00-12:00+13:00-17:00,…
);

CREATE TABLE holiday (
  calendar text NOT NULL REFERENCES calendar (code),
  date     text NOT NULL,
  kind     text NOT NULL,
  name     text NOT NULL,
  PRIMARY KEY (calendar, date, name) -- two may fall on one day
);

CREATE TABLE ticket (
  id                  text    PRIMARY KEY,
  number              bigint  NOT NULL UNIQUE,
  partner_id          text    NOT NULL,
  key_id              text    NOT NULL,
  version             bigint  NOT NULL,
  events              bigint  NOT NULL, -- the newest event's seq
  channel             text    NOT NULL,
  channel_reference   text    NOT NULL,
  service_type        text    NOT NULL,
  service_name        text    NOT NULL,
  group_code          text    NOT NULL,
  group_name          text    NOT NULL,
  group_team          text    NOT NULL,
  branch_code         text    NOT NULL,
  branch_name         text    NOT NULL,
  title               text    NOT NULL,
  description         text    NOT NULL,
  category            text    NOT NULL,
  status              text    NOT NULL CHECK (status = 'OPEN' OR status = 'IN_PROGRESS' OR status = 'RESOLVED' OR status = 'CLOSED'
    OR status = 'ON_HOLD' OR status = 'CANCELLED' OR status = 'PENDING'), -- of IN and a list SQLite makes a table each time
  came_from           text    NOT NULL,
  priority            text    NOT NULL CHECK (priority = 'LOW' OR priority = 'MEDIUM' OR priority = 'HIGH' OR priority = 'CRITICAL'),
  asked_priority      text    NOT NULL,
  priority_rule       text    NOT NULL,
  assignee_id         text    NOT NULL,
  assignee_name       text    NOT NULL,
  customer_name       text    NOT NULL,
  customer_branch     text    NOT NULL,
  customer_department text    NOT NULL,
  customer_language   text    NOT NULL,
  metadata            text    NOT NULL,
  missing             text    NOT NULL,
  confidential        boolean NOT NULL,
  api_version         text    NOT NULL,
  partner_ref         text    NOT NULL,
  sealed              text    NOT NULL, -- the personal identifiers, encrypted
  policy_hours        bigint  NOT NULL,
  calendar            text    NOT NULL,
  started_at          bigint  NOT NULL,
  response_due        bigint  NOT NULL,
  escalation_due      bigint  NOT NULL,
  resolution_due      bigint  NOT NULL,
  responded_at        bigint  NOT NULL,
  paused_at           bigint  NOT NULL,
  stopped_at          bigint  NOT NULL,
  response_breached   boolean NOT NULL,
  resolution_breached boolean NOT NULL,
  created_at          bigint  NOT NULL,
  updated_at          bigint  NOT NULL,
  resolved_at         bigint  NOT NULL,
  closed_at           bigint  NOT NULL
);
CREATE INDEX ticket_reference ON ticket (channel_reference, number) WHERE channel_reference <> '';
CREATE INDEX ticket_partner_status ON ticket (partner_id, status, updated_at, id);
CREATE INDEX ticket_status ON ticket (status, updated_at, id);

-- Keyed hashes of personal identifiers, for equality search.
CREATE TABLE ticket_lookup (
  kind      text NOT NULL,
  hash      text NOT NULL,
  ticket_id text NOT NULL,
  PRIMARY KEY (kind, hash, ticket_id)
);

CREATE TABLE comment (
  ticket_id    text    NOT NULL,
  seq          bigint  NOT NULL, -- of the event that it came with
  id           text    NOT NULL,
  author       text    NOT NULL,
  content      text    NOT NULL,
  public       boolean NOT NULL,
  from_support boolean NOT NULL,
  at           bigint  NOT NULL,
  PRIMARY KEY (ticket_id, seq)
);

CREATE TABLE attachment (
  ticket_id   text   NOT NULL,
  id          text   NOT NULL,
  filename    text   NOT NULL,
  mime        text   NOT NULL,
  size        bigint NOT NULL, -- bytes
  sha256      text   NOT NULL,
  description text   NOT NULL,
  uploaded_by text   NOT NULL,
  uploaded_at bigint NOT NULL,
  PRIMARY KEY (ticket_id, id)
);
CREATE INDEX attachment_content ON attachment (sha256);

-- What happened, numbered per ticket. number and feed_number are 0 until the sequencer gave them.
CREATE TABLE event (
  ticket_id   text    NOT NULL,
  seq         bigint  NOT NULL,
  type        text    NOT NULL,
  public      boolean NOT NULL,
  partner_id  text    NOT NULL,
  at          bigint  NOT NULL,
  actor_kind  text    NOT NULL,
  actor_id    text    NOT NULL,
  actor_name  text    NOT NULL,
  body        text    NOT NULL,
  reason      text    NOT NULL,
  number      bigint  NOT NULL,
  feed_number bigint  NOT NULL,
  PRIMARY KEY (ticket_id, seq)
);
CREATE INDEX event_pending ON event (ticket_id, seq) WHERE number = 0;
CREATE UNIQUE INDEX event_order ON event (number) WHERE number > 0;
CREATE UNIQUE INDEX event_feed ON event (partner_id, feed_number) WHERE feed_number > 0;

-- Requests that were answered with success, by the id that the partner gave them.
CREATE TABLE request (
  partner_id    text   NOT NULL,
  id            text   NOT NULL,
  operation     text   NOT NULL,
  content       text   NOT NULL, -- keyed digests of what was asked
  status        bigint NOT NULL, -- HTTP status of the answer
  answer        text   NOT NULL, -- sealed
  ticket_number bigint NOT NULL, -- 0: the answer is about no ticket
  created_at    bigint NOT NULL,
  PRIMARY KEY (partner_id, id)
);

-- Who did what. number and mac are 0 and empty until the sealer chained the entry.
CREATE TABLE audit (
  id         text   PRIMARY KEY,
  at         bigint NOT NULL,
  actor_kind text   NOT NULL,
  actor_id   text   NOT NULL,
  actor_name text   NOT NULL,
  partner_id text   NOT NULL,
  address    text   NOT NULL,
  request_id text   NOT NULL,
  action     text   NOT NULL,
  target     text   NOT NULL,
  outcome    text   NOT NULL,
  detail     text   NOT NULL,
  number     bigint NOT NULL,
  mac        text   NOT NULL
);
CREATE INDEX audit_pending ON audit (id) WHERE number = 0;
CREATE UNIQUE INDEX audit_chain ON audit (number) WHERE number > 0;

-- One row: what the sequencer gave out last. Its lock makes one sequencer of many nodes.
CREATE TABLE sequencer (
  id            bigint PRIMARY KEY,
  event_number  bigint NOT NULL,
  audit_number  bigint NOT NULL,
  audit_mac     text   NOT NULL
);
INSERT INTO sequencer (id, event_number, audit_number, audit_mac) VALUES (1, 0, 0, '');
INSERT INTO counter (name, value) VALUES ('configuration', 1);
