// Package curve checks ECDSA signatures on any elliptic curve over a prime field in short Weierstrass form,
// y² = x³ + ax + b: those of NIST and Brainpool (RFC 5639) by name, and those whose parameters a certificate spells out.
//
// Its arithmetic takes a time that depends on the numbers. That is right for checking signatures, where nothing is secret,
// and wrong for making them: do not sign or agree on keys with it.
package curve
