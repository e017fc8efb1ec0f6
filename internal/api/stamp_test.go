package api_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

func TestStamps(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	s := api.Stamps{Key: bytes.Repeat([]byte{7}, 32), Now: func() time.Time { return now }}
	text := s.Stamp("file", "tenant/file-1", now.Add(time.Hour))
	if got, err := s.Stamped("file", text); err != nil || got != "tenant/file-1" {
		t.Fatalf("got %q, %v", got, err)
	}
	if again := s.Stamp("file", "tenant/file-1", now.Add(time.Hour)); again != text {
		t.Error("the same statement has two texts")
	}
	parts := strings.Split(text, ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`))
	other := api.Stamps{Key: bytes.Repeat([]byte{8}, 32)}
	for name, bad := range map[string]string{
		"empty": "", "no dots": "abc", "without signature": parts[0] + "." + parts[1] + ".", "unsigned": none + "." + parts[1] + ".",
		"of another key":         other.Stamp("file", "tenant/file-1", now.Add(time.Hour)),
		"for another use":        s.Stamp("link", "tenant/file-1", now.Add(time.Hour)),
		"with a changed subject": parts[0] + "." + strings.Replace(parts[1], parts[1][20:21], "x", 1) + "." + parts[2],
		"with more behind it":    text + "AA",
	} {
		var e *usher.Error
		if _, err := s.Stamped("file", bad); !errors.As(err, &e) || e.Code != usher.CodeUnauthenticated {
			t.Errorf("a text %s gives %v", name, err)
		}
	}
	late := api.Stamps{Key: s.Key, Now: func() time.Time { return now.Add(time.Hour) }}
	var e *usher.Error
	if _, err := late.Stamped("file", text); !errors.As(err, &e) || e.Code != usher.CodeGone {
		t.Errorf("a text whose time is over gives %v", err)
	}
}

func FuzzStamped(f *testing.F) {
	s := api.Stamps{Key: bytes.Repeat([]byte{7}, 32)}
	f.Add(s.Stamp("file", "x", time.Unix(1<<40, 0)), "file")
	f.Add("a.b.c", "file")
	f.Fuzz(func(t *testing.T, text, purpose string) {
		subject, err := s.Stamped(purpose, text)
		if err == nil && subject != "x" {
			t.Errorf("%q passes and says %q", text, subject)
		}
	})
}
