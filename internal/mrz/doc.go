// Package mrz reads machine readable zones after ICAO Doc 9303: the two or
// three lines of OCR-B at the foot of passports, cards and visas.
//
// A picture passes through Read (read.go): it is cut into blobs (blobs.go), which
// chain into even lines (chain.go, line.go) and these into zones of two or three
// (zone.go, lonely.go). A grid of cells is laid over a zone, each cell classified
// (internal/mrz/glyphnet), the window of 30, 36 or 44 columns found (decode.go)
// and the lines laid again, more exactly, through the characters then known
// (refine.go). Each place takes the likeliest character it may hold, and where
// check digits fail the cheapest one or two changes that mend them (repair.go).
// The lines then pass through Parse, which needs no picture and may be used
// alone. Build goes the other way, from a Document to lines.
//
// Check digits that agree do not prove a right reading: names, nationality,
// issuer and sex have none. Every Reading therefore carries a confidence per
// character and names the fields that should be looked at by a person.
package mrz
