package hosted

import (
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/web"
	assets "github.com/usher-kyc/usher/web"
)

func catalog(t testing.TB) *web.Catalog {
	t.Helper()
	c, err := web.LoadCatalog(assets.Files, "hosted")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestReadBirth(t *testing.T) {
	t.Parallel()
	c, now := catalog(t), time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	for _, b := range []struct {
		day, month, year string
		want             usher.Date
	}{
		{"1", "2", "1990", "1990-02-01"},
		{"01", "02", "1990", "1990-02-01"},
		{"29", "February", "2024", "2024-02-29"},
		{"29", "feb.", "2024", "2024-02-29"},
		{"5", "MAJ", "1980", "1980-05-05"},
		{"5", "okt", "1980", "1980-10-05"},
		{"5", "oct", "1980", "1980-10-05"},
		{"22", "11", "2026", "2026-11-22"},
		{"5", "lapkričio", "1980", "1980-11-05"},
		{"5", "lapkritis", "1980", "1980-11-05"},
		{"5", "rugsėjis", "1980", "1980-09-05"},
		{"5", "rug", "1980", ""}, // August or September
		{"5", "março", "1980", "1980-03-05"},
		{"5", "dic.", "1980", "1980-12-05"},
		{"29", "2", "2025", ""},
		{"23", "11", "2026", ""},
		{"0", "1", "1990", ""},
		{"1", "13", "1990", ""},
		{"1", "ma", "1990", ""},
		{"1", "1", "90", ""},
		{"1", "1", "1895", ""},
		{"-1", "1", "1990", ""},
	} {
		got, wrong := readBirth(b.day, b.month, b.year, c, now)
		if got != b.want || (wrong == "") != (b.want != "") {
			t.Errorf("%s %s %s: %q (%s), want %q", b.day, b.month, b.year, got, wrong, b.want)
		}
	}
}

func TestReadPhone(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"+46 70-123 45 67": "46701234567", "0046701234567": "46701234567", "46 (70) 123.45.67": "46701234567", "+1 212 555 0100": "12125550100",
		"070 123 45 67": "", "+46": "", "": "", "+4670123456789012": "", "+46 70 ABC DEF": "", "++46701234567": "", "+٤٦٧٠١٢٣٤٥": "",
	} {
		got, ok := readPhone(in)
		if ok != (want != "") || ok && got != want {
			t.Errorf("%q: %q %v, want %q", in, got, ok, want)
		}
	}
}

// TestCountries holds the order of each alphabet: Åland comes last in Swedish and near the front in English.
func TestCountries(t *testing.T) {
	t.Parallel()
	lists := countries(catalog(t))
	en, sv := lists["en"], lists["sv"]
	if len(en) != 249 || len(sv) != 249 {
		t.Fatalf("%d and %d countries; ISO 3166-1 has 249", len(en), len(sv))
	}
	if en[0].Code != "AF" || en[1].Code != "AX" || sv[len(sv)-1].Code != "TL" || sv[len(sv)-2].Code != "AT" {
		t.Errorf("English begins %v, Swedish ends %v", en[:2], sv[len(sv)-3:])
	}
	for tag, first := range map[string]string{"es": "AF", "lt": "AF", "pt-BR": "AF"} {
		if list := lists[tag]; len(list) != 249 || list[0].Code != first {
			t.Errorf("%s has %d countries and begins %v", tag, len(list), list[:1])
		}
	}
}

// FuzzForm holds that whatever is typed, what is taken is well formed.
func FuzzForm(f *testing.F) {
	f.Add("12", "aug", "1974", "+46 70 123 45 67", "anna@example.com")
	f.Add("", "", "", "", "")
	f.Add("9223372036854775808", "1", "1990", "00", "@")
	c, now := catalog(f), time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, day, month, year, phone, email string) {
		if born, wrong := readBirth(day, month, year, c, now); wrong == "" {
			if _, err := usher.ParseDate(string(born)); err != nil || born.YearsAt(now) < 0 || born.YearsAt(now) > oldest {
				t.Errorf("took %q for a day of birth", born)
			}
		}
		if digits, ok := readPhone(phone); ok && (len(digits) < 7 || len(digits) > 15) {
			t.Errorf("took %q for a phone number", digits)
		}
		if address, ok := readEmail(email); ok && (address != email || len(address) < 3) {
			t.Errorf("took %q for an address", address)
		}
	})
}

// FuzzNote holds that a note that is not ours is read as an empty one.
func FuzzNote(f *testing.F) {
	h := &Hosted{config: Config{Key: []byte("a key of a test")}}
	ours := h.seal(note{Document: usher.Passport, From: 3, Typed: []usher.DetailField{usher.AskName}, Sent: []string{"e1"}}, "s1", "v1")
	if got := h.open(ours, "s1", "v1"); got.Document != usher.Passport || got.From != 3 || !got.typed(usher.AskName) || !got.sent("e1") {
		f.Fatalf("our own note is read as %+v", got)
	}
	f.Add(ours, "s1", "v2")
	f.Add(ours, "s2", "v1")
	f.Add("e30.", "s1", "v1")
	f.Add(ours[:len(ours)-1], "s1", "v1")
	f.Fuzz(func(t *testing.T, value, session, visit string) {
		if value == ours && session == "s1" && visit == "v1" {
			return
		}
		if got := h.open(value, session, visit); len(got.Typed) > 0 || got.Document != "" || got.From != 0 || len(got.Sent) != 0 {
			t.Errorf("a forged note is read as %+v", got)
		}
	})
}
