-- +goose Up
-- The keys of a tenant, wrapped by a master key: what is sealed for no applicant, and what fields are searched by. The tenant "server" is the server.
CREATE TABLE tenant_keys (
    tenant_id TEXT COLLATE "C" PRIMARY KEY,
    wrapped   BYTEA NOT NULL
);
