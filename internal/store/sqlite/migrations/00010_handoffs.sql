-- +goose Up
-- Keys with which an applicant goes on in a second browser. visit is the first browser, taken_by the second; state is open, taken, back, wrong
-- (another number was named) or ended. number is what the first browser shows, and device says in words what it is.
CREATE TABLE handoffs (
    hash       BLOB PRIMARY KEY,
    tenant_id  TEXT NOT NULL,
    session_id TEXT NOT NULL,
    visit      BLOB NOT NULL,
    taken_by   BLOB,
    number     INTEGER NOT NULL,
    device     TEXT NOT NULL,
    state      TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    ends_at    BIGINT NOT NULL
);
CREATE INDEX handoffs_session ON handoffs (session_id);
CREATE INDEX handoffs_visit ON handoffs (visit, created_at);
CREATE INDEX handoffs_taken ON handoffs (taken_by);
CREATE INDEX handoffs_ends ON handoffs (ends_at);
