-- +goose Up
-- By what an applicant can be known again. Hashes are keyed with the tenant's key; what is kept of a picture's look is sealed. Erasing an applicant
-- deletes the rows.

CREATE TABLE traits (
    pos          INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id    TEXT NOT NULL,
    applicant_id TEXT NOT NULL,
    session_id   TEXT NOT NULL,
    evidence_id  TEXT NOT NULL, -- of the picture it was taken from, or ''
    hash         BLOB NOT NULL,
    doc          BLOB,
    at           BIGINT NOT NULL
);
CREATE UNIQUE INDEX traits_hash ON traits (hash, session_id, evidence_id);
CREATE INDEX traits_applicant ON traits (applicant_id);

-- Pieces of what can only be alike; with one in common two traits are worth a closer look.
CREATE TABLE trait_bands (
    hash  BLOB NOT NULL,
    trait INTEGER NOT NULL,
    PRIMARY KEY (hash, trait)
) WITHOUT ROWID;
CREATE INDEX trait_bands_trait ON trait_bands (trait);
