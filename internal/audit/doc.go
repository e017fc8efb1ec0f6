// Package audit holds that the trail of a server was not changed, and lets others hold it too.
//
// The trail of each tenant is a chain of hashes, which the store writes in the transactions of what it tells of (usher.AuditRecord.Link). A chain
// by itself does not show that its end was cut off, or that all of it was written anew: whoever can do that can compute hashes. So a [Notary]
// signs where each chain ends, once an hour and when the server stops, and writes that to a file outside of the database and, if wished, to a
// line of output and to an auditor's address. [Verify] walks through a chain and compares it with such checkpoints; [Export] writes both in a form
// that somebody else can verify with a few lines of code. docs/audit.md has the bytes.
package audit
