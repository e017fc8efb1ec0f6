package auth_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher"
)

func TestBearer(t *testing.T) {
	t.Parallel()
	d := open(t)
	c, _ := d.client(t, "native", usher.ScopeRead, usher.ScopeWrite)
	token, err := d.Issue(t.Context(), c, []usher.Scope{usher.ScopeRead}, time.Hour, 0)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(token.Access, "ush_at_") || token.Refresh != "" || !token.ExpiresAt.Equal(d.now().Add(time.Hour)) {
		t.Errorf("token is %+v", token)
	}
	d.wait(time.Hour - time.Second)
	got, scopes, err := d.Bearer(t.Context(), "native", token.Access)
	if err != nil || got.ID != c.ID || !cmp.Equal(scopes, []usher.Scope{usher.ScopeRead}) {
		t.Errorf("got client %q with %v, %v", got.ID, scopes, err)
	}
	_, _, err = d.Bearer(t.Context(), "ondato", token.Access)
	wantCode(t, err, usher.CodeUnauthenticated)
	d.wait(time.Second)
	_, _, err = d.Bearer(t.Context(), "native", token.Access)
	wantCode(t, err, usher.CodeUnauthenticated)
}

func TestIssueRefusesScopesOfOthers(t *testing.T) {
	t.Parallel()
	d := open(t)
	c, _ := d.client(t, "native", usher.ScopeRead)
	_, err := d.Issue(t.Context(), c, []usher.Scope{usher.ScopeRead, usher.ScopeAdmin}, time.Hour, 0)
	if told := wantCode(t, err, usher.CodeInvalid); told.Field != "scope" {
		t.Errorf("error names the field %q", told.Field)
	}
}

// The lifetimes are those of Intergiro's contract, section 2: a session of an hour, in which a login and three refreshes fit.
func TestRefreshThroughASession(t *testing.T) {
	t.Parallel()
	const access, length = 15 * time.Minute, time.Hour
	d := open(t)
	c, _ := d.client(t, "intergiro")
	token, err := d.Issue(t.Context(), c, nil, access, length)
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.Refresh(t.Context(), "intergiro", token.Refresh, access)
	wantCode(t, err, usher.CodeConflict)
	for range 3 {
		d.wait(access)
		next, err := d.Refresh(t.Context(), "intergiro", token.Refresh, access)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := d.Bearer(t.Context(), "intergiro", next.Access); err != nil {
			t.Fatal(err)
		}
		token = next
	}
	d.wait(access)
	_, err = d.Refresh(t.Context(), "intergiro", token.Refresh, access)
	wantCode(t, err, usher.CodeUnauthenticated)
}

func TestAccessTokenDoesNotOutliveItsSession(t *testing.T) {
	t.Parallel()
	d := open(t)
	c, _ := d.client(t, "intergiro")
	token, err := d.Issue(t.Context(), c, nil, 15*time.Minute, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	end := d.now().Add(time.Hour)
	d.wait(50 * time.Minute)
	if token, err = d.Refresh(t.Context(), "intergiro", token.Refresh, 15*time.Minute); err != nil {
		t.Fatal(err)
	}
	if !token.ExpiresAt.Equal(end) {
		t.Errorf("access token ends %v, the session %v", token.ExpiresAt, end)
	}
}

func TestReusedRefreshTokenEndsTheLogin(t *testing.T) {
	t.Parallel()
	d := open(t)
	c, _ := d.client(t, "intergiro")
	first, err := d.Issue(t.Context(), c, nil, 15*time.Minute, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	bystander, err := d.Issue(t.Context(), c, nil, time.Hour, 2*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	d.wait(15 * time.Minute)
	second, err := d.Refresh(t.Context(), "intergiro", first.Refresh, 15*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.Refresh(t.Context(), "intergiro", first.Refresh, 15*time.Minute)
	wantCode(t, err, usher.CodeUnauthenticated)
	_, _, err = d.Bearer(t.Context(), "intergiro", second.Access)
	wantCode(t, err, usher.CodeUnauthenticated)
	d.wait(15 * time.Minute)
	_, err = d.Refresh(t.Context(), "intergiro", second.Refresh, 15*time.Minute)
	wantCode(t, err, usher.CodeUnauthenticated)
	if _, _, err := d.Bearer(t.Context(), "intergiro", bystander.Access); err != nil {
		t.Errorf("another login of the client ended as well: %v", err)
	}
	told := 0
	records, err := d.store.ListAudit(t.Context(), tenant, c.ID, usher.Paging{Limit: 50})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if r.Action == "client.token_reused" {
			told++
		}
	}
	if told != 1 {
		t.Errorf("%d entries of the trail, want one", told)
	}
}

func TestTokensAreForTheirOwnPurpose(t *testing.T) {
	t.Parallel()
	d := open(t)
	c, _ := d.client(t, "intergiro")
	token, err := d.Issue(t.Context(), c, nil, time.Minute, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	d.wait(time.Minute)
	for name, call := range map[string]func() error{
		"refresh with the access token": func() error {
			_, err := d.Refresh(t.Context(), "intergiro", token.Access, time.Minute)
			return err
		},
		"call with the refresh token": func() error { _, _, err := d.Bearer(t.Context(), "intergiro", token.Refresh); return err },
		"refresh in another dialect": func() error {
			_, err := d.Refresh(t.Context(), "incode", token.Refresh, time.Minute)
			return err
		},
	} {
		err := call()
		t.Run(name, func(t *testing.T) { wantCode(t, err, usher.CodeUnauthenticated) })
	}
}

func TestOneOfManyRefreshesWins(t *testing.T) {
	t.Parallel()
	d := open(t)
	c, _ := d.client(t, "intergiro")
	token, err := d.Issue(t.Context(), c, nil, time.Minute, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	d.wait(time.Minute)
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() { _, errs[i] = d.Refresh(t.Context(), "intergiro", token.Refresh, time.Minute) })
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		var told *usher.Error
		switch {
		case err == nil:
			won++
		case !errors.As(err, &told) || told.Code != usher.CodeUnauthenticated:
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d refreshes of one token succeeded", won)
	}
}

func BenchmarkBearer(b *testing.B) {
	d := open(b)
	c, _ := d.client(b, "native")
	token, err := d.Issue(b.Context(), c, nil, time.Hour, 0)
	if err != nil {
		b.Fatal(err)
	}
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, _, err := d.Bearer(b.Context(), "native", token.Access); err != nil {
				b.Error(err)
			}
		}
	})
}
