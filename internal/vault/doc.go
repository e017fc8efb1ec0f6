// Package vault decides who can read what: it holds the master key, one keyset per applicant and the keys of a
// tenant, and seals every piece of personal data with them.
//
// How the keys hang together (HKDF is RFC 5869, AES-256-GCM is NIST SP 800-38D, keysets are Google Tink's):
//
//	master key (file of mode 0600, or environment)          one per installation, rotated by adding a line
//	├─ HKDF ─▶ wrapping key ─▶ wrapped keyset               one row per applicant, written by NewKeyset
//	│                          ├─ AEAD key                  Sealer.Seal, Sealer.Open: columns, stored webhook bodies
//	│                          └─ streaming key             Sealer.EncryptingWriter, DecryptingReader: evidence files
//	├─ HKDF + tenant ─▶ tenant key                          SealTenant, OpenTenant: endpoint secrets, settings
//	└─ HKDF + tenant ─▶ index key                           Index: keyed hashes that make sealed fields searchable
//
// Data passes through like this: when an applicant is created, [Master.NewKeyset] gives the bytes for the row; later
// [Vault.Sealer] reads that row through the [Keysets] port, unwraps it once and keeps it in a bounded cache. The tenant
// and the applicant are bound into everything sealed, so that a row copied to another applicant does not open.
//
// Erasure is the deletion of the keyset row followed by [Vault.Forget]: what the keyset sealed can then be read by
// nobody, in backups neither, once the backups of that one small table have expired.
// Keys live in ordinary Go memory: somebody who can read the memory of the process can read them.
package vault
