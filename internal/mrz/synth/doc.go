// Package synth draws photographs of documents that do not exist, with a machine readable zone whose text is known, and of
// pages without one, for tests and to measure reading by.
//
// The way of the data: a random person (person.go) → lines of a zone by mrz.Build → a card drawn around them (card.go,
// ground.go), the zone printed by a press of its own (cut.go, ink.go) → laid on a desk and photographed (photo.go, desk.go)
// with what a [Level] says (level.go) → a [Picture]; pages.go and forms.go draw what has no zone; [Make] writes whole folders
// with a manifest (folder.go). The same Options give the same picture. Nothing here imitates the design of a real document.
//
// Typeface and rendering are others than those of internal/mrz/train (cuts/ORIGIN.md), so that a net is not judged by
// the drawing it learnt from.
package synth
