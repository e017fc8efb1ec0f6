-- +goose Up
-- The secrets of API clients: two for a while when one is rotated. generation counts from 1. ends_at is 0 for the one in force, used_at for one
-- that never was.
CREATE TABLE client_secrets (
    client_id  TEXT NOT NULL REFERENCES clients (id),
    generation BIGINT NOT NULL,
    dialect    TEXT NOT NULL,
    hash       BLOB NOT NULL,
    last4      TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    ends_at    BIGINT NOT NULL,
    used_at    BIGINT NOT NULL,
    PRIMARY KEY (client_id, generation)
);
CREATE UNIQUE INDEX client_secrets_hash ON client_secrets (dialect, hash);

INSERT INTO client_secrets (client_id, generation, dialect, hash, last4, created_at, ends_at, used_at)
SELECT id, 1 + COALESCE(json_extract(CAST(doc AS TEXT), '$.generation'), 0), dialect, secret_hash,
       COALESCE(json_extract(CAST(doc AS TEXT), '$.last4'), ''), created_at, 0, 0
FROM clients;
-- A sign-in begins with the generation of its secret, which counted from 0.
UPDATE tokens SET login = (CAST(substr(login, 1, instr(login, '.') - 1) AS INTEGER) + 1) || substr(login, instr(login, '.'));

DROP INDEX clients_secret;
ALTER TABLE clients DROP COLUMN secret_hash;
ALTER TABLE clients ADD COLUMN allow_from TEXT NOT NULL DEFAULT '';
ALTER TABLE clients ADD COLUMN expires_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE clients ADD COLUMN disabled_at BIGINT NOT NULL DEFAULT 0;

CREATE INDEX tokens_client ON tokens (client_id);
