-- +goose Up
-- PostgreSQL has a function from this step on that this database does not need.
SELECT 1;
