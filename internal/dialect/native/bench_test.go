package native_test

import (
	"strings"
	"testing"
)

// The costs of a call through everything: front, token, idempotency, huma, engine, SQLite.
func BenchmarkCalls(b *testing.B) {
	h := open(b)
	id := h.session(b)
	b.Run("read session", func(b *testing.B) {
		for b.Loop() {
			h.do(b, "GET", "/v1/sessions/"+id, nil).want(b, 200)
		}
	})
	b.Run("create applicant", func(b *testing.B) {
		for b.Loop() {
			h.do(b, "POST", "/v1/applicants", astrid).want(b, 201)
		}
	})
	b.Run("refuse applicant", func(b *testing.B) {
		body := `{"first_name": "` + strings.Repeat("1", 50) + `"}`
		for b.Loop() {
			h.do(b, "POST", "/v1/applicants", body).want(b, 422)
		}
	})
}
