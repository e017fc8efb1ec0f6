package hosted

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"mime/multipart"
	"strconv"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/web"
)

// upload takes a file from the form, or from its script.
func (t *turn) upload() error {
	if strings.HasPrefix(t.r.Header.Get("Accept"), "application/json") {
		return t.taken(usher.FromUpload)
	}
	at, wrong, err := t.take(usher.FromUpload)
	if err != nil {
		return err
	}
	if wrong != "" {
		return t.photoPage(web.Errors{{Field: "file", Key: wrong, Args: []any{"client", t.client()}}})
	}
	return t.see(at)
}

// capture takes a photo or a video from the camera page's script.
func (t *turn) capture() error { return t.taken(usher.FromCamera) }

// taken takes a file from a script, and answers it where to go, or what was wrong.
func (t *turn) taken(source usher.EvidenceSource) error {
	at, wrong, err := t.take(source)
	if err != nil && !isCode(err, usher.CodeConflict, usher.CodeGone) {
		return err
	}
	switch {
	case err != nil:
		// The session moved on while the camera was open; its address knows where.
		return t.json(map[string]string{"page": t.h.kit.URL(t.home())})
	case wrong != "":
		return t.json(map[string]string{"wrong": t.text(wrong, "client", t.client()), "visit": layout{t}.Carry()})
	}
	return t.json(map[string]string{"page": t.url(at), "visit": layout{t}.Carry()})
}

// take takes in one file. A video was played back before it was sent, so with it the step is done.
func (t *turn) take(source usher.EvidenceSource) (at place, wrong string, err error) {
	at, wrong, err = t.receive(source)
	sub, st, _ := t.subject()
	if err != nil || wrong != "" || sub.at != atVideo || at != sub.check() {
		return at, wrong, err
	}
	if err := t.do(usher.Command{Kind: usher.CmdCompleteStep, Step: st.ID}); err != nil {
		return "", "", err
	}
	return home(t.s, t.note), "", nil
}

// receive takes in one file: read within limits, looked at, kept. It gives the page where it is checked, or the key of what is wrong.
func (t *turn) receive(source usher.EvidenceSource) (at place, wrong string, err error) {
	sub, st, d := t.subject()
	raw, wrong, err := t.readFile(sub)
	if err != nil || wrong != "" {
		return "", wrong, err
	}
	if sub.kind != usher.ProofOfAddress && sub.at != atVideo && isPDF(raw) {
		return "", "photo.error.pdf", nil
	}
	sum := sha256.Sum256(raw)
	if at, wrong := t.knows(sub, st, d, hex.EncodeToString(sum[:])); at != "" || wrong != "" {
		return at, wrong, nil
	}
	if t.mustWait(sub) > 0 {
		return sub.at, "", nil // which says so
	}
	if t.hasty("") {
		return "", "photo.error.wait", nil
	}
	contentType, better, err := t.h.config.Intake(t.ctx(), sub.kind, raw)
	if err != nil {
		wrong := t.refusal(err)
		if wrong == "" {
			return "", "", err
		}
		t.note.Failed++
		t.remember()
		return "", wrong, nil
	}
	n := usher.NewEvidence{Kind: sub.kind, Source: source, ContentType: contentType, Advice: better, By: t.by()}
	s, e, err := t.h.config.Service.AddEvidence(t.ctx(), t.s.TenantID, t.s.ID, n, bytes.NewReader(raw))
	switch {
	case isCode(err, usher.CodeLimited):
		return "", "photo.error.full", nil
	case err != nil:
		return "", "", err
	}
	t.s = s
	t.note.Sent = append(t.note.Sent, e.ID)
	if t.note.Failed++; len(better) == 0 {
		t.note.Failed = 0
	}
	t.remember()
	return sub.check(), "", t.forget(e.SHA256)
}

// hasty tells whether the session has had so many files looked at that it is to wait a little. Those that came and those that are shown again are
// counted apart: who took their last photo may still see it.
func (t *turn) hasty(kind string) bool {
	if t.h.config.Looks == nil {
		return false
	}
	ok, _ := t.h.config.Looks.Allow(kind + t.s.ID)
	return !ok
}

// readFile reads the one file of the form, in memory, and gives the key of what is wrong with it before anybody looks inside.
func (t *turn) readFile(sub subject) (raw []byte, wrong string, err error) {
	if t.parts == nil {
		if t.parts, err = t.r.MultipartReader(); err != nil {
			return nil, "", usher.Invalid("file", "send the file as a form (multipart/form-data)")
		}
	}
	for {
		part, err := t.nextPart()
		if errors.Is(err, io.EOF) {
			return nil, "photo.error.missing", nil
		}
		if err != nil {
			return nil, "photo.error.broken", nil
		}
		switch part.FormName() {
		case uploadField:
			sum, err := io.ReadAll(io.LimitReader(part, 2*sha256.Size))
			if err != nil {
				return nil, "photo.error.broken", nil
			}
			return t.assemble(string(sum))
		case "file":
		default:
			continue
		}
		if part.FileName() == "" {
			return nil, "photo.error.missing", nil
		}
		if raw, err = io.ReadAll(io.LimitReader(part, t.most(sub)+1)); err != nil {
			return nil, "photo.error.broken", nil
		}
		if int64(len(raw)) > t.most(sub) {
			// The rest is read and dropped, up to the limit of the body: a browser shows our page only when it has sent everything.
			_, _ = io.Copy(io.Discard, t.r.Body)
			return nil, sub.wrong("too_large"), nil
		}
		if len(raw) == 0 {
			return nil, "photo.error.empty", nil
		}
		return raw, "", nil
	}
}

func (t *turn) nextPart() (*multipart.Part, error) {
	if part := t.ahead; part != nil {
		t.ahead = nil
		return part, nil
	}
	return t.parts.NextPart()
}

func isPDF(raw []byte) bool { return bytes.HasPrefix(raw, []byte("%PDF-")) }

// refusal gives the key of the words for what Intake refused, or "" when the error is not about the file.
func (t *turn) refusal(err error) string {
	var e *usher.Error
	if !errors.As(err, &e) || e.Code == usher.CodeInternal {
		return ""
	}
	if key := "photo.error." + e.Detail; t.h.kit.Catalog().Has(key) {
		return key
	}
	return "photo.error.not_a_picture"
}

// preview gives a picture as the applicant may see it: a fresh copy, never the bytes that were sent. It answers only as a picture, so that
// the address opened as a page shows nothing.
func (t *turn) preview() error {
	dest := t.r.Header.Get("Sec-Fetch-Dest")
	if dest != "" && dest != "image" && (dest != "empty" || t.keep != byPage) {
		return usher.NotFound("picture")
	}
	id := t.r.PathValue("id")
	for _, e := range t.s.Evidence {
		if e.ID != id || !t.mayShow(e) || got(e) != "" {
			continue
		}
		if t.hasty("shown/") {
			return &usher.Error{Code: usher.CodeLimited, Message: "too many pictures were looked at; try again in a minute"}
		}
		_, raw, err := t.h.config.Service.OpenEvidence(t.ctx(), t.s.TenantID, t.s.ID, id, 0, t.by())
		if err != nil {
			return err
		}
		defer raw.Close()
		jpeg, err := t.h.config.Preview(t.ctx(), raw, previewSide)
		if err != nil {
			return err
		}
		t.w.Header().Set("Content-Type", "image/jpeg")
		t.w.Header().Set("Content-Length", strconv.Itoa(len(jpeg)))
		t.w.Header().Set("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'")
		// A reader who has gone is not an error of the page.
		_, _ = t.w.Write(jpeg)
		return nil
	}
	return usher.NotFound("picture")
}
