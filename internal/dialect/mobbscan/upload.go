package mobbscan

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
	"github.com/usher-kyc/usher/internal/picture"
)

// The results of a document upload.
const (
	otherSide = "PENDING_OTHER_SIDE"
	completed = "COMPLETED"
)

// uploadable gives the process of an upload. One that takes none any more says why.
func (s *server) uploadable(r request) (usher.Session, error) {
	found, err := s.scan(r)
	if err != nil {
		return found, err
	}
	switch found.State {
	case usher.Created, usher.InProgress, usher.AwaitingApplicant:
		return found, nil
	case usher.Expired:
		return found, timeIsOver()
	}
	return found, refuse(http.StatusConflict, codeScanned, "the process takes no more files: it was finished")
}

// scan gives the process that the path of an upload names.
func (s *server) scan(r request) (usher.Session, error) {
	found, err := s.named(r)
	if e, ok := errors.AsType[*refusal](err); ok && e.Code == codeNoVerification {
		err = refuse(http.StatusNotFound, codeNoScan, "no process has this scanId")
	}
	return found, err
}

func timeIsOver() error {
	return refuse(http.StatusRequestTimeout, codeTimeout, "the time for this process is over; create a new one")
}

// keep stores a file with a process.
func (s *server) keep(r request, on usher.Session, kind usher.EvidenceKind, contentType string, body io.Reader) (usher.Session, error) {
	now, _, err := s.Service.AddEvidence(r.Context(), r.tenant(), on.ID, usher.NewEvidence{
		Kind: kind, Source: usher.FromClient, ContentType: contentType, By: r.p.Actor(),
	}, body)
	switch {
	case hasCode(err, usher.CodeGone):
		err = timeIsOver()
	case hasCode(err, usher.CodeConflict):
		err = refuse(http.StatusConflict, codeScanned, "the file can no longer be changed: checks rest on it")
	}
	return now, err
}

// image is what a first look at a picture found.
type image struct {
	contentType string
	advice      []string
	look        usher.CheckResult
}

// lookAt looks at a picture before it is kept. One that is none is refused with a code of the vendor's, so that the client can ask for another.
func (s *server) lookAt(r request, kind usher.EvidenceKind, raw []byte, code string) (image, error) {
	contentType, advice, err := s.Intake(r.Context(), kind, raw)
	if e, ok := errors.AsType[*usher.Error](err); ok && e.Detail != api.DetailTooLarge {
		err = refuse(http.StatusUnprocessableEntity, code, "image: "+e.Message)
	}
	img := image{contentType: contentType}
	if err != nil {
		return img, err
	}
	for _, a := range advice {
		img.advice = append(img.advice, string(a))
	}
	if s.Look != nil {
		img.look, err = s.Look(r.Context(), kind, raw)
	}
	return img, err
}

// uploadDocument takes one side of the document. The parts may come in any order.
func (s *server) uploadDocument(r request) error {
	found, err := s.uploadable(r)
	if err != nil {
		return err
	}
	var raw []byte
	f, err := readForm(r, []string{"side", "documentType"}, map[string]func(*bounded) error{"image": func(b *bounded) (err error) {
		raw, err = io.ReadAll(b)
		return err
	}})
	if err != nil {
		return err
	}
	kind, ok := map[string]usher.EvidenceKind{"front": usher.DocumentFront, "back": usher.DocumentBack}[f["side"]]
	switch docType := f["documentType"]; {
	case len(raw) == 0:
		return usher.Invalid("image", "is required")
	case !ok:
		return usher.Invalid("side", "must be front or back")
	case docType != "" && !accepted(found, docType):
		return refuse(http.StatusBadRequest, codeDocumentType, "documentType: this process does not take documents of this type")
	}
	img, err := s.lookAt(r, kind, raw, codeNotClassified)
	if err != nil {
		return err
	}
	if found, err = s.keep(r, found, kind, img.contentType, bytes.NewReader(raw)); err != nil {
		return err
	}
	if docType := f["documentType"]; docType != "" && docType != found.Metadata[keptType] {
		pairs := map[string]string{keptType: docType}
		if found, err = s.do(r, found, usher.Command{Kind: usher.CmdAnnotate, Metadata: pairs}); err != nil {
			return err
		}
	}
	a := documentAnswer{Description: "OK", ScanID: found.Key, Side: f["side"], Result: completed, Advice: img.advice}
	if !found.Has(usher.DocumentFront) || (choiceOf(found).Type.HasBack() && !found.Has(usher.DocumentBack)) {
		a.Result = otherSide
	}
	read := img.look.Fields
	if read == nil {
		read = map[string]string{}
	}
	derive(read)
	a.PersonalData = personOf(read)
	return r.answer(a)
}

// accepted tells whether the flow of a process takes documents of one of the vendor's types. Of a type whose name does not tell what it is, nobody
// can say that it does not.
func accepted(s usher.Session, docType string) bool {
	kind := ourType(docType)
	st, ok := s.Flow.First(usher.StepDocument)
	return typeShape.MatchString(docType) && (kind == "" || !ok || slices.Contains(st.Accept, kind))
}

// choiceOf gives the document that the integrator said the user has.
func choiceOf(s usher.Session) usher.DocumentChoice {
	if docType := s.Metadata[keptType]; accepted(s, docType) {
		return usher.DocumentChoice{Type: ourType(docType)}
	}
	return usher.DocumentChoice{}
}

// uploadFace takes a selfie, a video of the face, or both.
func (s *server) uploadFace(r request) error {
	found, err := s.uploadable(r)
	if err != nil {
		return err
	}
	var raw []byte
	filmed := false
	f, err := readForm(r, []string{"livenessMethod"}, map[string]func(*bounded) error{
		"image": func(b *bounded) (err error) {
			raw, err = io.ReadAll(b)
			return err
		},
		"video": func(b *bounded) error {
			filmed = true
			return s.keepVideo(r, found, b)
		},
	})
	if err != nil {
		return err
	}
	if !slices.Contains([]string{"", "0", "1", "2"}, f["livenessMethod"]) {
		return usher.Invalid("livenessMethod", "must be 0, 1 or 2")
	}
	if len(raw) == 0 && !filmed {
		return usher.Invalid("image", "send image, video or both")
	}
	a := faceAnswer{Description: "OK", ScanID: found.Key}
	if len(raw) > 0 {
		img, err := s.lookAt(r, usher.Selfie, raw, codeScanNotValid)
		if err != nil {
			return err
		}
		if _, err := s.keep(r, found, usher.Selfie, img.contentType, bytes.NewReader(raw)); err != nil {
			return err
		}
		a.Advice = img.advice
		if faceless(img.look) {
			a.Result = orNull(notValid)
		}
	}
	return r.answer(a)
}

// keepVideo stores a video as it comes in.
func (s *server) keepVideo(r request, on usher.Session, b *bounded) error {
	const sniffed = 512
	body := bufio.NewReaderSize(b, sniffed)
	head, err := body.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	kind := picture.Sniff(head)
	if kind != "mp4" && kind != "webm" {
		return refuse(http.StatusUnprocessableEntity, codeScanNotValid, "video: is no video; send MP4 or WebM")
	}
	_, err = s.keep(r, on, usher.SelfieVideo, "video/"+kind, body)
	return err
}

// faceless tells whether a first look found that a picture does not show one clear face.
func faceless(look usher.CheckResult) bool {
	return slices.ContainsFunc(look.Reasons, func(r usher.Reason) bool {
		return r.Code == usher.FaceMissing || r.Code == usher.FaceSeveral || r.Code == usher.FaceTooSmall
	})
}

// finish ends the user's part. The integrator holds the user's consent; a sandbox process that says what is to come of it is filled in.
func (s *server) finish(r request) error {
	found, err := s.scan(r)
	if err != nil {
		return err
	}
	switch found.State {
	case usher.Expired:
		return timeIsOver()
	case usher.Cancelled:
		return refuse(http.StatusConflict, codeNotFinished, "the process was ended without being finished")
	case usher.Submitted, usher.InReview, usher.Approved, usher.Rejected:
		return r.answer(statusAnswerOf(found))
	case usher.Created, usher.InProgress, usher.AwaitingApplicant:
	}
	if found.Steer != "" {
		found, err = s.Service.Simulate(r.Context(), r.p.Client, found.ID, "submit")
	} else {
		c := usher.Command{Kind: usher.CmdSubmit, Consent: &usher.Consent{Face: true}}
		if choice := choiceOf(found); choice.Type != "" {
			c.Document = &choice
		}
		found, err = s.do(r, found, c)
	}
	if e, ok := errors.AsType[*usher.Error](err); ok && e.Code == usher.CodeConflict {
		return refuse(http.StatusConflict, codeNotFinished, cmp.Or(e.Message, "something is missing"))
	}
	if hasCode(err, usher.CodeGone) {
		return timeIsOver()
	}
	if err != nil {
		return err
	}
	return r.answer(statusAnswerOf(found))
}

// sniff takes in a picture by its first bytes, for a server that has no better look.
func sniff(_ context.Context, _ usher.EvidenceKind, raw []byte) (string, []usher.ReasonCode, error) {
	if kind := picture.Sniff(raw); kind == picture.KindJPEG || kind == picture.KindPNG {
		return "image/" + kind, nil, nil
	}
	return "", nil, usher.Invalid("file", "is no picture; send JPEG or PNG")
}
