-- +goose Up
-- Some clients ask for an account by nothing but its number.
ALTER TABLE accounts ADD COLUMN number_index BLOB;
CREATE INDEX accounts_number ON accounts (tenant_id, number_index);
