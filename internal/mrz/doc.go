// Package mrz reads machine readable zones after ICAO Doc 9303: the two or
// three lines of OCR-B at the foot of passports, cards and visas.
//
// A picture passes through Read: find blobs and chain them into lines
// (locate.go, chain.go), lay a grid of cells over the lines (grid.go), classify
// each cell (internal/mrz/glyphnet), choose the characters each place may hold
// and the fewest changes that make the check digits agree (decode.go,
// repair.go). The lines then pass through Parse, which needs no picture and
// may be used alone. Build goes the other way, from a Document to lines.
//
// Check digits that agree do not prove a right reading: names, nationality,
// issuer and sex have none. Every Reading therefore carries a confidence per
// character and names the fields that should be looked at by a person.
package mrz
