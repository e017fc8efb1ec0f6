// Package aamva reads what the PDF417 code on driving licences and identification cards of the United States and Canada
// says, after the AAMVA DL/ID Card Design Standard (versions 1 of 2000 to 10 of 2020, annex D).
//
// Bytes pass through Parse (parse.go): the header names the issuer and the subfiles, each subfile is a list of elements
// of three letters and a value (subfile.go), and elements become fields of a Licence (licence.go, date.go). What is
// there but cannot be understood is named in Licence.Unread.
//
// The code is not signed. That it says something proves nothing: anybody can print one. It can be compared with what is
// printed on the other side and with what a person says. The package knows nothing of usher and can be used alone.
package aamva
