package usher

import (
	"fmt"
	"io"
	"log/slog"
)

// Redacted keeps the struct that embeds it, whose members are personal data or secrets, out of logs and error texts: every verb of fmt and every
// handler of slog shows "[redacted]". A struct that merely has such members needs it only where it may itself be handed to slog, whose JSON
// handler looks at nothing but the outermost value.
type Redacted struct{}

// Format writes "[redacted]" whatever the verb.
func (Redacted) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[redacted]") }

// LogValue gives "[redacted]".
func (Redacted) LogValue() slog.Value { return slog.StringValue("[redacted]") }
