// Package blob keeps evidence files: encrypted for one applicant, addressed by the SHA-256 of the original bytes.
//
// Data passes through like this:
//
//	Put:  reader ─▶ size limit ─┬▶ SHA-256 ─────────────▶ the name
//	                            └▶ Sealer ─▶ temporary file ─▶ fsync ─▶ rename ─▶ fsync of the folders ─▶ Info
//	Open: file ─▶ Sealer ─▶ SHA-256 compared with the name at the end ─▶ reader
//
// A [Folder] is for one machine, an [S3] bucket for many; both hold the same sealed bytes. In a bucket a file up to one
// part is a single PUT under its name; a larger one goes up part by part under a passing name and is copied to its own
// by the store itself, so that nothing half-written ever has a name:
//
//	Put:  … Sealer ─▶ part ─▶ … ─▶ .tmp/… complete ─▶ copy to tenant/applicant/sha256 ─▶ Info
//	Open: range of the object ─▶ its segments, proved one by one and by what was sealed about the whole ─▶ reader
//
// What Put acknowledged survives a kill and a power cut. What Open hands out is what Put was given: a file that was
// cut, changed or exchanged for another gives an error that wraps [ErrDamaged], never short data with a clean end.
//
// The same picture sent twice by an applicant is one file. A file may therefore belong to several evidence rows, and
// nobody deletes it because one row went: rows are deleted and [Store.Sweep] collects the files no row names. The keys
// come from outside through [Keys]; when an applicant's key is gone, what remains here is noise.
package blob

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

var (
	// ErrNotFound says that no file is stored under the reference.
	ErrNotFound = errors.New("evidence file not found")
	// ErrTooLarge says that the bytes given to Put are more than allowed. Nothing was stored.
	ErrTooLarge = errors.New("evidence file too large")
	// ErrDamaged says that the stored file is not what was put there.
	ErrDamaged = errors.New("evidence file damaged")
	// ErrRange says that a range begins behind the end of the file.
	ErrRange = errors.New("range begins behind the end of the evidence file")
	// ErrUnavailable says that the storage does not answer, or not as it should. Nothing is lost; try again.
	ErrUnavailable = errors.New("evidence store unavailable")
	// ErrName says that a reference is malformed, or that a tenant or applicant id cannot be part of a path.
	ErrName = errors.New("malformed evidence reference")
)

// Ref names a stored file. Its text form is tenant/applicant/sha256.
type Ref struct {
	Tenant    string
	Applicant string
	SHA256    string // of the original bytes, 64 lower case hexadecimal digits
}

// String returns the text form, which ParseRef reads.
func (r Ref) String() string { return r.Tenant + "/" + r.Applicant + "/" + r.SHA256 }

// ParseRef reads the text form of a reference. Its error wraps [ErrName].
func ParseRef(text string) (Ref, error) {
	var r Ref
	parts := strings.Split(text, "/")
	if len(parts) != 3 {
		return r, ErrName
	}
	r = Ref{Tenant: parts[0], Applicant: parts[1], SHA256: parts[2]}
	return r, r.check()
}

func (r Ref) check() error {
	if err := checkOwner(r.Tenant, r.Applicant); err != nil {
		return err
	}
	if sum, err := hex.DecodeString(r.SHA256); err != nil || len(sum) != 32 || strings.ToLower(r.SHA256) != r.SHA256 {
		return fmt.Errorf("%w: sha256", ErrName)
	}
	return nil
}

// checkOwner allows in ids what needs no escaping in a path or an S3 key: letters, digits, - and _, at most 64. Names
// that begin with a dot are thereby free for the store itself.
func checkOwner(tenant, applicant string) error {
	for _, id := range []struct{ field, value string }{{"tenant", tenant}, {"applicant", applicant}} {
		if id.value == "" || len(id.value) > 64 || strings.ContainsFunc(id.value, notIDRune) {
			return fmt.Errorf("%w: %s", ErrName, id.field)
		}
	}
	return nil
}

func notIDRune(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '-', r == '_':
		return false
	}
	return true
}

// Object says whose bytes Put is given.
type Object struct {
	Tenant    string
	Applicant string
	// MaxSize is the largest size allowed, in bytes; the store's own limit when zero, and never more than that.
	MaxSize int64
}

// Info describes what Put stored.
type Info struct {
	Ref  Ref
	Size int64 // bytes of the original
}

// Range is a part of a file in bytes of the original. The zero value is the whole file. Length 0 means up to the end,
// and a length that reaches behind the end is cut there, as in HTTP (RFC 9110 section 14.1.2).
type Range struct {
	Offset int64
	Length int64
}

// Swept is what a Sweep removed.
type Swept struct {
	Files int    // evidence files no row names
	Temps int    // leftovers of Puts that a crash ended
	Bytes int64  // of both, as stored
	Next  string // where to go on; "" is the end
}

// Part says how much of a store a Sweep goes through. The zero value is all of it.
type Part struct {
	After string // Next of the part before
	Most  int    // files, or a few more; 0 has no bound
}

// Store keeps evidence files. Implementations are safe for concurrent use.
type Store interface {
	// Put reads r to its end and stores it for the applicant. When it returns without an error the file is on the
	// disk. Putting the same bytes again is no error and gives the same reference. Errors wrap [ErrTooLarge] or
	// [ErrName] or come from r, the keys or the storage; after an error nothing new is visible.
	Put(ctx context.Context, obj Object, r io.Reader) (Info, error)
	// Open returns a reader of the file or a part of it; the caller closes it. The whole file is streamed and found
	// damaged at the latest instead of its io.EOF, so the caller must heed the last error. Of a part no byte is handed out
	// that is not proved to be the file's: a folder reads the file once before the first byte, a bucket proves each
	// segment that it fetches. Errors wrap [ErrNotFound],
	// [ErrDamaged] or [ErrRange] or come from the keys or the storage.
	Open(ctx context.Context, ref Ref, part Range) (io.ReadCloser, error)
	// Delete removes a file; that there is none is no error. The caller knows that no evidence row names it.
	Delete(ctx context.Context, ref Ref) error
	// DeleteApplicant removes all files of an applicant; that there are none is no error.
	DeleteApplicant(ctx context.Context, tenant, applicant string) error
	// Sweep removes files last put before olderThan that known does not know, and leftovers of broken Puts of that
	// age. olderThan must leave time for a Put to get its row: hours ago, not seconds. An error of known, from a
	// database that is away for instance, ends the sweep behind the file it was about; what it had removed until then is
	// returned with it.
	Sweep(ctx context.Context, known func(context.Context, Ref) (bool, error), olderThan time.Time, part Part) (Swept, error)
	// Name tells stores apart.
	Name() string
}

// Sealer encrypts and decrypts with the key of one applicant. A vault.Sealer is one. The reader must end with io.EOF
// only when the whole stream proved genuine.
type Sealer interface {
	EncryptingWriter(w io.Writer, ad []byte) (io.WriteCloser, error)
	DecryptingReader(r io.Reader, ad []byte) (io.Reader, error)
	// Segments opens single segments of what EncryptingWriter wrote, by the header it begins with.
	Segments(header, ad []byte) (func(number int64, last bool, sealed []byte) ([]byte, error), error)
	Seal(plaintext, ad []byte) ([]byte, error)
	Open(sealed, ad []byte) ([]byte, error)
}

// Keys returns the Sealer of an applicant, or an error when the applicant's key is gone.
type Keys func(ctx context.Context, tenant, applicant string) (Sealer, error)

// sealedAs is the additional data of every evidence file. It cannot name the file, whose name is known only after the
// last byte; Open compares the name instead.
const sealedAs = "usher/v1 evidence file"
