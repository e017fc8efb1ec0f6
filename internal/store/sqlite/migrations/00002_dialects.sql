-- +goose Up
-- What the vendors' dialects need: ids of their own shape for a session, people found by their national number, and the screens they saw.

-- hash is keyed, over dialect and key. A key belongs to one session of a tenant for ever, so that what a client names twice is started once.
CREATE TABLE session_keys (
    hash       BLOB NOT NULL,
    tenant_id  TEXT NOT NULL,
    session_id TEXT NOT NULL,
    PRIMARY KEY (hash, tenant_id)
);

ALTER TABLE applicants ADD COLUMN national_index BLOB;
CREATE INDEX applicants_national ON applicants (tenant_id, national_index, id);

CREATE TABLE page_views (
    pos          INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id    TEXT NOT NULL,
    applicant_id TEXT NOT NULL,
    session_id   TEXT NOT NULL,
    doc          BLOB NOT NULL,
    at           BIGINT NOT NULL
);
CREATE INDEX page_views_session ON page_views (session_id, pos);
