// Package receipt writes and verifies decision receipts: signed statements that somebody was checked and approved, which the applicant keeps and
// anybody can verify without asking the server.
//
// A receipt is a W3C Verifiable Credential in the form of SD-JWT VC (draft-ietf-oauth-sd-jwt-vc, media type application/dc+sd-jwt): a JWT signed
// with ES256, and disclosures of the personal data behind it (RFC 9901). Whoever shows the receipt may leave disclosures out. Data passes through
// like this: [Issuer.Issue] takes an approved session and gives the text; [Verify] takes the text and public keys and gives the [Statement]; the
// issuer's keys, and which receipts do not hold any more (a Token Status List, draft-ietf-oauth-status-list), are served by [Issuer.Handler].
// docs/receipts.md has an example.
package receipt
