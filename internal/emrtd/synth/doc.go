// Package synth makes up the files of chips, the authorities that sign them and their lists, for tests and for trying out:
// any curve and algorithm, and the oddities that real states issue. Nothing in it is a real document, and its signing is
// not fit for anything else: it takes no care to keep its keys secret.
//
// A [Key] with a method is a [Signer] (key.go). [Certificate] issues with it, [SOD] signs data groups, [MasterList] lists
// (files.go). [New] makes a whole chip in one go (chip.go).
package synth
