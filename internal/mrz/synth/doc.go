// Package synth draws photographs of documents that do not exist, with a
// machine readable zone whose text is known, for tests and benchmarks.
//
// Data passes like this: a random person (person.go) becomes zone lines by
// mrz.Build, a card is drawn around them (card.go), laid on a desk at an angle
// and in perspective and photographed with blur, shade, glare and noise
// (photo.go). The same Options give the same picture. Nothing here imitates
// the design of a real document.
package synth
