-- While a node delivers, the lane's place among those that are due stays where it is: only the lease is written, and no index.
-- It is the time until when a node has the head, or had it and nobody knows how that ended; 0: no node has.
ALTER TABLE lane ADD COLUMN lease bigint NOT NULL DEFAULT 0;
UPDATE lane SET lease = due WHERE began;
ALTER TABLE lane DROP COLUMN began;
