-- +goose Up
-- What is known of applicants and watchlists. Which lists an applicant resembles is as sensitive as their name, so all of it is sealed.

CREATE TABLE screenings (
    pos          INTEGER PRIMARY KEY AUTOINCREMENT,
    id           TEXT NOT NULL UNIQUE,
    tenant_id    TEXT NOT NULL,
    applicant_id TEXT NOT NULL,
    session_id   TEXT NOT NULL,
    doc          BLOB,
    at           BIGINT NOT NULL
);
CREATE INDEX screenings_applicant ON screenings (applicant_id, pos);

CREATE TABLE hit_judgements (
    pos          INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id    TEXT NOT NULL,
    applicant_id TEXT NOT NULL,
    doc          BLOB NOT NULL,
    at           BIGINT NOT NULL
);
CREATE INDEX hit_judgements_applicant ON hit_judgements (applicant_id, pos);

CREATE TABLE monitors (
    applicant_id TEXT PRIMARY KEY,
    tenant_id    TEXT NOT NULL,
    session_id   TEXT NOT NULL,
    flow         TEXT NOT NULL, -- of the session, whose profile holds for the monitor
    flow_version INTEGER NOT NULL,
    state        TEXT NOT NULL,
    hits         INTEGER NOT NULL, -- of the newest screening
    open_hits    INTEGER NOT NULL, -- of them, those nobody has judged
    screening_id TEXT NOT NULL,
    since        BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    behind       INTEGER NOT NULL -- how often it began, was resumed or the applicant changed since it was last held against the lists
);
CREATE INDEX monitors_tenant ON monitors (tenant_id, applicant_id);
CREATE INDEX monitors_open ON monitors (tenant_id, applicant_id) WHERE open_hits > 0;
CREATE INDEX monitors_active ON monitors (applicant_id) WHERE state = 'active';
CREATE INDEX monitors_behind ON monitors (applicant_id) WHERE state = 'active' AND behind > 0;
