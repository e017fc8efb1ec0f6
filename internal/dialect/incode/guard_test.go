package incode_test

import (
	"context"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
	"github.com/usher-kyc/usher/internal/auth"
	"github.com/usher-kyc/usher/internal/dialect/incode"
)

// opened counts how often evidence is opened.
type opened struct {
	usher.Service
	times int
}

func (o *opened) OpenEvidence(ctx context.Context, tenant, session, id string, offset int64, by usher.Actor) (usher.Evidence, io.ReadCloser, error) {
	o.times++
	return o.Service.OpenEvidence(ctx, tenant, session, id, offset, by)
}

// A name that is asked for many times is looked for once, also where nothing comes of it: each search for a face takes long.
func TestImagesAskedForTwice(t *testing.T) {
	t.Parallel()
	w := open(t)
	service, searched := &opened{Service: w.Service}, 0
	w.backend.Service = service
	w.backend.Portrait = func(context.Context, []byte) ([]byte, error) {
		searched++
		return nil, usher.NotFound("face")
	}
	w.serve(t)
	c, _ := w.by(t, w.House.Tenant).start(nil)
	c.call("POST", "/omni/add/front-id/v2", object{"base64Image": picture}, http.StatusOK)
	names := slices.Repeat([]string{"croppedIDFace", "fullFrameFrontID", "selfie", "nothing"}, 50)
	got := c.call("POST", "/omni/get/images", object{"images": names}, http.StatusOK)
	if len(got) != 1 || got["fullFrameFrontID"] != picture {
		t.Errorf("%d images", len(got))
	}
	if searched != 1 || service.times != 2 {
		t.Errorf("%d searches for a face, %d files opened", searched, service.times)
	}
}

// An API key that may only read begins nothing, and gives no token for what was begun.
func TestStartNeedsWrite(t *testing.T) {
	t.Parallel()
	w := open(t, func(_ *usher.Tenant, n *auth.NewClient, _ *api.Backend) { n.Scopes = []usher.Scope{usher.ScopeRead} })
	s, _, err := w.StartSession(t.Context(), w.client, usher.NewSession{Applicant: &usher.NewApplicant{Kind: usher.Person}, Flow: "incode"})
	if err != nil {
		t.Fatal(err)
	}
	key := w.by(t, w.House.Tenant)
	key.call("POST", "/omni/start", object{"configurationId": incode.ConfigurationID(w.House.Tenant.ID, "incode")}, http.StatusForbidden)
	key.call("POST", "/omni/start", object{"interviewId": s.ID}, http.StatusForbidden)
}

// strictLogin is a face login whose selfie is tested for life as well.
const strictLogin = `name: strict_login
purpose: face_login
steps:
  - selfie
  - run: {checks: [face_login, liveness], early: true}
  - decide: {automatic: approve}
`

// A login whose face is the right one is none while something else about it waits for a reviewer, and one when they approved it.
func TestLoginInReviewIsNotVerified(t *testing.T) {
	t.Parallel()
	w := open(t)
	tenant := w.House.Tenant
	w.Publish(tenant.ID, strictLogin)
	key := w.by(t, tenant)
	first, _ := key.start(object{"externalCustomerId": "cust-1"})
	first.capture()
	first.call("GET", "/omni/finish-status", nil, http.StatusOK)
	w.Checks.Set(usher.CheckLiveness, usher.Consider, usher.LivenessFailed)
	login, id := key.start(object{"configurationId": incode.ConfigurationID(tenant.ID, "strict_login"), "loginHint": "cust-1"})
	login.call("POST", "/omni/add/face/third-party", object{"base64Image": picture}, http.StatusOK)
	login.call("POST", "/omni/process/face", nil, http.StatusOK)
	verified := func() any {
		return key.call("POST", "/omni/authentication/verify", object{"interviewToken": login.header["X-Incode-Hardware-Id"]}, http.StatusOK)["verified"]
	}
	if verified() != false {
		t.Error("verified before it was sent, though the rules would not approve it")
	}
	login.call("GET", "/omni/finish-status", nil, http.StatusOK)
	if verified() != false {
		t.Error("verified, though it waits for a reviewer")
	}
	key.executive(tenant).call("POST", "/omni/process/approve?interviewId="+id, nil, http.StatusOK)
	if verified() != true {
		t.Error("not verified, though a reviewer approved it")
	}
}

// unlisted is a server without any list.
type unlisted struct{ lister }

func (unlisted) Screen(_ context.Context, _ string, subjects []usher.Subject, _ usher.ScreenOptions) (usher.ScreenResult, error) {
	return usher.ScreenResult{Hits: make([][]usher.Hit, len(subjects))}, nil
}

// Where there is nothing to search, nobody is said to be on no list.
func TestNoListsIsNoResult(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.backend.Screener = unlisted{}
	w.serve(t)
	c, _ := w.by(t, w.House.Tenant).start(nil)
	c.call("POST", "/omni/watchlist-result", object{"firstName": "Anna", "surName": "Lopez"}, http.StatusBadRequest)
}

// Interviews that begin at once with one external id are of one person, as those that begin one after another are.
func TestOnePersonOfManyStarts(t *testing.T) {
	t.Parallel()
	w := open(t)
	key := w.by(t, w.House.Tenant)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			body := object{"configurationId": incode.ConfigurationID(w.House.Tenant.ID, "incode"), "externalCustomerId": "cust-1"}
			if rec := key.send("POST", "/omni/start", body); rec.Code != http.StatusOK {
				t.Errorf("%d %s", rec.Code, rec.Body)
			}
		})
	}
	all.Wait()
	page, err := w.ListApplicants(t.Context(), w.House.Tenant.ID, usher.ApplicantFilter{Reference: "cust-1"})
	if err != nil || len(page.Items) != 1 {
		t.Errorf("%d people, %v", len(page.Items), err)
	}
}
