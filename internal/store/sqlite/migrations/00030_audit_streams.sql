-- +goose Up
-- How far each tenant's trail was taken by whom it is told to as it grows.
CREATE TABLE audit_streams (
    target    TEXT NOT NULL,
    tenant_id TEXT NOT NULL,
    seq       BIGINT NOT NULL,
    PRIMARY KEY (target, tenant_id)
);
