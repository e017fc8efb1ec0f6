// Package emrtd reads the files of the chip in a passport or card and checks who signed them: passive authentication after
// ICAO Doc 9303, parts 10 to 12. It knows nothing of usher and can be used alone.
//
// The chip holds data groups (the machine readable zone in DG1, the portrait in DG2, …) and the document security object,
// EF.SOD, in which the issuing state signed the hash of each. [ParseSOD] reads it (sod.go: a CMS SignedData, RFC 5652,
// around an LDSSecurityObject); [SOD.Compare] holds a data group against its hash; [SOD.Verify] follows the signature to
// the document signer's certificate inside the SOD (signature.go, key.go), and from there to a CSCA certificate of a
// [List] that the caller has got from somewhere it trusts (list.go: PEM, DER, LDIF, or a CSCA master list). [MRZ],
// [Portrait] and [Details] take out what data groups say (dg1.go, dg2.go, dg11.go).
//
// What states really issue departs from the standards in many ways: negative serial numbers, curves spelled out number
// by number, algorithm parameters that should be NULL. crypto/x509 refuses more than a quarter of real CSCA certificates,
// so certificates are read here (certificate.go) with a reader that takes what does no harm. It asks for no key usage, and
// for the mark of an authority only where the certificate is not signed by itself.
//
// Everything is read from untrusted bytes: lengths, depth and counts are limited (der.go), a refusal is an [*Error] with a
// code, and signatures are only ever checked, never made, so that nothing here is secret.
//
// Signed does not mean genuine: a copied chip has the same files. Whether the chip is the one that was issued takes a
// question to the chip itself (active or chip authentication), which only the reader that holds it can ask. Revocation
// lists are not looked at.
package emrtd
