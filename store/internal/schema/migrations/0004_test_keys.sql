-- Whose tickets are tests is a partner of its own, so that whatever keeps partners apart keeps tests apart. test_of is the
-- partner whose tests they are; empty: the tickets are real.
ALTER TABLE partner ADD COLUMN test_of text NOT NULL DEFAULT '';
CREATE UNIQUE INDEX partner_test ON partner (test_of) WHERE test_of <> '';

-- Tickets for tests have numbers from 9000000000001 on.
INSERT INTO counter (name, value) VALUES ('test ticket', 9000000000000);
DROP INDEX ticket_status;
CREATE INDEX ticket_status ON ticket (status, updated_at, id) WHERE number < 9000000000001;
CREATE INDEX ticket_test_resolved ON ticket (updated_at, id) WHERE number >= 9000000000001 AND status = 'RESOLVED';
CREATE INDEX ticket_test_age ON ticket (created_at, id) WHERE number >= 9000000000001;
CREATE INDEX ticket_simulated ON ticket (updated_at, id) WHERE number >= 9000000000001
 AND status IN ('OPEN', 'IN_PROGRESS', 'RESOLVED') AND customer_name IN ('Simulasi Selesai', 'Simulasi Tunda', 'Simulasi Gagal');
