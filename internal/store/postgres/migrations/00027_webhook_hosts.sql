-- +goose Up
-- Where a tenant's webhooks may go: host names and *.suffixes, with blanks between them; '' is everywhere.
ALTER TABLE tenants ADD COLUMN webhook_hosts TEXT COLLATE "C" NOT NULL DEFAULT '';
