package main

import (
	"net/http"
	"strconv"
	"testing"

	"github.com/usher-kyc/usher"
)

// Who tries links one after the other is stopped, for right ones as well; pages that hold no secret stay open to them.
func TestLinksAreNotGuessed(t *testing.T) {
	t.Parallel()
	w := walkable(t)
	_, link, err := w.h.StartSession(t.Context(), w.own.client, usher.NewSession{Flow: flowOnboarding, Applicant: &usher.NewApplicant{Kind: usher.Person}})
	w.must(err)
	get := func(path string) int {
		status, _, _ := w.ask(plainly, http.MethodGet, path, "", nil, nil)
		return status
	}
	right := verifyBase + "/s/" + link.Token
	if status := get(right); status != http.StatusOK {
		t.Fatalf("a right link answers %d", status)
	}
	for i := range wrongLinks {
		of := i % len(secrets)
		want := []int{http.StatusNotFound, http.StatusNotFound, http.StatusSeeOther}[of] // a wrong invitation leads to the page for signing in
		if status := get(secrets[of] + "guess" + strconv.Itoa(i)); status != want {
			t.Fatalf("guess %d answers %d", i, status)
		}
	}
	for _, path := range []string{right, secrets[0] + "one-more", secrets[1] + "one-more", secrets[2] + "one-more"} {
		if status := get(path); status != http.StatusTooManyRequests {
			t.Errorf("%s after too many guesses answers %d", path, status)
		}
	}
	for _, path := range []string{verifyBase + "/help", deskBase + "/sign-in", "/livez"} {
		if status := get(path); status != http.StatusOK {
			t.Errorf("%s answers %d", path, status)
		}
	}
}
