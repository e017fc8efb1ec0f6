// Package pdf417 reads PDF417 symbols (ISO/IEC 15438) in photographs: the wide barcode on the back of North American
// driving licences and of many other cards.
//
// A picture passes through Read (read.go): scan lines are cut into runs (edges.go) in which start and stop patterns
// show however the symbol is turned, since their bars run along its whole height (guard.go). A start and a stop column
// make a candidate; the row indicators beside them say which row lies where and how many rows and columns there are
// (indicator.go), from which the plane of the symbol follows (grid.go). Each codeword is then sampled in that plane and
// compared with every pattern its row may hold (match.go, sample.go); codewords that look like nothing are erasures.
// Reed-Solomon puts right what was damaged (field.go, correct.go), and Content turns codewords into bytes (content.go,
// text.go).
//
// Correct and Content need no picture and may be used alone. The package knows nothing of usher.
package pdf417
