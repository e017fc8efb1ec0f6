-- +goose Up
-- For how long applicants are kept. keep_due is when to look at one again: at once for those who are new.
ALTER TABLE applicants ADD COLUMN keep_due BIGINT NOT NULL DEFAULT 0;
CREATE INDEX applicants_keep ON applicants (tenant_id, keep_due, id) WHERE erased = FALSE;

CREATE TABLE keep_rules (
    tenant_id  TEXT PRIMARY KEY REFERENCES tenants (id),
    doc        TEXT NOT NULL,
    bodies_pos BIGINT NOT NULL, -- of the last delivery whose body was forgotten
    updated_at BIGINT NOT NULL
);

-- Nobody is removed by time whom nobody has said that of: tenants that are there keep everything until they set rules.
INSERT INTO keep_rules (tenant_id, doc, bodies_pos, updated_at)
SELECT id, '{"abandoned":{"days":0,"duty":false},"rejected":{"days":0,"duty":false},"approved":{"days":0,"duty":false},"bodies":0}', 0, 0 FROM tenants;
