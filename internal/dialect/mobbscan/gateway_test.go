package mobbscan_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
	"github.com/usher-kyc/usher/internal/auth"
	"github.com/usher-kyc/usher/internal/dialect/mobbscan"
)

// part is one part of a form; a file has a name.
type part struct {
	name, file string
	body       []byte
}

func (c caller) upload(path string, parts ...part) (int, object) {
	c.t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	for _, p := range parts {
		create := func() (io.Writer, error) { return form.CreateFormField(p.name) }
		if p.file != "" {
			create = func() (io.Writer, error) { return form.CreateFormFile(p.name, p.file) }
		}
		w, err := create()
		if err == nil {
			_, err = w.Write(p.body)
		}
		if err != nil {
			c.t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		c.t.Fatal(err)
	}
	w := c.send("POST", path, map[string]string{"Content-Type": form.FormDataContentType()}, &b)
	var got object
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		c.t.Fatalf("%s: no JSON object: %v in %s", path, err, w.Body)
	}
	return w.Code, got
}

var (
	front  = part{"image", "front.jpg", []byte("PICTURE of the front")}
	selfie = part{"image", "selfie.jpg", []byte("PICTURE of a face")}
	video  = part{"video", "face.webm", append([]byte("\x1a\x45\xdf\xa3"), bytes.Repeat([]byte("film"), 1000)...)}
)

func field(name, value string) part { return part{name, "", []byte(value)} }

// finished gives a process whose user has sent a passport, a selfie and a video, with its checks ended.
func (c caller) finished() string {
	c.t.Helper()
	id := c.create(object{"docType": "TD3Passport"})
	for path, parts := range map[string][]part{"document": {field("side", "front"), front}, "face": {selfie, video}} {
		if status, got := c.upload("/onboarding/"+id+"/"+path, parts...); status != http.StatusOK {
			c.t.Fatalf("%s: %d %v", path, status, got)
		}
	}
	c.call("POST", "/onboarding/"+id+"/finish", nil, http.StatusOK)
	c.w.Settle()
	return id
}

// The calls of the one public client of the gateway, in its order, with its headers and members: what it leaves unset is null.
func TestAsThePublicClientCalls(t *testing.T) {
	t.Parallel()
	w := open(t, "")
	c := caller{t: t, w: w}
	post := func(path, body string) object {
		t.Helper()
		got := c.send("POST", path, map[string]string{"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "Java/17"}, strings.NewReader(body))
		var o object
		if err := json.Unmarshal(got.Body.Bytes(), &o); got.Code != http.StatusOK || err != nil {
			t.Fatalf("%s: %d %s", path, got.Code, got.Body)
		}
		return o
	}
	key := w.logins[w.Tenant.ID]
	c.token = post("/auth/token", `{"api_key":"`+key.key+`","api_secret":"`+key.secret+`"}`)["accessToken"].(string)
	made := post("/onboarding/token", `{"countryId":"ESP","docType":"IDCard","redirectUrl":"https://client.example/done",`+
		`"scanId":"5c0c1f5e-8b1a-4a52-9f0b-5e2f8d7a1c33","verificationExtraData":{"a":"b"}}`)
	if url := made["onboardingUrl"].(string); !strings.HasPrefix(url, "https://verify.example.test/verify/s/") {
		t.Errorf("the user is sent to %s", url)
	}
	id := made["verificationId"].(string)
	if _, err := w.Simulate(t.Context(), w.client, id, "submit"); err != nil {
		t.Fatal(err)
	}
	w.Settle()
	for path, accept := range map[string]string{
		"/mobbscan-agent/getVerificationProcessData/": "application/json", "/mobbscan-agent/checkVerificationProcessResult/": "application/json",
	} {
		if got := c.send("GET", path+id, map[string]string{"Accept": accept}, nil); got.Code != http.StatusOK {
			t.Errorf("%s: %d %s", path, got.Code, got.Body)
		}
	}
	const nobody = `{"address":null,"city":null,"cityOfBirth":null,"country":"ESP","countryDocumentType":null,"curp":null,"dateOfBirth":"1990-04-17",` +
		`"dateOfExpiry":null,"documentNumber":"AAA000000","gender":"F","mrz":null,"name":"LUCIA","personalNumber":"00000000T","postCode":null,` +
		`"region":null,"regionOfBirth":null,"firstSurname":"MARTIN","secondSurname":"VEGA","stateOfBirth":null,"surname":"MARTIN VEGA"}`
	if got := post("/mobbscan-agent/pending", `{"verificationId":"`+id+`","personalData":`+nobody+`}`); got["status"] != "PENDING" {
		t.Errorf("pending answers %v", got)
	}
	if got := post("/mobbscan-agent/accept", `{"verificationId":"`+id+`","type":"manual","personalData":`+nobody+`}`); got["status"] != "VERIFIED" {
		t.Errorf("accept answers %v", got)
	}
	data := c.call("GET", "/mobbscan-agent/getVerificationProcessData/"+id, nil, http.StatusOK)
	personal := data["personalData"].(map[string]any)
	if personal["surname"] != "MARTIN VEGA" || personal["personalNumber"] != "00000000T" || len(personal) != 20 {
		t.Errorf("personalData is %v", personal)
	}
	s, err := w.Session(t.Context(), w.Tenant.ID, id)
	if err != nil || s.Metadata["decision_type"] != "manual" || s.Metadata["country_id"] != "ESP" {
		t.Errorf("kept is %v, %v", s.Metadata, err)
	}
	if len(s.Facts) != 9 {
		t.Errorf("%d corrections, want those of nine members, once: %v", len(s.Facts), s.Facts)
	}
	if got := c.send("DELETE", "/mobbscan-agent/api/verification/"+id, nil, nil); got.Code != http.StatusOK {
		t.Errorf("delete: %d %s", got.Code, got.Body)
	}
}

// The access token is a JSON Web Token, and not one of another purpose or server.
func TestTokenIsAJWT(t *testing.T) {
	t.Parallel()
	w := open(t, "")
	c := w.login(t, w.Tenant)
	parts := strings.Split(c.token, ".")
	if len(parts) != 3 {
		t.Fatalf("the token has %d parts", len(parts))
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims struct {
		Subject string `json:"sub"`
		Expires int64  `json:"exp"`
	}
	if err := json.Unmarshal(raw, &claims); err != nil {
		t.Fatal(err)
	}
	if life := time.Unix(claims.Expires, 0).Sub(w.Now()); life < 14*time.Minute || life > 15*time.Minute {
		t.Errorf("the token lives %v", life)
	}
	for name, token := range map[string]string{
		"of another purpose": w.Stamps.Stamp("entry", claims.Subject, w.Now().Add(time.Hour)), "without its stamp": claims.Subject,
		"of nobody": w.Stamps.Stamp("mobbscan access token", "x", w.Now().Add(time.Hour)), "without signature": parts[0] + "." + parts[1] + ".",
	} {
		c.token = token
		if got := c.send("GET", "/api/zip/1", nil, nil); got.Code != http.StatusUnauthorized || !strings.Contains(got.Body.String(), `"Not authorized"`) {
			t.Errorf("a token %s: %d %s", name, got.Code, got.Body)
		}
	}
}

func TestEvidence(t *testing.T) {
	t.Parallel()
	w := open(t, "")
	c := w.login(t, w.Tenant)
	id := c.finished()
	data := c.call("GET", "/mobbscan-agent/getVerificationProcessData/"+id, nil, http.StatusOK)
	want := map[string]any{"images": []any{"document_front", "face_now"}, "recordings": []any{"video_liveness"}}
	if diff := cmp.Diff(want, data["evidence"]); diff != "" {
		t.Errorf("evidence (-want +got):\n%s", diff)
	}
	for _, f := range []struct {
		path, contentType string
		body              []byte
	}{
		{"image/document_front", "image/jpeg", front.body},
		{"image/face_now", "image/jpeg", selfie.body},
		{"recording/video_liveness", "video/webm", video.body},
	} {
		raw := c.send("GET", "/mobbscan-agent/"+id+"/"+f.path, map[string]string{"Accept": "*/*"}, nil)
		if raw.Code != http.StatusOK || raw.Header().Get("Content-Type") != f.contentType || !bytes.Equal(raw.Body.Bytes(), f.body) {
			t.Errorf("%s: %d, %s, %d bytes", f.path, raw.Code, raw.Header().Get("Content-Type"), raw.Body.Len())
		}
		in := c.send("GET", "/mobbscan-agent/"+id+"/"+f.path, map[string]string{"Accept": "application/json"}, nil)
		var body struct {
			VerificationID, Type, ContentType string
			Content                           []byte
		}
		if err := json.Unmarshal(in.Body.Bytes(), &body); err != nil || in.Header().Get("Content-Type") != "application/json" {
			t.Fatalf("%s: %s, %v", f.path, in.Header().Get("Content-Type"), err)
		}
		if body.VerificationID != id || !strings.HasSuffix(f.path, body.Type) || body.ContentType != f.contentType || !bytes.Equal(body.Content, f.body) {
			t.Errorf("%s as JSON: %s %s %s", f.path, body.VerificationID, body.Type, body.ContentType)
		}
	}
	for _, path := range []string{"image/document_back", "image/face_document", "image/document_signature", "image/video_liveness", "recording/video_process", "recording/face_now"} {
		c.call("GET", "/mobbscan-agent/"+id+"/"+path, nil, http.StatusNotFound)
	}
	records, err := w.Records(t.Context(), w.Tenant.ID, "", usher.Paging{Limit: 100})
	viewed := slices.DeleteFunc(records.Items, func(r usher.AuditRecord) bool { return r.Action != "evidence.viewed" })
	if err != nil || len(viewed) != 6 {
		t.Errorf("%d looks on the audit trail, want six; %v", len(viewed), err)
	}
}

// The face on the document is cut out when it is asked for, and listed once the face check has found one.
func TestFaceDocument(t *testing.T) {
	t.Parallel()
	w := open(t, "")
	w.backend.Portrait = func(_ context.Context, document []byte) ([]byte, error) {
		if !bytes.Equal(document, front.body) {
			return nil, usher.NotFound("a face")
		}
		return []byte("FACE"), nil
	}
	c := w.login(t, w.Tenant)
	c.w = w.reopen(t)
	found := func(faces string) (id string, listed bool) {
		w.Checks.SetResult(usher.CheckResult{
			Kind: usher.CheckFace, Outcome: usher.Consider, Assurance: usher.Assisted, Provider: "table", NotExamined: []string{"face_comparison"},
			Findings: []usher.Finding{{Name: "document_front_faces", Read: faces}},
		})
		id = c.finished()
		data := c.call("GET", "/mobbscan-agent/getVerificationProcessData/"+id, nil, http.StatusOK)
		return id, slices.Contains(data["evidence"].(map[string]any)["images"].([]any), any("face_document"))
	}
	if _, listed := found("0"); listed {
		t.Error("listed although there is no face")
	}
	id, listed := found("1")
	if !listed {
		t.Error("not listed although there is a face")
	}
	raw := c.send("GET", "/mobbscan-agent/"+id+"/image/face_document", map[string]string{"Accept": "*/*"}, nil)
	if raw.Code != http.StatusOK || raw.Header().Get("Content-Type") != "image/jpeg" || raw.Body.String() != "FACE" {
		t.Errorf("%d %s %q", raw.Code, raw.Header().Get("Content-Type"), raw.Body)
	}
	data := c.call("GET", "/mobbscan-agent/getVerificationProcessData/"+id+"?includeImages=true", nil, http.StatusOK)
	if got := data["images"].(map[string]any)["face_document"]; got != base64.StdEncoding.EncodeToString([]byte("FACE")) {
		t.Errorf("with the images comes %v", got)
	}
	z := c.send("GET", "/api/zip/"+id, nil, nil).Body.Bytes()
	if archive, err := zip.NewReader(bytes.NewReader(z), int64(len(z))); err != nil {
		t.Error(err)
	} else if _, err := archive.Open("face_document.jpg"); err != nil {
		t.Error(err)
	}
	w.backend.Portrait = func(context.Context, []byte) ([]byte, error) { return nil, usher.NotFound("a face") }
	c.w = w.reopen(t)
	c.call("GET", "/mobbscan-agent/"+id+"/image/face_document", nil, http.StatusNotFound)
}

// packed is a reporter that writes one file.
type packed struct{ fails bool }

func (packed) PDF(context.Context, io.Writer, string, string, string, usher.Actor) error { return nil }

func (p packed) Zip(_ context.Context, w io.Writer, _, session, _ string, _ usher.Actor) error {
	if p.fails {
		return usher.NotFound("keys")
	}
	z := zip.NewWriter(w)
	if _, err := z.Create(session + ".json"); err != nil {
		return err
	}
	return z.Close()
}

func TestZip(t *testing.T) {
	t.Parallel()
	w := open(t, "")
	c := w.login(t, w.Tenant)
	id := c.finished()
	names := func(body []byte) (list []string) {
		z, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range z.File {
			list = append(list, f.Name)
		}
		return list
	}
	raw := c.send("GET", "/api/zip/"+id, nil, nil)
	if raw.Header().Get("Content-Type") != "application/zip" || raw.Header().Get("Content-Disposition") != "attachment; filename="+id+".zip" {
		t.Errorf("the headers are %v", raw.Header())
	}
	if diff := cmp.Diff([]string{"data.json", "document_front.jpg", "face_now.jpg", "video_liveness.webm"}, names(raw.Body.Bytes())); diff != "" {
		t.Errorf("in the archive (-want +got):\n%s", diff)
	}
	w.backend.Report = packed{}
	c.w = w.reopen(t)
	content, err := base64.StdEncoding.DecodeString(
		c.getJSON("/api/zip/" + id)["content"].(string))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{id + ".json"}, names(content)); diff != "" {
		t.Errorf("in the evidence pack (-want +got):\n%s", diff)
	}
	w.backend.Report = packed{fails: true}
	c.w = w.reopen(t)
	if got := c.send("GET", "/api/zip/"+id, nil, nil); got.Code != http.StatusNotFound || got.Header().Get("Content-Type") != "application/json" {
		t.Errorf("an archive that fails at its start: %d %v", got.Code, got.Header())
	}
}

func (c caller) getJSON(path string) object {
	c.t.Helper()
	got := c.send("GET", path, map[string]string{"Accept": "application/json"}, nil)
	var o object
	if err := json.Unmarshal(got.Body.Bytes(), &o); err != nil || got.Code != http.StatusOK {
		c.t.Fatalf("%s: %d, %v", path, got.Code, err)
	}
	return o
}

// zeros is a file of so many bytes behind a beginning.
func zeros(begin string, n int) []byte { return append([]byte(begin), make([]byte, n)...) }

func TestUploadBounds(t *testing.T) {
	t.Parallel()
	w := open(t, "")
	c := w.login(t, w.Tenant)
	id := c.create(object{})
	document, face := "/onboarding/"+id+"/document", "/onboarding/"+id+"/face"
	big := part{"image", "big.jpg", zeros("PICTURE", 15<<20)}
	film := part{"video", "long.mp4", zeros("\x00\x00\x00\x18ftypmp42", 60<<20)}
	var many []part
	for range 20 {
		many = append(many, field("x", "y"))
	}
	for name, c2 := range map[string]struct {
		path   string
		parts  []part
		status int
		code   string
	}{
		"image too large":        {document, []part{field("side", "front"), big}, http.StatusRequestEntityTooLarge, "MAX_FILE_SIZE_TO_SCAN_ERROR"},
		"selfie too large":       {face, []part{big}, http.StatusRequestEntityTooLarge, "MAX_FILE_SIZE_TO_SCAN_ERROR"},
		"video too large":        {face, []part{film}, http.StatusRequestEntityTooLarge, "MAX_FILE_SIZE_TO_SCAN_ERROR"},
		"field too large":        {document, []part{{"side", "", zeros("front", 5000)}}, http.StatusRequestEntityTooLarge, "MAX_FILE_SIZE_TO_SCAN_ERROR"},
		"unknown part too large": {document, []part{{"x", "", zeros("", 5000)}}, http.StatusRequestEntityTooLarge, "MAX_FILE_SIZE_TO_SCAN_ERROR"},
		"too many parts":         {document, many, http.StatusBadRequest, "WRONG_PARAMETERS_ERROR"},
		"an empty image":         {face, []part{{"image", "e.jpg", nil}}, http.StatusBadRequest, "WRONG_PARAMETERS_ERROR"},
		"a type not taken":       {document, []part{field("side", "front"), field("documentType", "x y"), front}, http.StatusBadRequest, "ERROR_WRONG_DOCUMENT_TYPE"},
	} {
		if status, got := c.upload(c2.path, c2.parts...); status != c2.status || got["errorCode"] != c2.code {
			t.Errorf("%s: %d %v", name, status, got)
		}
	}
	if s, err := w.Session(t.Context(), w.Tenant.ID, id); err != nil || len(s.Evidence) != 0 {
		t.Errorf("%d files were kept of refused uploads, %v", len(s.Evidence), err)
	}
	cut := c.send("POST", document, map[string]string{"Content-Type": "multipart/form-data; boundary=b"},
		strings.NewReader("--b\r\nContent-Disposition: form-data; name=\"image\"; filename=\"f\"\r\n\r\nPICT"))
	if cut.Code != http.StatusBadRequest {
		t.Errorf("a body that breaks off: %d %s", cut.Code, cut.Body)
	}
}

// A first look is answered at once: what is on the document, what could be better, a selfie without a face.
func TestUploadsAreLookedAt(t *testing.T) {
	t.Parallel()
	w := open(t, "")
	w.backend.Intake = func(ctx context.Context, kind usher.EvidenceKind, raw []byte) (string, []usher.ReasonCode, error) {
		contentType, _, err := intake(ctx, kind, raw)
		return contentType, []usher.ReasonCode{usher.DocumentBlurred}, err
	}
	w.backend.Look = func(_ context.Context, kind usher.EvidenceKind, _ []byte) (usher.CheckResult, error) {
		if kind == usher.Selfie {
			return usher.CheckResult{Reasons: []usher.Reason{{Code: usher.FaceSeveral}}}, nil
		}
		return usher.CheckResult{Fields: map[string]string{"number": "AAA000000", "issuer": "D", "last_name": "MUSTERMANN"}}, nil
	}
	w = w.reopen(t)
	c := w.login(t, w.Tenant)
	id := c.create(object{"scanId": "scan.1"})
	status, got := c.upload("/onboarding/scan.1/document", front, field("side", "front"))
	personal, _ := got["personalData"].(map[string]any)
	if status != http.StatusOK || personal["country"] != "DEU" || personal["firstSurname"] != "MUSTERMANN" || personal["name"] != nil {
		t.Errorf("document: %d %v", status, got)
	}
	if diff := cmp.Diff([]any{"document_blurred"}, got["advice"]); diff != "" {
		t.Errorf("advice (-want +got):\n%s", diff)
	}
	if status, got = c.upload("/onboarding/"+id+"/face", selfie); status != http.StatusOK || got["result"] != "NOT_VALID" {
		t.Errorf("face: %d %v", status, got)
	}
}

// Of decisions made at the same moment one counts; who wanted the same is told so, and so is who wanted the other.
func TestDecisionsAtOnce(t *testing.T) {
	t.Parallel()
	w := open(t, "")
	c := w.login(t, w.Tenant)
	id := c.finished()
	told := len(w.Messages(w.Tenant.ID))
	var wg sync.WaitGroup
	answers := make([]int, 8)
	for i := range answers {
		wg.Go(func() {
			body := `{"verificationId":"` + id + `","rejectionComment":"no"}`
			path := []string{"/mobbscan-agent/accept", "/mobbscan-agent/reject"}[i%2]
			answers[i] = c.send("POST", path, map[string]string{"Content-Type": "application/json"}, strings.NewReader(body)).Code
		})
	}
	wg.Wait()
	slices.Sort(answers)
	if diff := cmp.Diff([]int{200, 200, 200, 200, 409, 409, 409, 409}, answers); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	if n := len(w.Messages(w.Tenant.ID)) - told; n != 1 {
		t.Errorf("%d webhooks, want one", n)
	}
}

func TestScopesAndLimits(t *testing.T) {
	t.Parallel()
	w := open(t, "")
	door := auth.New(auth.Config{Store: w.Store, Now: w.Now})
	client, secret, err := door.CreateClient(t.Context(), w.Tenant.ID,
		auth.NewClient{Dialect: mobbscan.Name, DefaultFlow: "mobbscan", Scopes: []usher.Scope{usher.ScopeRead}}, usher.Actor{})
	if err != nil {
		t.Fatal(err)
	}
	full := w.login(t, w.Tenant)
	id := full.finished()
	w.logins[w.Tenant.ID] = login{client.ID, secret}
	c := w.login(t, w.Tenant)
	c.call("GET", "/mobbscan-agent/checkVerificationProcessResult/"+id, nil, http.StatusOK)
	c.call("POST", "/onboarding/token", object{}, http.StatusForbidden)
	c.call("POST", "/mobbscan-agent/accept", object{"verificationId": id}, http.StatusForbidden)
	c.call("DELETE", "/mobbscan-agent/api/verification/"+id, nil, http.StatusForbidden)

	w.backend.Front.PerClient = api.NewLimiter(api.Limit{Rate: 0.1, Burst: 1, Now: func() time.Time { return time.Unix(0, 0) }})
	c.w = w.reopen(t)
	c.call("GET", "/mobbscan-agent/checkVerificationProcessResult/"+id, nil, http.StatusOK)
	if got := c.call("GET", "/mobbscan-agent/checkVerificationProcessResult/"+id, nil, http.StatusTooManyRequests); got["errorCode"] != "TOO_MANY_REQUESTS" {
		t.Errorf("the answer is %v", got)
	}
}

// Sessions of the tenant that came in through another API are not processes, and an address for another dialect's id finds nothing.
func TestOnlyProcesses(t *testing.T) {
	t.Parallel()
	w := open(t, "")
	c := w.login(t, w.Tenant)
	other := w.Client(w.Tenant, "native")
	s, _, err := w.StartSession(t.Context(), other, usher.NewSession{Applicant: &usher.NewApplicant{}, Flow: "onboarding", Key: "other"})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{s.ID, "other", "%2e%2e", "a%2fb"} {
		c.call("GET", "/mobbscan-agent/checkVerificationProcessResult/"+id, nil, http.StatusNotFound)
	}
}

// An installation without a webhook works as one with it, and tells nobody.
func TestWithoutWebhook(t *testing.T) {
	t.Parallel()
	w := open(t, "")
	c := w.login(t, w.Other)
	id := c.finished()
	if got := c.call("POST", "/mobbscan-agent/accept", object{"verificationId": id}, http.StatusOK); got["status"] != "VERIFIED" {
		t.Errorf("the answer is %v", got)
	}
	if messages := append(w.Messages(w.Other.ID), w.Messages(w.Tenant.ID)...); len(messages) != 0 {
		t.Errorf("%d messages", len(messages))
	}
}

// The one address that is registered is told of every process, whichever client made it; a member for an address of its own means nothing.
func TestOneWebhook(t *testing.T) {
	t.Parallel()
	w := open(t, "")
	c := w.login(t, w.Tenant)
	for range 2 {
		id := c.create(object{"webhookUrl": "https://elsewhere.example/hook"})
		if _, err := w.Simulate(t.Context(), w.client, id, "submit"); err != nil {
			t.Fatal(err)
		}
	}
	w.Settle()
	page, err := w.ListDeliveries(t.Context(), w.Tenant.ID, usher.DeliveryFilter{})
	if err != nil || len(page.Items) != 2 || page.Items[0].EndpointID != page.Items[1].EndpointID {
		t.Errorf("the deliveries are %v, %v", page.Items, err)
	}
}

// What the composition root is given.
func TestOpen(t *testing.T) {
	t.Parallel()
	w := open(t, "")
	d := w.dialect
	if !d.Pages.Framed || d.Delivery.Timeout != 10*time.Second || len(d.Flows) != 3 || len(d.Offers) != 2 {
		t.Errorf("the dialect is %+v", d)
	}
	told := d.Tell([]api.Login{{Client: usher.APIClient{ID: "key"}, Secret: "secret"}})
	if diff := cmp.Diff(map[string]string{"base_url": w.backend.BaseURL, "api_key": "key", "api_secret": "secret"}, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	for _, offer := range d.Offers {
		if !slices.ContainsFunc(d.Flows, func(text string) bool { return strings.Contains(text, "\nname: "+offer.Flow+"\n") }) {
			t.Errorf("the offer %s has no flow", offer.Name)
		}
	}
}
