package source

import (
	"errors"
	"fmt"
	"strings"
)

// Reason is the word for why a list was refused.
type Reason string

// The reasons for refusing a list. Whatever the reason, the edition in use stays in use.
const (
	Truncated   Reason = "truncated"      // the list ends before its end, or holds fewer records than it declares
	Shrunk      Reason = "shrunk"         // far fewer records or names than the edition in use
	Older       Reason = "older"          // the list's own date lies before that of the edition in use
	Shape       Reason = "wrong_shape"    // columns, elements or syntax are not those of the format
	Duplicate   Reason = "duplicate_ids"  // too many records share an id
	Nameless    Reason = "nameless"       // too many records have no name
	TooLarge    Reason = "too_large"      // a file, a record or the whole list is over its limit
	Inflates    Reason = "inflates"       // a packed file grows without measure
	Encoding    Reason = "wrong_encoding" // bytes that are not text in an encoding that is read
	Forbidden   Reason = "forbidden_xml"  // document type, entity declaration or other XML that lists do not need
	Checksum    Reason = "checksum"       // the file is not the one that its checksum tells of
	Unknown     Reason = "unknown_format" // no list that is known
	Unreachable Reason = "unreachable"    // the address or file could not be read
	Empty       Reason = "empty"          // no record at all
)

// Error says why a list was refused and what to do about it. Its text names files, lines and counts and never what a record says.
type Error struct {
	Reason Reason
	List   string // id of the list, where known
	File   string // name of the file, where one is to blame
	Line   int    // line in that file, from 1; 0 when no line is to blame
	What   string // what was found
	Err    error  // the cause, or nil
}

// Error gives what was refused, where, why, and the way out.
func (e *Error) Error() string {
	var b strings.Builder
	if e.List != "" {
		fmt.Fprintf(&b, "list %s: ", e.List)
	}
	if e.File != "" {
		fmt.Fprintf(&b, "%s: ", e.File)
	}
	if e.Line > 0 {
		fmt.Fprintf(&b, "line %d: ", e.Line)
	}
	fmt.Fprintf(&b, "%s: %s", e.Reason, e.What)
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String() + ". " + e.Cure()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Overridable says whether an operator who has looked at the list may take it all the same (see ImportOptions.Allow).
func (e *Error) Overridable() bool {
	switch e.Reason {
	case Shrunk, Older, Duplicate, Nameless, Empty:
		return true
	default:
		return false
	}
}

// Cure gives the way out in one sentence for the operator.
func (e *Error) Cure() string {
	switch e.Reason {
	case Truncated:
		return "Fetch the list again; if it stays so, the publisher's file is broken."
	case Shrunk:
		return "If the publisher really removed so many records, import it again and allow " + string(Shrunk) + "."
	case Older:
		return "If you want the older edition, import it again and allow " + string(Older) + ", or switch back to the edition that is kept."
	case Duplicate, Nameless, Empty:
		return "Look at the list; if it is as the publisher means it, import it again and allow " + string(e.Reason) + "."
	case TooLarge, Inflates:
		return "If the list is really that large, raise the limit."
	case Encoding:
		return "Save the list as UTF-8."
	case Forbidden:
		return "Do not use this file: a list needs none of this, an attack does."
	case Checksum:
		return "Fetch list and checksum again; if they still differ, do not use the file."
	case Unreachable:
		return "Check the address, the network and the publisher's status page."
	case Unknown, Shape:
		return "Check that the file is the list that its format says, in a layout that is read (see the package's documentation)."
	default:
		return "Fetch the list again."
	}
}

// refuse builds an Error about a line of a file.
func refuse(reason Reason, file string, line int, format string, args ...any) *Error {
	return &Error{Reason: reason, File: file, Line: line, What: fmt.Sprintf(format, args...)}
}

// inList names the list in an error that a reader below did not know it for.
func inList(list string, err error) error {
	if refused, ok := errors.AsType[*Error](err); ok && refused.List == "" {
		refused.List = list
	}
	return err
}
