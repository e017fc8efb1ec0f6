// Package roman writes names of other scripts in Latin letters.
package roman

import "strings"

// Reading is one way to say a name in Latin letters a-z, digits and separators. Foreign says that some of it was written in another script.
type Reading struct {
	Text    string
	Foreign bool
}

// Read gives the readings of a name, the likeliest first.
func Read(name string) []Reading {
	return []Reading{{Text: strings.ToLower(name)}}
}
