-- The words of real tickets, by the number of the ticket, for the agents' search. What is in it can be made again from the
-- tickets, so that backups leave it out.
CREATE VIRTUAL TABLE ticket_words USING fts5(words, content='', contentless_delete=1, detail=none, tokenize='ascii');
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
