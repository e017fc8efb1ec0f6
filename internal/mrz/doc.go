// Package mrz reads machine readable zones after ICAO Doc 9303: the two or
// three lines of OCR-B at the foot of passports, cards and visas.
//
// A picture passes through Read (read.go), which makes one attempt after the
// other until a reading is sure. An attempt cuts it into blobs (blobs.go; by a
// level that follows the print in local.go), which chain into even lines
// (chain.go, line.go) and these into zones of two or three (zone.go, lonely.go).
// A grid of cells is laid over a zone, each cell classified
// (internal/mrz/glyphnet), the window of 30, 36 or 44 columns found (decode.go),
// and, while that helps, the lines laid again, more exactly, through the
// characters then known and through those found by following a line to its
// ends (refine.go, track.go). Each format that the zone may have is tried: each
// place takes the likeliest character it may hold, states and fillers what they
// can be (lexicon.go), and where check digits fail the cheapest one or two
// changes that mend them (repair.go); the format that fits best is the reading
// (reading.go). The lines then pass through Parse, which needs no picture and
// may be used alone. Build goes the other way, from a Document to lines.
//
// Check digits that agree do not prove a right reading: names, nationality,
// issuer and sex have none, and many a letter counts as much as the digit that
// it resembles. Every Reading therefore carries a confidence per character and
// names the fields that should be looked at by a person.
//
// A picture is given a number of cells to classify and no more, so that one in
// which nothing is found costs little more than one that is hard to read.
package mrz
