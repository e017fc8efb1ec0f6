-- +goose Up
-- How the applicant's pages of a tenant look.
CREATE TABLE brands (
    tenant_id   TEXT PRIMARY KEY REFERENCES tenants (id),
    name        TEXT NOT NULL,
    accent      TEXT NOT NULL,
    accent_dark TEXT NOT NULL,
    logo        BLOB,
    logo_type   TEXT NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;
