package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/usher-kyc/usher/client"
)

// A whole onboarding: start a session, send the applicant to its link, and read what came of it.
func Example() {
	house := example()
	ctx := context.Background()
	usher := &client.Client{BaseURL: house.server.URL, ID: house.client.ID, Secret: house.client.Secret}

	session, err := usher.StartSession(ctx, client.NewSession{
		Applicant: &client.NewApplicant{FirstName: "Astrid", LastName: "Lindqvist", DateOfBirth: "1991-12-06", Reference: "customer-4711"},
		ReturnURL: "https://client.example/done",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("redirect the applicant:", strings.HasPrefix(session.URL, "https://verify.example.test/"))

	// In a sandbox the applicant can be played.
	if _, err = usher.Simulate(ctx, session.ID, "submit"); err != nil {
		fmt.Println(err)
		return
	}
	house.Settle() // lets the checks of this example's server run

	session, err = usher.Session(ctx, session.ID)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(session.State, session.Decision.By.Kind)
	// Output:
	// redirect the applicant: true
	// approved system
}

// Mistakes are told with the member they are in.
func ExampleError() {
	_, err := example().client.CreateApplicant(context.Background(), client.NewApplicant{Phone: "+46 70 123 45 67"})
	if e, ok := errors.AsType[*client.Error](err); ok {
		fmt.Println(e.Status, e.Errors[0].Pointer)
	}
	// Output: 422 #/phone
}

// Events can be pulled: keep the id of the last one and go on from there.
func ExampleClient_Events() {
	house := example()
	ctx := context.Background()
	person, err := house.client.CreateApplicant(ctx, client.NewApplicant{LastName: "Lindqvist"})
	if err != nil {
		fmt.Println(err)
		return
	}
	email := "astrid@example.com"
	if _, err = house.client.UpdateApplicant(ctx, person.ID, client.ApplicantPatch{Email: &email}); err != nil {
		fmt.Println(err)
		return
	}
	last := ""
	for event, err := range house.client.Events(ctx, client.EventFilter{After: last, ApplicantID: person.ID}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(event.Sequence, event.Type, event.Data.Fields)
		last = event.ID
	}
	// Output:
	// 1 applicant.created []
	// 2 applicant.updated [email]
}

// A webhook is verified before anything of it is believed.
func ExampleVerify() {
	const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" // of CreateEndpoint
	receive := func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			http.Error(w, "cannot read the body", http.StatusBadRequest)
			return
		}
		event, err := client.Verify(r.Header, body, time.Now(), secret)
		if err != nil {
			http.Error(w, "not from usher", http.StatusUnauthorized)
			return
		}
		// Note event.ID and do the work elsewhere: an answer within seconds, or the webhook is sent again.
		_ = event.SessionID
		w.WriteHeader(http.StatusNoContent)
	}
	http.HandleFunc("POST /hooks/usher", receive)
}
