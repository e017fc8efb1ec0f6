// Package ops is what those who run a server see of it: whether it lives and is ready, its figures, its traces and the form of its log lines.
//
// The way of data: every front stands behind [Metrics.HTTP], which gives each request its id and its span and counts its answer by the route that
// took it. The engine, the sender and the store tell [Metrics] of what they did by plain functions in their settings; what only the database
// knows (queues, their ages) is asked when somebody reads the figures, and at most every few seconds. Spans go through [NewTracer] to a collector.
// Nothing of all this holds a person's data: labels come from closed sets, and a test walks them.
package ops
