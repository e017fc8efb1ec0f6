// Package glyphnet tells the 37 characters of a machine readable zone apart.
//
// Data passes like this: Sample cuts a Cell of 16 by 22 samples out of a grey
// plane and evens its contrast; Net.Classify runs it through a small
// convolutional network with leaky ReLU and gives a probability for each
// character and for Junk, "no well-placed character here". The weights are one
// byte each (weights.bin), trained by the program in ../train on glyphs
// rendered from the OCR-B font and on nothing else. Training gives the same
// weights without GOEXPERIMENT=simd, in ten times the time.
package glyphnet

//go:generate env GOEXPERIMENT=simd go run ../train -o weights.bin
