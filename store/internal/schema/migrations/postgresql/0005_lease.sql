-- Rows that are changed soon after they are stored: their pages keep room for the new form, which needs no new entry of an
-- index as long as it stays on its page and no indexed column changes.
ALTER TABLE lane SET (fillfactor = 70);
ALTER TABLE event SET (fillfactor = 70);
ALTER TABLE audit SET (fillfactor = 70);
ALTER TABLE ticket SET (fillfactor = 80);
