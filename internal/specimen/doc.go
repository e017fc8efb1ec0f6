// Package specimen draws pictures of documents and faces that belong to nobody, for the demo, the tests and the documentation.
//
// The people are invented, their faces are drawn by formula (no photograph and no trained model went into them), the
// issuing country is UTO, the Utopia of ICAO Doc 9303, and SPECIMEN is printed across everything. What is real is the
// machine readable zone: OCR-B, at the places of Doc 9303 parts 4 and 5, with check digits that agree, so that the
// same checks run on these pictures as on a real document.
//
// The way of the data: a [Person] → [Passport], [IDCardFront], [IDCardBack] (flat, as from a scanner) or [Selfie] →
// [Photo], which lays a document on a table and takes it as a phone does, with [Shot] to say how badly → [JPEG].
// The same Person gives the same picture every time.
//
// The package knows nothing of usher and can be used alone.
package specimen
