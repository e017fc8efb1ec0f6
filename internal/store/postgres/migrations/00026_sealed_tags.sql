-- +goose Up
-- The words a tenant has used as tags, sealed: people write into them what they like. Those in the table before were suggestions, and come again with use.
CREATE TABLE tags (
    tenant_id  TEXT COLLATE "C" NOT NULL,
    name_index BYTEA NOT NULL,
    name       BYTEA NOT NULL,
    PRIMARY KEY (tenant_id, name_index)
);
DELETE FROM case_tags;
