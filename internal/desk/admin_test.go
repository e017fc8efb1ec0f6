package desk_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/browsertest"
	"github.com/usher-kyc/usher/internal/desk"
	"github.com/usher-kyc/usher/internal/door"
	"github.com/usher-kyc/usher/internal/flow"
	"github.com/usher-kyc/usher/internal/hosted"
)

// withAll opens a desk with every page of settings.
func withAll(t testing.TB) *firm {
	t.Helper()
	k := &keys{}
	f := open(t, func(c *desk.Config) {
		c.Keys = k
		c.Brands, _ = c.Service.(usher.Brands)
		c.Texts, _ = c.Service.(usher.Texts)
		c.ReadFlow = func(text string) (usher.Flow, []flow.Problem) { return flow.Parse(text, known(c.Service)) }
	})
	k.auth = f.auth
	f.member("adam", usher.RoleAdmin)
	return f
}

// known is what the engine behind a service can do.
func known(s usher.Service) usher.Known {
	e, _ := s.(interface{ Known() usher.Known })
	return e.Known()
}

func TestFlowsAreEdited(t *testing.T) {
	t.Parallel()
	f := withAll(t)
	b := f.plain("adam")
	if page := b.get("/settings").body; !strings.Contains(page, "/settings/flows/onboarding") {
		t.Error("the settings name no flow")
	}
	text, err := f.Service.FlowText(t.Context(), f.Tenant.ID, "onboarding", 0)
	f.must(err)
	wrong := b.post("/settings/flows/onboarding", "do", "publish", "text", strings.Replace(text, "selfie", "sefie", 1))
	for _, want := range []string{"This text cannot be used", "Line 6", "unknown step", "use consent, details"} {
		if !strings.Contains(wrong.body, want) {
			t.Errorf("a wrong text does not say %q", want)
		}
	}
	if wrong.status != http.StatusUnprocessableEntity {
		t.Errorf("a wrong text answers %d", wrong.status)
	}
	better := strings.Replace(text, "  - selfie\n", "  - selfie\n  - proof_of_address\n", 1)
	checked := b.post("/settings/flows/onboarding", "do", "check", "text", better)
	if !strings.Contains(checked.body, "Nothing is wrong") || !strings.Contains(checked.body, "<ins>+   - proof_of_address</ins>") {
		t.Errorf("a check says %s", checked.body)
	}
	if now, _ := f.Service.Flow(t.Context(), f.Tenant.ID, "onboarding"); now.Version != 1 {
		t.Errorf("a check published version %d", now.Version)
	}
	b.post("/settings/flows/onboarding", "do", "publish", "text", better)
	now, err := f.Service.Flow(t.Context(), f.Tenant.ID, "onboarding")
	if _, ok := now.First(usher.StepProofOfAddress); err != nil || now.Version != 2 || !ok {
		t.Errorf("version %d, %v", now.Version, err)
	}
	if old := b.get("/settings/flows/onboarding?version=1").body; strings.Contains(old, "proof_of_address") {
		t.Error("the first version shows the second's text")
	}
	if p := b.post("/settings/flows/onboarding", "do", "publish", "text", strings.Replace(better, "name: onboarding", "name: other", 1)); !strings.Contains(p.body, "write name: onboarding") {
		t.Error("a text of another name is taken")
	}
	b.post("/settings/flows/new", "do", "publish", "text", strings.Replace(better, "name: onboarding", "name: other", 1))
	if _, err := f.Service.Flow(t.Context(), f.Tenant.ID, "other"); err != nil {
		t.Error(err)
	}
	for name, want := range map[string]string{"onboarding": "there is a flow onboarding already", "new": "cannot stand in an address", "a/b": "cannot stand in an address"} {
		p := b.post("/settings/flows/new", "do", "publish", "text", strings.Replace(better, "name: onboarding", "name: "+name, 1))
		if p.status != http.StatusUnprocessableEntity || !strings.Contains(p.body, want) || !strings.Contains(p.body, "name: "+name) {
			t.Errorf("a new flow called %s answers %d", name, p.status)
		}
	}
	if p := b.get("/settings/flows/nothing"); p.status != http.StatusNotFound {
		t.Errorf("a flow that there is not answers %d", p.status)
	}
}

func TestStaffAreManaged(t *testing.T) {
	t.Parallel()
	f := withAll(t)
	vera := f.member("vera", usher.RoleReviewer)
	foreign := f.member("otto", usher.RoleReviewer, f.Other)
	b := f.plain("adam")
	told := b.post("/settings/staff", "email", "nina@example.test", "role", "senior")
	if !strings.Contains(told.body, f.url+"/invitation/ush_in_") {
		t.Error("the link is not told")
	}
	if p := b.post("/settings/staff", "email", "nina@example.test", "role", "senior"); !strings.Contains(p.body, "signs in with this address already") {
		t.Error("an address is taken twice")
	}
	if p := b.post("/settings/staff", "email", "nobody", "role", "senior"); p.status != http.StatusUnprocessableEntity {
		t.Errorf("no address answers %d", p.status)
	}
	b.post("/settings/staff/"+vera.ID+"/role", "role", "viewer")
	if now, _ := f.auth.Member(t.Context(), f.Tenant.ID, vera.ID); now.Role != usher.RoleViewer {
		t.Errorf("the role is %s", now.Role)
	}
	b.post("/settings/staff/" + vera.ID + "/disable")
	if _, err := f.auth.SignIn(t.Context(), "vera@example.test", phrase, door.Visitor{Address: "1"}); err == nil {
		t.Error("who is kept out signs in")
	}
	b.post("/settings/staff/" + vera.ID + "/enable")
	if p := b.post("/settings/staff/" + vera.ID + "/invite"); !strings.Contains(p.body, "/invitation/ush_in_") {
		t.Error("the new link is not told")
	}
	if p := b.post("/settings/staff/"+foreign.ID+"/role", "role", "viewer"); p.status != http.StatusNotFound {
		t.Errorf("a member of another tenant answers %d", p.status)
	}
	adam, err := f.auth.Members(t.Context(), f.Tenant.ID)
	f.must(err)
	if p := b.post("/settings/staff/" + adam[0].ID + "/disable"); p.status != http.StatusForbidden {
		t.Errorf("an administrator who locks themselves out answers %d", p.status)
	}
	for _, path := range []string{"/settings/staff", "/settings/flows/onboarding", "/settings/brand"} {
		f.member("sten"+strings.ReplaceAll(path, "/", ""), usher.RoleSenior)
		if p := f.plain("sten" + strings.ReplaceAll(path, "/", "")).get(path); p.status != http.StatusForbidden {
			t.Errorf("%s answers a senior %d", path, p.status)
		}
	}
}

func TestFigures(t *testing.T) {
	t.Parallel()
	f := withAll(t)
	f.member("vera", usher.RoleViewer)
	s := f.inReview(person{first: "Anna", last: "Berg", flow: "onboarding"})
	v, link, err := f.Service.StartSession(t.Context(), f.Client(f.Tenant, "native"), usher.NewSession{Flow: "onboarding", Applicant: &usher.NewApplicant{}})
	f.must(err)
	visit, err := f.Service.UseLink(t.Context(), link.Token)
	f.must(err)
	for _, screen := range []string{"consent", "selfie", "selfie.camera", "selfie.camera.denied", "challenge.running", "challenge.busy"} {
		f.must(f.Service.Saw(t.Context(), visit.Token, usher.PageView{Screen: screen, Agent: "planted"}))
	}
	_, err = f.Service.Do(t.Context(), f.Tenant.ID, s.ID, usher.Command{
		Kind: usher.CmdApprove, By: usher.Actor{Kind: usher.ByStaff, ID: "x", Role: usher.RoleSenior},
	})
	f.must(err)
	page := f.plain("vera").get("/figures?days=7").body
	for _, want := range []string{
		"<dt>approved</dt><dd>1</dd>", "less than a minute", `class="bar-good"`, "1 approved", "onboarding",
		"<li>Camera for the selfie: camera refused", "<li>Movements before the camera: camera in use", "How the information is used",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the figures do not say %q", want)
		}
	}
	for _, leak := range []string{"challenge.running", "Anna", "Berg", "planted", v.ID, s.ApplicantID} {
		if strings.Contains(page, leak) {
			t.Errorf("the figures tell %q", leak)
		}
	}
	for _, screen := range hosted.Screens() {
		if !f.desk.Catalog().Has("desk.screen." + screen) {
			t.Errorf("the screen %s has no words", screen)
		}
	}
	if p := f.plain("vera").get("/figures?days=nonsense"); p.status != http.StatusOK {
		t.Errorf("nonsense answers %d", p.status)
	}
}

func TestLiveView(t *testing.T) {
	t.Parallel()
	f := withAll(t)
	f.member("vera", usher.RoleViewer)
	f.member("otto", usher.RoleViewer, f.Other)
	first := f.inReview(person{first: "Anna", last: "Berg", flow: "onboarding"})
	p := f.tab("vera", browsertest.Options{})
	p.Visit(f.url + "/live")
	p.WaitText("Review asked for")
	if text := p.Text("main"); strings.Contains(text, "Anna") {
		t.Error("the live view tells a name")
	}
	cursor := browsertest.Eval[string](p, `document.getElementById("live").dataset.cursor`)
	second := f.inReview(person{first: "Bo", last: "Ek", flow: "onboarding"})
	p.WaitText(second.ID)
	p.CSPViolations()
	if body := f.plain("otto").get("/live").body; strings.Contains(body, first.ID) {
		t.Error("another tenant sees our events")
	}
	if body := f.plain("otto").get("/live/since?after=" + url.QueryEscape(cursor)).body; strings.Contains(body, second.ID) {
		t.Error("another tenant is told of our events")
	}
}

func TestAdminPagesFitEveryWindow(t *testing.T) {
	t.Parallel()
	f := withAll(t)
	f.member("vera", usher.RoleReviewer)
	for i := range 3 {
		f.inReview(person{first: fmt.Sprint("Anna", i), last: "Berg", flow: "onboarding"})
	}
	f.fitForAll("adam", "/figures", "/live", "/settings", "/settings/flows/onboarding", "/settings/flows/new", "/settings/staff", "/settings/brand", "/settings/texts", "/settings/retention")
}

func TestRefusedSettingsAreSummedUp(t *testing.T) {
	t.Parallel()
	f := withAll(t)
	b := f.plain("adam")
	brand := func(accent, logo string) answer {
		var form bytes.Buffer
		w := multipart.NewWriter(&form)
		f.must(errors.Join(w.WriteField("name", "Nord"), w.WriteField("accent", accent)))
		file, err := w.CreateFormFile("logo", "logo.png")
		f.must(err)
		_, err = io.WriteString(file, logo)
		f.must(errors.Join(err, w.Close()))
		return b.sendAs(http.MethodPost, "/settings/brand", form.String(), w.FormDataContentType())
	}
	for name, c := range map[string]struct {
		answer answer
		want   []string
	}{
		"no colour":          {brand("red", ""), []string{`<a href="#accent">`, `value="red"`, `value="Nord"`}},
		"a pale colour":      {brand("#eeeeee", ""), []string{`<a href="#accent">`, "1.1"}},
		"a logo of 2 MB":     {brand("", strings.Repeat("x", 2<<20)), []string{`<a href="#logo">`, `value="Nord"`}},
		"an e-mail":          {b.post("/settings/staff", "email", "nobody", "role", "viewer"), []string{`<a href="#email">`, `value="nobody"`}},
		"the text of a flow": {b.post("/settings/flows/new", "do", "check", "text", "name: x"), []string{`aria-labelledby="wrong"`, "name: x"}},
	} {
		for _, want := range append(c.want, "autofocus") {
			if c.answer.status != http.StatusUnprocessableEntity || !strings.Contains(c.answer.body, want) {
				t.Errorf("%s answers %d without %q: %s", name, c.answer.status, want, c.answer.body)
			}
		}
	}
}
