// Package document is the built-in provider of the document check.
//
// It reads the machine readable zone of a passport or card, or the barcode of a North American licence, and judges what these allow to be judged: whether
// check digits agree and both sides tell the same, whether the document is of an accepted type, of a country that exists, no sample and not expired, whether
// its number has the form that its country gives to numbers, and, in flows that have no consistency check of their own, whether it is about the person whose
// details were given. Of the pictures it tells how they came in, whether one was sent for two, and traces of editing.
//
// It does not examine whether a document is genuine: not the security print, the photograph, the chip or the printed
// page outside the zone, and anybody can compute check digits and print barcodes. A clear result therefore says "verified" of the reading's
// arithmetic alone and lists what was not examined in NotExamined. docs/documents.md says all of this to those who run the server.
//
// The way of the data: evidence → picture.Intake → measures, traces, zone and barcode per side (side.go) → what the document says, wherever it stands
// (facts.go) → rules that turn it into reasons and findings (rules.go, sides.go, numbers.go, provenance.go) → usher.CheckResult, whose Fields hold what
// was read (fields.go). Other checks that need what was read ask through [Share] and [Earlier] (share.go) and compare with [Compare] (compare.go).
package document
