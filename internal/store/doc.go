// Package store keeps what must not be lost. It holds the one SQL text that every database runs, the rows it reads and writes, and the group
// commit; the folders below it (sqlite, postgres) bring a database: how to open it, its schema, and what it says in words of its own ([Words]); queue
// brings the job queue to both.
//
// The way of data: the engine builds a [Change] (a session or applicant at the version it expects, events, rendered deliveries, jobs) and
// calls [Store.Commit], which waits. A writer collects the changes of many callers, writes them in one database transaction, syncs once, and
// tells each caller whether its change was written or met another version. Nothing here knows what a row means: documents come sealed
// and go sealed.
//
// With one writer (SQLite) a batch is written statement by statement, and whatever else is written goes through the same writer. A database that takes many
// transactions at once has [Sets]: its writers write a batch by table, and what is rare is written by its caller, beside them. There several nodes
// write, too: nothing is decided from what was read before unless a lock, a unique index or the condition of the statement itself holds it.
// Locks are taken in one order: rows of sessions and applicants, lanes and other names, heads of audit trails, each sorted.
//
// Rules that let one text serve several databases: times are BIGINT milliseconds, ids TEXT, placeholders $n, no SERIAL in shared text, no
// FOR UPDATE, queues only through the job queue of the database's folder.
package store
