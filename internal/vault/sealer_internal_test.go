package vault

import "testing"

// TestSealerBindsApplicant looks below Seal, because from outside the applicant's own key hides whether the tenant and
// the applicant are bound into the data as well.
func TestSealerBindsApplicant(t *testing.T) {
	t.Parallel()
	m, err := ParseMaster("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=")
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
	sealed, err := s.Seal([]byte("Ada"), []byte("name"))
	if err != nil {
		t.Fatal(err)
	}
	moved := *s
	moved.bound = bind("applicant data", "t1", "a2")
	if _, err := moved.Open(sealed, []byte("name")); err == nil {
		t.Error("opens for another applicant")
	}
	if _, err := s.columns.Decrypt(sealed, []byte("name")); err == nil {
		t.Error("opens without an applicant")
	}
}
