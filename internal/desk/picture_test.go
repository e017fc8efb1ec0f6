package desk_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/usher-kyc/usher"
)

func TestEveryLookIsOnTheTrail(t *testing.T) {
	t.Parallel()
	f := open(t)
	vera := f.member("vera", usher.RoleViewer)
	s := f.inReview(person{first: "Ada", last: "First"})
	b := f.plain("vera")
	if page := b.get("/cases/" + s.ID).body; !strings.Contains(page, "Nobody has looked yet.") {
		t.Error("a case that nobody looked at says otherwise")
	}
	picture := "/cases/" + s.ID + "/picture/" + s.Evidence[0].ID + "/"
	for _, size := range []string{"case", "large"} {
		got := b.get(picture + size)
		if got.status != http.StatusOK || got.header.Get("Content-Type") != "image/jpeg" || !strings.Contains(got.header.Get("Content-Security-Policy"), "sandbox") {
			t.Fatalf("%s answers %d %v", size, got.status, got.header)
		}
		if sha([]byte(got.body)) == s.Evidence[0].SHA256 {
			t.Errorf("%s gives the bytes as they came in", size)
		}
	}
	records, err := f.Records(t.Context(), f.Tenant.ID, s.Evidence[0].ID, usher.Paging{Limit: 10})
	f.must(err)
	if len(records.Items) != 2 || records.Items[0].Actor.ID != vera.ID || records.Items[0].Action != "evidence.viewed" {
		t.Errorf("the trail has %+v", records.Items)
	}
	if page := b.get("/cases/" + s.ID).body; !strings.Contains(page, "2 looks") {
		t.Error("the case does not show who looked")
	}
	if got := b.get(picture + "huge"); got.status != http.StatusNotFound {
		t.Errorf("an unknown size answers %d", got.status)
	}
}

func TestPictureIsForOurPagesOnly(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("vera", usher.RoleViewer)
	s := f.inReview(person{first: "Ada", last: "First"})
	b := f.plain("vera")
	for dest, want := range map[string]int{"image": http.StatusOK, "document": http.StatusForbidden, "iframe": http.StatusForbidden} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.url+"/cases/"+s.ID+"/picture/"+s.Evidence[0].ID+"/case", nil)
		f.must(err)
		req.Header.Set("Sec-Fetch-Dest", dest)
		res, err := b.Do(req)
		f.must(err)
		f.must(res.Body.Close())
		if res.StatusCode != want {
			t.Errorf("asked for as %s it answers %d, want %d", dest, res.StatusCode, want)
		}
	}
}

func TestFilesThatAreNotPicturesAreSaved(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.member("vera", usher.RoleReviewer)
	f.member("lena", usher.RoleViewer)
	c := f.Client(f.Tenant, "native")
	s, _, err := f.Service.StartSession(t.Context(), c, usher.NewSession{
		Flow: "address", Applicant: &usher.NewApplicant{Kind: usher.Person, Details: usher.Details{LastName: "Paper"}},
	})
	f.must(err)
	n := usher.NewEvidence{Kind: usher.ProofOfAddress, Source: usher.FromUpload, ContentType: "application/pdf", By: usher.Actor{Kind: usher.ByClient}}
	_, e, err := f.Service.AddEvidence(t.Context(), f.Tenant.ID, s.ID, n, strings.NewReader("%PDF-1.7 <script>"))
	f.must(err)
	got := f.plain("vera").get("/cases/" + s.ID + "/file/" + e.ID)
	if got.status != http.StatusOK || got.header.Get("Content-Disposition") != `attachment; filename="proof_of_address.pdf"` ||
		got.header.Get("Content-Type") != "application/octet-stream" || got.body != "%PDF-1.7 <script>" {
		t.Errorf("it answers %d %v", got.status, got.header)
	}
	if got := f.plain("lena").get("/cases/" + s.ID + "/file/" + e.ID); got.status != http.StatusForbidden {
		t.Errorf("a viewer gets %d", got.status)
	}
}
