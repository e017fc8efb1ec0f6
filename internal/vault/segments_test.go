package vault_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"testing"

	"github.com/usher-kyc/usher/internal/vault"
)

// TestSegments holds that single segments open as they were written, by stream, number and end, and not otherwise.
func TestSegments(t *testing.T) {
	t.Parallel()
	m, err := vault.ParseMaster("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=")
	if err != nil {
		t.Fatal(err)
	}
	wrapped, err := m.NewKeyset("t1", "a1")
	if err != nil {
		t.Fatal(err)
	}
	s, err := m.Unwrap("t1", "a1", wrapped)
	if err != nil {
		t.Fatal(err)
	}
	plain := make([]byte, 2*vault.SegmentSize+1000)
	_, _ = rand.Read(plain)
	var sealed bytes.Buffer
	w, err := s.EncryptingWriter(&sealed, []byte("file"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	raw := sealed.Bytes()
	header := raw[:vault.HeaderSize]
	open, err := s.Segments(header, []byte("file"))
	if err != nil {
		t.Fatal(err)
	}
	first, second, last := raw[vault.HeaderSize:vault.SegmentSize], raw[vault.SegmentSize:2*vault.SegmentSize], raw[2*vault.SegmentSize:]
	var got []byte
	for i, segment := range [][]byte{first, second, last} {
		part, err := open(int64(i), i == 2, segment)
		if err != nil {
			t.Fatalf("segment %d: %v", i, err)
		}
		got = append(got, part...)
	}
	if !bytes.Equal(got, plain) {
		t.Error("the segments are not what was written")
	}
	otherAD, err := s.Segments(header, []byte("another file"))
	if err != nil {
		t.Fatal(err)
	}
	for name, try := range map[string]func() ([]byte, error){
		"another number":     func() ([]byte, error) { return open(2, false, second) },
		"not the last":       func() ([]byte, error) { return open(2, false, last) },
		"not the end":        func() ([]byte, error) { return open(1, true, second) },
		"cut":                func() ([]byte, error) { return open(1, false, second[:1000]) },
		"empty":              func() ([]byte, error) { return open(1, false, nil) },
		"of another purpose": func() ([]byte, error) { return otherAD(1, false, second) },
	} {
		if _, err := try(); !errors.Is(err, vault.ErrTampered) {
			t.Errorf("%s: %v, want ErrTampered", name, err)
		}
	}
	for _, bad := range [][]byte{nil, header[:10], append([]byte{9}, header[1:]...)} {
		if _, err := s.Segments(bad, nil); !errors.Is(err, vault.ErrTampered) {
			t.Errorf("header of %d bytes: %v, want ErrTampered", len(bad), err)
		}
	}
}
