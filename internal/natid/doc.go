// Package natid tells whether a national identification number has the form that its country gives such numbers: length,
// characters, check digits, the birth date inside it. It knows nothing of usher and can be used alone.
//
// A number of the right form may never have been given to anybody, and says nothing about who uses it: anybody can work out
// check digits. Whether it exists only the country's register knows.
//
// [Check] takes a country and a number, tries each kind of number of that country (kinds.go, with one function of a few
// lines for each in americas.go, asia.go, europe.go and north.go), and gives a [Reading]: the number without separators,
// and the birth date and sex that it encodes. The sums are in sums.go, dates in birth.go.
package natid
