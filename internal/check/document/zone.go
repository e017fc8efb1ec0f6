package document

import "github.com/usher-kyc/usher/internal/mrz"

// ZoneFields returns what a zone says that was not read from a picture, such as that of a chip, under the names of the
// fields of a result.
func ZoneFields(zone mrz.Document, lines []string) map[string]string {
	return fieldsOf(mrz.Reading{Document: zone, Lines: lines})
}
