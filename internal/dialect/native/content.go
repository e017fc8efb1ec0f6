package native

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

// silence is how long an upload may say nothing.
const silence = 20 * time.Second

// Read reads on. It is an error to go over the limit, so that what was stored till then is thrown away.
func (r *rolling) Read(b []byte) (int, error) {
	// Not every connection knows deadlines; those of tests do not.
	_ = r.control.SetReadDeadline(time.Now().Add(silence))
	n, err := r.part.Read(b)
	if r.left -= int64(n); r.left < 0 {
		e := api.TooLarge(r.limit)
		e.Field, e.Message = "file", strings.Replace(e.Message, "the body", "the file", 1)
		return 0, e
	}
	return n, err
}

func (s *server) listEvidence(ctx context.Context, p api.Principal, in *ByID) (*answer[page[evidence]], error) {
	found, err := s.Service.Session(ctx, p.Tenant(), in.ID)
	if err != nil {
		return nil, err
	}
	return &answer[page[evidence]]{Body: page[evidence]{Data: each(found.Evidence, evidenceOf)}}, nil
}

type contentInput struct {
	ByID

	EvidenceID string `path:"evidence_id" maxLength:"100" doc:"Id of the evidence." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e62"`
	Range      string `header:"Range" maxLength:"100" doc:"One range of bytes, RFC 9110." example:"bytes=0-1023"`
}

type contentOutput struct {
	Body func(huma.Context)
}

func (s *server) evidenceContent(ctx context.Context, p api.Principal, in *contentInput) (*contentOutput, error) {
	found, err := s.Service.Session(ctx, p.Tenant(), in.ID)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(found.Evidence, func(e usher.Evidence) bool { return e.ID == in.EvidenceID })
	if i < 0 {
		return nil, usher.NotFound("evidence")
	}
	size := found.Evidence[i].Size
	from, length, ranged, err := byteRange(in.Range, size)
	if err != nil {
		return nil, err
	}
	e, body, err := s.Service.OpenEvidence(ctx, p.Tenant(), in.ID, in.EvidenceID, from, p.Actor())
	if err != nil {
		return nil, err
	}
	return &contentOutput{Body: func(h huma.Context) {
		defer body.Close()
		h.SetHeader("Content-Type", e.ContentType)
		h.SetHeader("Content-Length", strconv.FormatInt(length, 10))
		h.SetHeader("Content-Disposition", `attachment; filename="`+e.ID+`"`)
		h.SetHeader("Accept-Ranges", "bytes")
		h.SetHeader("ETag", `"`+e.SHA256+`"`)
		h.SetHeader("Content-Security-Policy", "sandbox; default-src 'none'")
		status := http.StatusOK
		if ranged {
			status = http.StatusPartialContent
			h.SetHeader("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, from+length-1, size))
		}
		h.SetStatus(status)
		if _, err := io.CopyN(h.BodyWriter(), body, length); err != nil {
			// The length was promised; half of it must not look whole.
			panic(http.ErrAbortHandler)
		}
	}}, nil
}

// byteRange reads a Range header of one range (RFC 9110, section 14.1.2). What it cannot read it takes as none given, as that section allows;
// a range outside the file is an error.
func byteRange(header string, size int64) (from, length int64, ranged bool, err error) {
	spec, ok := strings.CutPrefix(header, "bytes=")
	first, last, dash := strings.Cut(spec, "-")
	if !ok || !dash || strings.Contains(spec, ",") {
		return 0, size, false, nil
	}
	outside := &usher.Error{Code: usher.CodeInvalid, Field: "Range", Detail: api.DetailRange, Message: fmt.Sprintf("the file has %d bytes", size)}
	if first == "" {
		n, err := strconv.ParseInt(last, 10, 64)
		if err != nil || n < 0 {
			return 0, size, false, nil
		}
		if n == 0 || size == 0 {
			return 0, 0, false, outside
		}
		n = min(n, size)
		return size - n, n, true, nil
	}
	from, errFirst := strconv.ParseInt(first, 10, 64)
	end := size - 1
	var errLast error
	if last != "" {
		end, errLast = strconv.ParseInt(last, 10, 64)
	}
	if errFirst != nil || errLast != nil || from < 0 || end < from && last != "" {
		return 0, size, false, nil
	}
	if from >= size {
		return 0, 0, false, outside
	}
	return from, min(end, size-1) - from + 1, true, nil
}

// describeContent says in the document what huma cannot see in a function.
func (s *server) describeContent() {
	op := s.api.OpenAPI().Paths[evidencePath+"/{evidence_id}/content"].Get
	file := map[string]*huma.MediaType{"*/*": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}
	op.Responses["200"] = &huma.Response{Description: "The file.", Content: file}
	op.Responses["206"] = &huma.Response{Description: "The range of the file that was asked for.", Content: file}
	op.Responses["416"] = s.problemResponse(http.StatusRequestedRangeNotSatisfiable)
}
