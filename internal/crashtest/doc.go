// Package crashtest kills a busy server and looks for what it lost. It holds tests only.
//
// The way of data: the program is built once and started as a child process on a data folder. Callers onboard people over its native API,
// every POST with an idempotency key that is sent again until it is answered, and over a vendor's, whose calls have none, and note what was
// acknowledged (the oracle). A receiver on loopback takes the webhooks. The process is killed with SIGKILL after 5 to 200 ms, started again on the same folder, and so on for
// USHER_CRASH_ROUNDS rounds (50; make crash runs 200). Then everything is compared: acknowledged is there, events have no gap and no double,
// every event was delivered with the same bytes each time, no session hangs, nobody has two accounts, evidence is what was sent.
//
// Killing a process does not cut the power: what the system had in its cache survives. That every commit is synced is SQLite's
// synchronous=FULL, which package sqlite sets.
package crashtest
