-- +goose Up
-- Single-letter keys of the desk must be possible to switch off (WCAG 2.2, 2.1.4), for a person and not for a browser.
ALTER TABLE staff ADD COLUMN keys_off BOOLEAN NOT NULL DEFAULT FALSE;
