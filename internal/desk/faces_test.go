package desk_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/desk"
)

// TestFacesSideBySide holds that a reviewer sees both faces cut out, is told that nobody compared them, and is on the trail for looking.
func TestFacesSideBySide(t *testing.T) {
	t.Parallel()
	f := open(t, func(c *desk.Config) {
		c.Portrait = func(_ context.Context, picture []byte) ([]byte, error) {
			if len(picture) == 0 {
				return nil, usher.NotFound("face")
			}
			return []byte("a face"), nil
		}
	})
	f.member("vera", usher.RoleViewer)
	s := f.inReview(person{first: "Ada", last: "First"})
	b := f.plain("vera")
	page := b.get("/cases/" + s.ID).body
	for _, words := range []string{"Faces side by side", "No software compared these faces."} {
		if !strings.Contains(page, words) {
			t.Errorf("the case does not say %q", words)
		}
	}
	shown := 0
	for _, e := range s.InForce() {
		at := "/cases/" + s.ID + "/picture/" + e.ID + "/face"
		if !strings.Contains(page, at) {
			continue
		}
		shown++
		if got := b.get(at); got.status != http.StatusOK || got.body != "a face" || got.header.Get("Content-Type") != "image/jpeg" {
			t.Errorf("%s answers %d", e.Kind, got.status)
		}
		if records, err := f.Records(t.Context(), f.Tenant.ID, e.ID, usher.Paging{Limit: 10}); err != nil || len(records.Items) != 1 {
			t.Errorf("the trail has %+v, %v", records.Items, err)
		}
	}
	if shown != 2 {
		t.Errorf("%d faces are shown", shown)
	}

	f = open(t)
	f.member("vera", usher.RoleViewer)
	s = f.inReview(person{first: "Ada", last: "First"})
	b = f.plain("vera")
	if page := b.get("/cases/" + s.ID).body; strings.Contains(page, "Faces side by side") {
		t.Error("faces are promised where nothing cuts them out")
	}
	if got := b.get("/cases/" + s.ID + "/picture/" + s.Evidence[0].ID + "/face"); got.status != http.StatusNotFound {
		t.Errorf("a face answers %d", got.status)
	}
}
