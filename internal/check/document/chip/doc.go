// Package chip is the built-in provider of the chip check: are the data of the document's chip those that the issuing
// state signed? It does passive authentication (ICAO Doc 9303 part 11) with the list of issuers that whoever runs the
// server supplies, and compares what the chip says with the picture of the document and with the details given.
//
// A clear result means: the data are signed by the issuer. It does not mean that the chip, or the document around it, is
// genuine. The files of a chip can be copied as a whole; that takes a question to the chip itself, which only the phone
// that holds it can ask. Revoked certificates are not looked for. NotExamined says both.
//
// The way of the data: evidence of the kinds chip_* (read in evidence.go) → emrtd.ParseSOD, Verify, Compare (chip.go) → the
// zone, portrait and details of the groups whose hashes agree (contents.go) → usher.CheckResult. The face check gets the
// portrait by [Checker.Reference], of signed files only.
package chip
