-- The register of files. A blob is in it before it is stored, and nothing removes the file of a blob that an
-- attachment names.
CREATE TABLE blob (
  name      text    PRIMARY KEY, -- SHA-256 of the content, as in attachment.sha256
  used_at   bigint  NOT NULL,    -- when somebody last wanted to store it, or when it was condemned
  named     boolean NOT NULL,    -- an attachment names it
  condemned text    NOT NULL     -- which run of the purge removes it; empty: none
);
CREATE INDEX blob_unnamed ON blob (used_at) WHERE NOT named;
INSERT INTO blob (name, used_at, named, condemned) SELECT sha256, MAX(uploaded_at), TRUE, '' FROM attachment GROUP BY sha256;

CREATE INDEX request_age ON request (created_at);

-- Each start of a node left a row of its own.
DELETE FROM counter WHERE substr(name, 1, 6) = 'ready:';
