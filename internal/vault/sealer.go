package vault

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Sealer seals and opens the data of one applicant. It is safe for concurrent use.
type Sealer struct {
	columns tink.AEAD
	stream  func() (*keyset.Handle, error)     // unwraps on first use, then remembers
	files   func() (tink.StreamingAEAD, error) // of it
	bound   []byte                             // tenant and applicant, in front of every additional data
}

// Seal encrypts plaintext. The additional data ad names its place (the column, with the row where a table holds
// several rows of one applicant); Open must be given the same. The result is 33 bytes longer.
func (s *Sealer) Seal(plaintext, ad []byte) ([]byte, error) {
	sealed, err := s.columns.Encrypt(plaintext, slices.Concat(s.bound, ad))
	if err != nil {
		return nil, fmt.Errorf("seal data: %w", err)
	}
	return sealed, nil
}

// Open decrypts what Seal sealed for the same applicant and ad. Its error wraps [ErrTampered].
func (s *Sealer) Open(sealed, ad []byte) ([]byte, error) {
	plaintext, err := s.columns.Decrypt(sealed, slices.Concat(s.bound, ad))
	if err != nil {
		return nil, fmt.Errorf("open data: %w", ErrTampered)
	}
	return plaintext, nil
}

// EncryptingWriter returns a writer that encrypts to w in segments of 1 MB (Tink's AES256-GCM-HKDF-1MB). Close writes
// the last segment, without which the whole does not decrypt; it does not close w.
func (s *Sealer) EncryptingWriter(w io.Writer, ad []byte) (io.WriteCloser, error) {
	files, err := s.files()
	if err != nil {
		return nil, err
	}
	out, err := files.NewEncryptingWriter(w, slices.Concat(s.bound, ad))
	if err != nil {
		return nil, fmt.Errorf("begin encryption: %w", err)
	}
	return out, nil
}

// DecryptingReader returns a reader of what EncryptingWriter wrote for the same applicant and ad. It hands out only
// bytes whose segment proved genuine, and io.EOF only after the genuine last segment: a stream cut anywhere ends with
// an error that wraps [ErrTampered]. An error of r itself is passed on.
func (s *Sealer) DecryptingReader(r io.Reader, ad []byte) (io.Reader, error) {
	files, err := s.files()
	if err != nil {
		return nil, err
	}
	src := &source{r: r}
	plain, err := files.NewDecryptingReader(src, slices.Concat(s.bound, ad))
	if err != nil {
		return nil, fmt.Errorf("begin decryption: %w", err)
	}
	return &decrypting{src: src, plain: plain}, nil
}

// source remembers why reading the ciphertext failed, because Tink reports a failing disk within the first segment as
// a key that does not match.
type source struct {
	r   io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// decrypting keeps an error once it has occurred: Tink's reader answers a second Read after a cut last segment with
// io.EOF, which a caller that tries again would take for the end of the file.
type decrypting struct {
	src   *source
	plain io.Reader
	err   error
}

func (d *decrypting) Read(p []byte) (int, error) {
	if d.err != nil {
		return 0, d.err
	}
	n, err := d.plain.Read(p)
	switch {
	case err == nil:
	case d.src.err != nil:
		d.err = fmt.Errorf("read encrypted data: %w", d.src.err)
	case err == io.EOF: // only Tink's bare io.EOF means that the last segment proved genuine
		d.err = io.EOF
	default:
		d.err = fmt.Errorf("decrypt data: %w", ErrTampered)
	}
	return n, d.err
}
