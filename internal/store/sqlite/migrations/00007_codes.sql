-- +goose Up
-- One-time codes that were sent and not entered yet. hash is keyed, over the session, the address and the code; tries are those left.
CREATE TABLE codes (
    session_id TEXT NOT NULL,
    channel    TEXT NOT NULL,
    tenant_id  TEXT NOT NULL,
    hash       BLOB NOT NULL,
    tries      INTEGER NOT NULL,
    sent_at    BIGINT NOT NULL,
    ends_at    BIGINT NOT NULL,
    PRIMARY KEY (session_id, channel)
);
CREATE INDEX codes_ends ON codes (ends_at);
