-- +goose Up
-- Editions of watchlists, as their files came, for the nodes of one server to fetch from each other. A node keeps its own copy and index.
CREATE TABLE list_parts (
    list    TEXT COLLATE "C" NOT NULL,
    edition TEXT COLLATE "C" NOT NULL,
    file    TEXT COLLATE "C" NOT NULL,
    part    INTEGER NOT NULL,
    body    BYTEA NOT NULL,
    PRIMARY KEY (list, edition, file, part)
);

-- The edition in use of each list, and the one that the monitored applicants were last held against.
CREATE TABLE lists (
    list       TEXT COLLATE "C" PRIMARY KEY,
    edition    TEXT COLLATE "C" NOT NULL,
    manifest   TEXT COLLATE "C" NOT NULL,
    checked_at BIGINT NOT NULL,
    held       TEXT COLLATE "C" NOT NULL
);
