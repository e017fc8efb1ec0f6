package native

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
	"github.com/usher-kyc/usher/internal/picture"
)

const (
	tagEvidence  = "evidence"
	evidencePath = "/v1/sessions/{id}/evidence"
)

type evidence struct {
	ID          string       `json:"id" doc:"Id of the evidence." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e62"`
	Kind        evidenceWord `json:"kind" doc:"What the file shows."`
	Source      string       `json:"source" enum:"camera,upload,client,simulation" doc:"How it came in: taken on the page, chosen as a file there, sent by you, or made up by a sandbox." example:"camera"`
	ContentType string       `json:"content_type" doc:"Type of the file, by its bytes." example:"image/jpeg"`
	Size        int64        `json:"size" doc:"Size in bytes." example:"483201"`
	SHA256      string       `json:"sha256" doc:"SHA-256 of the file as it came in, hex." example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"`
	Attempt     int          `json:"attempt" doc:"Go of the session in which it came in." example:"1"`
	CreatedAt   stamp        `json:"created_at" doc:"When it came in."`
	Advice      []string     `json:"advice,omitempty" nullable:"false" doc:"On upload: reason codes of what could be better about the picture, none when it is good. The file is kept all the same." example:"[\"document_blurred\"]"`
}

func evidenceOf(e usher.Evidence) evidence {
	return evidence{
		ID: e.ID, Kind: evidenceWord(e.Kind), Source: string(e.Source), ContentType: e.ContentType, Size: e.Size, SHA256: e.SHA256,
		Attempt: e.Attempt, CreatedAt: stamp{e.At},
	}
}

func (s *server) evidenceRoutes() {
	handle(s, route{
		method: http.MethodPost, path: evidencePath, id: "add_evidence", tag: tagEvidence, may: usher.ActWritePeople, status: http.StatusCreated,
		summary: "Upload a file", command: true,
		about: fmt.Sprintf("A form (multipart/form-data) with `kind` and `file`, in this order. A file has at most %d MB; pictures are JPEG, PNG or WebP, a "+
			"proof of address may be a PDF, and files of a chip (`chip_…`) come as the chip gave them, with at most 1 MB. The newest file of a kind counts.", s.UploadLimit>>20),
	}, s.addEvidence)
	// huma would put the files of a form it knows about into temporary files, where a person's document would lie open.
	s.api.OpenAPI().Paths[evidencePath].Post.RequestBody = uploadBody()
	handle(s, route{
		method: http.MethodGet, path: evidencePath, id: "list_evidence", tag: tagEvidence, may: usher.ActSeeCases,
		summary: "List the files of a session", about: "All of them, oldest first.",
	}, s.listEvidence)
	handle(s, route{
		method: http.MethodGet, path: evidencePath + "/{evidence_id}/content", id: "get_evidence_content", tag: tagEvidence, may: usher.ActSeePictures,
		summary: "Read a file", about: "The file as it came in. Takes one `Range` of bytes. That you looked is kept in the audit trail.",
	}, s.evidenceContent)
	s.describeContent()
}

func uploadBody() *huma.RequestBody {
	return &huma.RequestBody{
		Required: true, Description: "The file and what it shows.",
		Content: map[string]*huma.MediaType{multipartType: {Schema: &huma.Schema{
			Type: huma.TypeObject, Required: []string{"kind", "file"},
			Properties: map[string]*huma.Schema{
				"kind": described(words(usher.EvidenceKinds()), "What the file shows."),
				"file": {Type: huma.TypeString, Format: "binary", Description: "The file."},
			},
		}}},
	}
}

func described(s *huma.Schema, doc string) *huma.Schema {
	s.Description = doc
	return s
}

func (s *server) addEvidence(ctx context.Context, p api.Principal, in *ByID) (*made[evidence], error) {
	req, _ := ctx.Value(requestKey{}).(request)
	form := upload{limit: s.UploadLimit}
	if err := form.open(req); err != nil {
		return nil, err
	}
	raw, err := picture.Gather(form.file)
	if err != nil {
		return nil, uploadError(api.BodyError(err))
	}
	if len(raw) == 0 {
		return nil, usher.Invalid("file", "is empty")
	}
	contentType, advice, err := s.look(ctx, raw, form.kind)
	if err != nil {
		return nil, err
	}
	_, added, err := s.Service.AddEvidence(ctx, p.Tenant(), in.ID, usher.NewEvidence{
		Kind: form.kind, Source: usher.FromClient, ContentType: contentType, By: p.Actor(),
	}, bytes.NewReader(raw))
	if err != nil {
		return nil, uploadError(err)
	}
	body := evidenceOf(added)
	for _, code := range advice {
		body.Advice = append(body.Advice, string(code))
	}
	return &made[evidence]{Location: "/v1/sessions/" + in.ID + "/evidence/" + added.ID + "/content", Body: body}, nil
}

// look takes a file in. What the intake says in words of its own is not for callers.
func (s *server) look(ctx context.Context, raw []byte, kind usher.EvidenceKind) (string, []usher.ReasonCode, error) {
	contentType, advice, err := s.Intake(ctx, kind, raw)
	if err == nil {
		return contentType, advice, nil
	}
	if e, ok := errors.AsType[*usher.Error](err); ok {
		return "", nil, e
	}
	return "", nil, &usher.Error{
		Code: usher.CodeInvalid, Field: "file", Detail: "wrong_kind_of_file", Err: err,
		Message: "is no file that can be " + string(kind) + ": send a JPEG, PNG or WebP picture, or a PDF where a proof of address is asked",
	}
}

// uploadError keeps apart a connection that broke, which is the caller's, from a store that failed, which is ours.
func uploadError(err error) error {
	if e, ok := errors.AsType[*usher.Error](err); ok {
		return e
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return api.BodyError(err)
	}
	return err
}

// upload reads a form of kind and file, the file as it comes.
type upload struct {
	limit int64
	kind  usher.EvidenceKind
	file  io.Reader
}

// longestKind is more than any kind has, in bytes.
const longestKind = 64

func (u *upload) open(req request) error {
	parts, err := req.r.MultipartReader()
	if err != nil {
		return &usher.Error{Code: usher.CodeInvalid, Detail: api.DetailMediaType, Message: "send a form, multipart/form-data, with kind and file"}
	}
	for u.file == nil {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return u.missing()
		}
		if err != nil {
			return api.Malformed("", "the body is not readable as multipart/form-data")
		}
		switch part.FormName() {
		case "kind":
			word, err := io.ReadAll(io.LimitReader(part, longestKind))
			if err != nil {
				return api.BodyError(err)
			}
			u.kind = usher.EvidenceKind(word)
		case "file":
			u.file = &rolling{part: part, control: http.NewResponseController(req.w), left: u.limit, limit: u.limit}
		default:
			return &usher.Error{
				Code: usher.CodeInvalid, Field: part.FormName(), Detail: api.DetailUnknownName, Message: "unknown member; the form has kind and file",
			}
		}
	}
	return u.missing()
}

func (u *upload) missing() error {
	var kind, file error
	switch {
	case u.kind == "":
		kind = &usher.Error{Code: usher.CodeInvalid, Field: "kind", Detail: "required", Message: "is required, and stands before file in the form"}
	case !slices.Contains(usher.EvidenceKinds(), u.kind):
		kind = usher.Invalid("kind", "use one of %v", usher.EvidenceKinds())
	}
	if u.file == nil {
		file = &usher.Error{Code: usher.CodeInvalid, Field: "file", Detail: "required", Message: "is required"}
	}
	return allInvalid(kind, file)
}

// rolling reads a file with a limit on its size and, anew with every read, on the caller's silence: a slow line may take its time, a caller
// who only holds the connection open may not.
type rolling struct {
	part    *multipart.Part
	control *http.ResponseController
	left    int64
	limit   int64
}
