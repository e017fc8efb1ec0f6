// Package duplicate is the check that asks whether the same person, document or picture was shown by another applicant of the tenant.
//
// The way of data: details, the document's fields and the pictures in force → traits (traits.go), each in one form for equal things → the engine,
// which keeps their keyed hashes and gives who else left the same ([usher.CheckInput].Recognise) → what is only alike is looked at closer → one
// [usher.Duplicate] per other applicant, for a reviewer. An applicant's own earlier sessions are none.
//
// Nobody is refused for a duplicate: families share phones, firms register people twice, and a specimen belongs to everybody. Faces are not compared
// with those of other applicants; that needs an engine made for it. Known are only applicants in whose flows the check ran.
package duplicate
