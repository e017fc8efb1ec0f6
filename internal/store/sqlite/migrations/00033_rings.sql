-- +goose Up
-- The master keys that a server has since it was started, the one that seals first, blanks between them; '' when it has ended. node is '' where there is one server.
CREATE TABLE rings (
    node TEXT PRIMARY KEY,
    keys TEXT NOT NULL
);

-- Master keys that may seal nothing any more.
CREATE TABLE dropped_keys (
    id         TEXT PRIMARY KEY,
    dropped_at BIGINT NOT NULL
);

-- How far the evidence of a store was gone through for files that nothing names; '' is the start.
CREATE TABLE sweeps (
    store    TEXT PRIMARY KEY,
    position TEXT NOT NULL,
    due_at   BIGINT NOT NULL -- of the next part
);
