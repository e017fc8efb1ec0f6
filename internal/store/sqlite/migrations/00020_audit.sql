-- +goose Up
-- The trail as a chain for each tenant: seq counts without a gap, hash covers the entry and the hash before it. What was written before is
-- chained at the first start, for each tenant that audit_heads names with seq 0.
ALTER TABLE audit ADD COLUMN seq BIGINT NOT NULL DEFAULT 0;
ALTER TABLE audit ADD COLUMN actor_role TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN request_id TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN before_hash TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN after_hash TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN hash BLOB;

CREATE TABLE audit_heads (
    tenant_id TEXT PRIMARY KEY, -- '' for what belongs to no tenant
    seq       BIGINT NOT NULL,
    hash      BLOB NOT NULL
);
INSERT INTO audit_heads (tenant_id, seq, hash) SELECT DISTINCT tenant_id, 0, x'' FROM audit;

CREATE UNIQUE INDEX audit_chain ON audit (tenant_id, seq) WHERE seq > 0;
CREATE INDEX audit_at ON audit (tenant_id, at, pos);
CREATE INDEX audit_of_object ON audit (tenant_id, object, at, pos);
CREATE INDEX audit_of_actor ON audit (tenant_id, actor_id, at, pos);
CREATE INDEX audit_of_action ON audit (tenant_id, action, at, pos);
DROP INDEX audit_object;
DROP INDEX audit_tenant;

-- Keys that sign what leaves the server: checkpoints of the trail and receipts. Sealed is the private key, by the master key. The newest
-- generation of a use signs; the public part of all stays known.
CREATE TABLE signing_keys (
    purpose    TEXT NOT NULL,
    generation BIGINT NOT NULL,
    kid        TEXT NOT NULL,
    public     BLOB NOT NULL,
    sealed     BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (purpose, generation)
);
