// Package picture takes in picture bytes that strangers send and gives back something safe to work with.
//
// The way of the data: bytes → [Sniff] by magic numbers (never by file name or declared type) → [Intake.Probe], which
// reads headers only and refuses what is too large, too many pixels, animated, or would be slow on purpose →
// [Intake.Decode], which decodes behind a limited number of slots and within a time limit (decode.go), lays what is
// see-through on white (flat.go) and turns the picture upright by its EXIF orientation; those who need one picture at the
// same time share it (share.go) → an [image.Image] for the checks, [Measure] for advice about quality, and [Intake.Copy] for the
// only form that people ever see: a freshly encoded JPEG without EXIF, position or anything else that was in the file.
//
// The original bytes are not this package's business: whoever calls it seals them as evidence.
//
// Every refusal is an [*Error] with a stable [Code], so that an API and a page can put their own words to it.
// The package knows nothing of usher and can be used alone.
package picture
