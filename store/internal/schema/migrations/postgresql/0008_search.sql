-- The words of real tickets, by the number of the ticket, for the agents' search. What is in it can be made again from the
-- tickets, so that backups leave it out.
CREATE TABLE ticket_words (
  number bigint   PRIMARY KEY,
  words  tsvector NOT NULL
);
CREATE INDEX ticket_words_by_word ON ticket_words USING gin (words) WITH (fastupdate = on, gin_pending_list_limit = 512);
-- How far words are kept: of what the order of events tells up to event_number, and of tickets that are older than the index
-- from the number top down to next; low is where it ends. next is -1 until that was looked up.
CREATE TABLE ticket_words_made (
  id           bigint PRIMARY KEY,
  low          bigint NOT NULL,
  next         bigint NOT NULL,
  top          bigint NOT NULL,
  event_number bigint NOT NULL
);
INSERT INTO ticket_words_made (id, low, next, top, event_number) VALUES (1, 0, -1, 0, 0);
