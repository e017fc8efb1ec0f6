package trace_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/usher-kyc/usher/internal/trace"
)

func TestAnswerRemembersWhatWasSaid(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		say    func(w http.ResponseWriter)
		status int
		begun  bool
	}{
		{"nothing", func(http.ResponseWriter) {}, 200, false},
		{"a body alone", func(w http.ResponseWriter) { _, _ = w.Write([]byte("x")) }, 200, true},
		{"a status", func(w http.ResponseWriter) { w.WriteHeader(404) }, 404, true},
		{"hints before the status", func(w http.ResponseWriter) { w.WriteHeader(103); w.WriteHeader(409) }, 409, true},
		{"a second status, which no server sends", func(w http.ResponseWriter) { w.WriteHeader(201); w.WriteHeader(500) }, 201, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			under := httptest.NewRecorder()
			a := trace.Watch(under)
			tt.say(a)
			if a.Status() != tt.status || a.Begun() != tt.begun {
				t.Errorf("it remembers %d, begun %t; want %d, %t", a.Status(), a.Begun(), tt.status, tt.begun)
			}
			if err := http.NewResponseController(a).Flush(); err != nil || !under.Flushed {
				t.Errorf("the connection is out of reach: %v", err)
			}
		})
	}
}

func TestMethodsOfTheirOwnAreNotTold(t *testing.T) {
	t.Parallel()
	for method, want := range map[string]string{"GET": "GET", "PATCH": "PATCH", "STEAL-MY-LOG": "other", "get": "other"} {
		if got := trace.Method(httptest.NewRequest(method, "/", nil)); got != want {
			t.Errorf("%s is told as %q, want %q", method, got, want)
		}
	}
}
