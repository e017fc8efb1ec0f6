-- +goose Up
-- Deliveries that wait behind another of their lane, the oldest first. Written out in a query, a planner that has not counted lately takes what is
-- pending for little: it walks through all of it by another index and puts that in order. Here it may not.
-- +goose StatementBegin
CREATE FUNCTION deliveries_behind(lane_of TEXT, head BIGINT, most BIGINT) RETURNS SETOF deliveries LANGUAGE sql STABLE SET enable_sort = off AS
    'SELECT * FROM deliveries WHERE lane = lane_of AND status = ''pending'' AND pos > head ORDER BY pos LIMIT most';
-- +goose StatementEnd
