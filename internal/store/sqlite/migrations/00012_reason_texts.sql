-- +goose Up
-- What a tenant says to applicants of a reason, in place of our own words.
CREATE TABLE reason_texts (
    tenant_id  TEXT NOT NULL REFERENCES tenants (id),
    reason     TEXT NOT NULL,
    language   TEXT NOT NULL,
    text       TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, reason, language)
) STRICT;
