-- +goose Up
-- The nodes of one server. Each raises its beat; where a beat stands still, the others take over what its node had in hand.
CREATE TABLE nodes (
    id         TEXT COLLATE "C" PRIMARY KEY,
    beat       BIGINT NOT NULL,
    started_at BIGINT NOT NULL
);

-- Who is at something that one of all nodes does at a time.
CREATE TABLE turns (
    name    TEXT COLLATE "C" PRIMARY KEY,
    holder  TEXT COLLATE "C" NOT NULL, -- this one turn
    node    TEXT COLLATE "C" NOT NULL,
    ends_at BIGINT NOT NULL
);
CREATE INDEX turns_ends ON turns (ends_at);

-- The node that has claimed a delivery, or serves the call of an idempotency key; '' for nobody, or a server of one node.
ALTER TABLE deliveries ADD COLUMN holder TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE idempotency ADD COLUMN holder TEXT COLLATE "C" NOT NULL DEFAULT '';
