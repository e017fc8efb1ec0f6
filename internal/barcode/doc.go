// Package barcode finds the printed codes of documents in photographs and reads them: PDF417 by our own decoder, QR, Data
// Matrix and Aztec by a library behind guards.
//
// A picture passes through Read (barcode.go): its brightness (grey.go), shrunk where it is large, is searched for PDF417
// (internal/barcode/pdf417) and for the marks of the square codes (marks.go), so that pictures without a code cost
// little; only around such marks the library is asked (matrix.go). What comes back is bytes: what they mean is for
// others, such as internal/barcode/aamva for driving licences of North America. DrawQR (draw.go) goes the other way.
//
// A printed code proves nothing about a document: unless its content is signed, anybody can print one. The package
// knows nothing of usher and can be used alone.
package barcode
