// Package store keeps what must not be lost. It holds the one SQL text that every database runs, the rows it reads and writes, and the group
// commit; the folders below it (sqlite) bring a database: how to open it, its schema and its job queue.
//
// The way of data: the engine builds a [Change] (a session or applicant at the version it expects, events, rendered deliveries, jobs) and
// calls [Store.Commit], which waits. One writer collects the changes of many callers, writes them in one database transaction, syncs once, and
// tells each caller whether its change was written or met another version. Nothing here knows what a row means: documents come sealed
// and go sealed.
//
// Rules that let one text serve several databases: times are BIGINT milliseconds, ids TEXT, placeholders $n, no SERIAL in shared text, no
// FOR UPDATE, queues only through the job queue of the database's folder.
package store
