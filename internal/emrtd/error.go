package emrtd

import "fmt"

// Code says, for programs, why something was refused.
type Code string

// The codes.
const (
	// CodeMalformed: the bytes are not the file they should be.
	CodeMalformed Code = "malformed"
	// CodeUnsupported: an algorithm, curve or format that is not known here.
	CodeUnsupported Code = "unsupported"
	// CodeAltered: a signature or digest does not fit what was signed.
	CodeAltered Code = "altered"
	// CodeNoSigner: the certificate of the signer is not there.
	CodeNoSigner Code = "no_signer"
	// CodeUnknownIssuer: no certificate of the list issued the signer's.
	CodeUnknownIssuer Code = "unknown_issuer"
)

// Error is a refusal. Detail is in plain words and holds no personal data.
type Error struct {
	Code   Code
	Detail string
}

// Error gives code and detail.
func (e *Error) Error() string { return "emrtd: " + string(e.Code) + ": " + e.Detail }

func malformed(format string, args ...any) error {
	return &Error{CodeMalformed, fmt.Sprintf(format, args...)}
}

func unsupported(format string, args ...any) error {
	return &Error{CodeUnsupported, fmt.Sprintf(format, args...)}
}

func altered(format string, args ...any) error {
	return &Error{CodeAltered, fmt.Sprintf(format, args...)}
}
