// Package crashtest hurts busy servers and looks for what they lost. It holds tests only.
//
// The way of data: the program is built once and started as a child process on a data folder or a PostgreSQL of the test's own. Callers onboard people over
// its native API, every POST with an idempotency key that is sent again until it is answered, and over a vendor's, whose calls have none, and note what was
// acknowledged (the oracle). A receiver on loopback takes the webhooks. The process is killed with SIGKILL after 5 to 200 ms and started again, on either
// database; nodes behind a balancer are restarted and killed in turn; PostgreSQL is ended at once and its connections cut; the disk of either database is
// filled and emptied; the S3 server hangs and is killed. USHER_CRASH_ROUNDS counts how often, all in all (200; make crash has 5,000), with some of the
// last two on top. The tests run side by side. Then everything is compared: acknowledged is there, events have no gap and
// no double, every event was delivered with the same bytes each time and in order, no session hangs, nobody has two accounts, evidence is what was sent, and
// the audit trail verifies.
//
// Killing a process does not cut the power: what the system had in its cache survives. That every commit is synced is SQLite's
// synchronous=FULL, which package sqlite sets, and PostgreSQL's fsync, which its crash recovery is tested with here.
package crashtest
