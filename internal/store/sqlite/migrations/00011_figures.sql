-- +goose Up
-- What the pages cost applicants, one row for each screen of a session: how often it was shown, how long it was in front of them, and whether it is
-- where they are. It says nothing of the person.
CREATE TABLE screens_seen (
    session_id TEXT NOT NULL,
    screen     TEXT NOT NULL,
    tenant_id  TEXT NOT NULL,
    flow       TEXT NOT NULL,
    views      BIGINT NOT NULL,
    spent      BIGINT NOT NULL, -- ms
    first_at   BIGINT NOT NULL,
    last_at    BIGINT NOT NULL,
    here       BOOLEAN NOT NULL,
    PRIMARY KEY (session_id, screen)
);
CREATE INDEX screens_seen_flow ON screens_seen (tenant_id, first_at);
CREATE INDEX events_figures ON events (tenant_id, at)
    WHERE type IN ('session.approved', 'session.rejected', 'session.overturned', 'watchlist.hits_changed');
