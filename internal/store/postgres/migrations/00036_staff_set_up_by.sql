-- +goose Up
-- The administrator on whose word alone a member of staff signs in, until another one confirms it; '' is nobody.
ALTER TABLE staff ADD COLUMN set_up_by TEXT COLLATE "C" NOT NULL DEFAULT '';
