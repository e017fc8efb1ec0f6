-- +goose Up
-- The words a tenant has used as tags, sealed: people write into them what they like. Those in the table before were suggestions, and come again with use.
CREATE TABLE tags (
    tenant_id  TEXT NOT NULL,
    name_index BLOB NOT NULL,
    name       BLOB NOT NULL,
    PRIMARY KEY (tenant_id, name_index)
);
DELETE FROM case_tags;
