package picture

import "errors"

// Code says why a file was refused. Codes are stable: clients and translations key on them.
type Code string

// The codes of refusal.
const (
	// CodeEmpty means that there were no bytes.
	CodeEmpty Code = "empty"
	// CodeNotAPicture means that the bytes are not any picture format this package can name (text, HTML, an archive …).
	CodeNotAPicture Code = "not_a_picture"
	// CodeUnsupportedType means a picture or document format that is recognised but not taken (HEIC, WebP, GIF, PDF …).
	CodeUnsupportedType Code = "unsupported_type"
	// CodeAnimated means more than one frame where one picture is expected.
	CodeAnimated Code = "animated"
	// CodeTooLarge means more bytes than [Config.MaxBytes].
	CodeTooLarge Code = "too_large"
	// CodeTooManyPixels means a width × height above [Config.MaxPixels], or a decoded form that would take too much memory.
	CodeTooManyPixels Code = "too_many_pixels"
	// CodeTooComplex means a file built so that decoding it costs far more than its size suggests.
	CodeTooComplex Code = "too_complex"
	// CodeDamaged means that the file begins like a JPEG or PNG and then breaks off or contradicts itself.
	CodeDamaged Code = "damaged"
)

// Error is the refusal of a file. Its text names formats and numbers only, never content, so it may be logged.
type Error struct {
	// Code is the stable reason.
	Code Code
	// Kind is what the file seems to be ("jpeg", "heic", "text" …), or empty.
	Kind string
	// Detail says more for a developer, in English.
	Detail string

	err error
}

// Error returns the code and the detail.
func (e *Error) Error() string {
	text := "picture refused: " + string(e.Code)
	if e.Kind != "" {
		text += " (" + e.Kind + ")"
	}
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	return text
}

// Unwrap returns the decoder's own error, if there is one.
func (e *Error) Unwrap() error { return e.err }

// CodeOf returns the code of the [*Error] within err, or "" when there is none.
func CodeOf(err error) Code {
	var refused *Error
	if errors.As(err, &refused) {
		return refused.Code
	}
	return ""
}
