-- +goose Up
-- Where the receipts of approved sessions stand in the status lists that say which do not hold any more.
CREATE TABLE receipts (
    session_id TEXT COLLATE "C" PRIMARY KEY,
    tenant_id  TEXT COLLATE "C" NOT NULL,
    idx        BIGINT NOT NULL UNIQUE,
    issued_at  BIGINT NOT NULL
);
