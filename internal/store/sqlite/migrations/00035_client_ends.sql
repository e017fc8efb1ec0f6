-- +goose Up
-- Which API clients end next is asked each hour.
CREATE INDEX clients_ends ON clients (expires_at);
