// Package document is the built-in provider of the document check.
//
// It reads the machine readable zone of a passport or card and judges what the zone allows to be judged: whether the
// check digits agree, whether the document is of an accepted type and has not expired, and, in flows that have no
// consistency check of their own, whether it is about the person whose details were given.
//
// It does not examine whether a document is genuine: not the security print, the photograph, the chip or the printed
// page outside the zone, and anybody can compute check digits. A clear result therefore says "verified" of the reading's
// arithmetic alone and lists what was not examined in NotExamined.
//
// The way of the data: evidence → picture.Intake → picture.Measure and mrz.Read per side (side.go) → rules that turn the
// reading into reasons (rules.go) → usher.CheckResult, whose Fields hold what was read (fields.go). Other checks that need
// what was read ask through [Share] and [Earlier] (share.go) and compare with [Compare] (compare.go).
package document
