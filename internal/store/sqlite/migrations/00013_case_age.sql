-- +goose Up
-- Cases that have waited for long are asked for in the order in which they came.
CREATE INDEX cases_age ON cases (tenant_id, state, opened_at, session_id);
