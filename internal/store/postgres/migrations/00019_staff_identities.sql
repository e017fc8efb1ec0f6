-- +goose Up
-- Members of staff at an identity provider (OpenID Connect): who they are is the issuer's word and its subject, never an e-mail address.
CREATE TABLE staff_identities (
    issuer     TEXT COLLATE "C" NOT NULL,
    subject    TEXT COLLATE "C" NOT NULL,
    staff_id   TEXT COLLATE "C" NOT NULL REFERENCES staff (id),
    created_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX staff_identities_staff ON staff_identities (staff_id);

-- Which ways of signing in a tenant allows its staff; a tenant without a row has what its mode begins with.
CREATE TABLE staff_rules (
    tenant_id TEXT COLLATE "C" PRIMARY KEY REFERENCES tenants (id),
    doc       BYTEA NOT NULL
);
