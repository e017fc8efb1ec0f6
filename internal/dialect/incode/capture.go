package incode

import (
	"bytes"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

// alive is what the vendor says of a session that takes captures.
const alive = "Alive"

// What may be wrong with the picture of a document, of the words that the vendor's clients know.
const (
	failSide  = "WRONG_DOCUMENT_SIDE"
	failAlign = "UNABLE_TO_ALIGN_DOCUMENT"
)

// picture reads a picture: as base64 in JSON, or, from the older forms of the calls, as it is.
func (r request) picture() ([]byte, error) {
	raw, err := api.ReadAll(r.w, r.Request, mostBody)
	if err != nil {
		return nil, err
	}
	if start := bytes.TrimSpace(raw); len(start) > 0 && start[0] == '{' {
		return decodePicture(start)
	}
	if len(raw) == 0 {
		return nil, api.Malformed("base64Image", "give a picture")
	}
	return raw, nil
}

// decodePicture reads the picture out of a JSON body.
func decodePicture(text []byte) ([]byte, error) {
	var body imageBody
	if err := (api.JSON{Tolerant: true}).Decode(text, &body); err != nil {
		return nil, err
	}
	_, given, ok := strings.Cut(body.Base64Image, ";base64,") // as a browser's canvas gives it
	if !ok {
		given = body.Base64Image
	}
	given = strings.TrimRight(strings.NewReplacer("\n", "", "\r", "", "-", "+", "_", "/").Replace(given), "=")
	raw, err := base64.RawStdEncoding.DecodeString(given)
	if err != nil || len(raw) == 0 {
		return nil, api.Malformed("base64Image", "must be a picture in base64")
	}
	return raw, nil
}

// look gives the content type of a picture, and what the checks have to say of it. It refuses what is no picture.
func (d *dialect) look(r request, kind usher.EvidenceKind, raw []byte) (contentType string, seen usher.CheckResult, err error) {
	contentType = http.DetectContentType(raw)
	if d.Intake != nil {
		if contentType, _, err = d.Intake(r.Context(), kind, raw); err != nil {
			return "", seen, inImage(err)
		}
	}
	if !strings.HasPrefix(contentType, "image/") {
		return "", seen, api.Malformed("base64Image", "is not a picture")
	}
	if d.Look != nil {
		seen, err = d.Look(r.Context(), kind, raw)
	}
	return contentType, seen, err
}

// inImage names the member that the vendor's clients send a file in.
func inImage(err error) error {
	e, ok := errors.AsType[*usher.Error](err)
	if !ok || e.Field == "" {
		return err
	}
	named := *e
	named.Field = "base64Image"
	return &named
}

func (d *dialect) store(r request, s usher.Session, kind usher.EvidenceKind, contentType string, raw []byte) error {
	_, _, err := d.Service.AddEvidence(r.Context(), s.TenantID, s.ID, usher.NewEvidence{
		Kind: kind, Source: usher.FromClient, ContentType: contentType, By: r.actor(s),
	}, bytes.NewReader(raw))
	return err
}

// capture finds the session of a capture, which must still take some, and holds it to its rate.
func (d *dialect) capture(r request) (usher.Session, error) {
	s, err := d.find(r)
	if err != nil {
		return s, err
	}
	if !s.CanRetry() || s.State == usher.Expired {
		return s, usher.Conflict("this interview takes no more captures; it is %s", s.State)
	}
	return s, r.limit(d.pictures, s.ID)
}

// document takes one side of a document. A picture that will not do is stored as well, and told with status 200 and a reason: the newest counts,
// and a client whose user has no better one goes on with it.
func (d *dialect) document(kind usher.EvidenceKind) func(request) (any, error) {
	return func(r request) (any, error) {
		s, err := d.capture(r)
		if err != nil {
			return nil, err
		}
		raw, err := r.picture()
		if err != nil {
			return nil, err
		}
		contentType, seen, err := d.look(r, kind, raw)
		if err != nil {
			return nil, err
		}
		if err := d.store(r, s, kind, contentType, raw); err != nil {
			return nil, err
		}
		return documentOf(kind, seen, steered(s)), nil
	}
}

// documentOf says what was seen on one side. anything: the outcome is made up, so that nothing is held against the picture.
func documentOf(kind usher.EvidenceKind, seen usher.CheckResult, anything bool) documentAnswer {
	a := documentAnswer{TypeOfID: typeOf(usher.DocumentType(seen.Fields["document_type"])), SessionStatus: alive}
	a.SkipBackIDCapture = usher.DocumentType(seen.Fields["document_type"]) == usher.Passport
	if issuer := seen.Fields["issuer"]; issuer != "" {
		a.CountryCode = orNull(issuer)
		a.IssueName = orNull(issuer + " " + a.TypeOfID)
	}
	known := a.TypeOfID != typeOf("")
	if known || anything {
		a.Classification = orTrue(true, true)
	}
	if f, ok := findingOf(seen, string(kind)+"_sharpness"); ok {
		a.Sharpness, a.CorrectSharpness = outOf100(f), orTrue(f.OK, known || anything)
	}
	if f, ok := findingOf(seen, string(kind)+"_glare"); ok {
		a.Glare, a.CorrectGlare = outOf100(f), orTrue(f.OK, known || anything)
	}
	if f, ok := findingOf(seen, string(kind)+"_size"); ok {
		a.HorizontalResolution = number(f.Read)
	}
	fault := faultOf(kind, seen)
	if anything {
		fault = ""
	}
	a.FailReason = orNull(fault)
	if len(seen.Findings) > 0 || anything {
		a.Readability = orTrue(fault == "", false)
	}
	return a
}

// faultOf gives what is wrong with a side, or "". A side without a readable zone is as it should be on many documents; a picture that is not
// sharp enough to tell is not.
func faultOf(kind usher.EvidenceKind, seen usher.CheckResult) string {
	front := kind == usher.DocumentFront
	switch format := seen.Fields["format"]; {
	case front && format == "TD1", !front && format == "TD3":
		return failSide // a small card has its zone on the back, a passport on the page with the photograph
	case format != "":
		return ""
	}
	unclear := []usher.ReasonCode{
		usher.DocumentBlurred, usher.DocumentGlare, usher.DocumentTooDark, usher.DocumentTooSmall, usher.DocumentNotAPicture,
	}
	if hasReason(seen, unclear...) {
		return failAlign
	}
	return ""
}

func hasReason(r usher.CheckResult, codes ...usher.ReasonCode) bool {
	return slices.ContainsFunc(r.Reasons, func(why usher.Reason) bool { return slices.Contains(codes, why.Code) })
}

func findingOf(r usher.CheckResult, name string) (usher.Finding, bool) {
	i := slices.IndexFunc(r.Findings, func(f usher.Finding) bool { return f.Name == name })
	if i < 0 {
		return usher.Finding{}, false
	}
	return r.Findings[i], true
}

// number gives the number that a measure begins with, or nil.
func number(read string) *int {
	digits, _, _ := strings.Cut(read, " ")
	f, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return nil
	}
	n := int(f)
	return &n
}

// enoughSharpness is what this server's measure of sharpness must be, by the rule that makes the finding behind it.
const enoughSharpness = 60

// outOf100 puts a measure on the vendor's scale, where 100 is fine: what is good enough is 100, and what is not lies as far below as it misses.
func outOf100(f usher.Finding) *int {
	n := number(f.Read)
	if n == nil {
		return nil
	}
	const fine = 100
	switch {
	case f.OK:
		*n = fine
	case strings.HasSuffix(f.Name, "_glare"): // percent of the picture
		*n = max(0, fine-*n)
	default:
		*n = min(fine-1, fine**n/enoughSharpness)
	}
	return n
}

// orTrue gives a truth value, true also where something else vouches for it.
func orTrue(ok, vouched bool) *bool {
	ok = ok || vouched
	return &ok
}

// selfie takes a picture of the applicant's face. Whether a living person is on it is not tested here, and so not said.
func (d *dialect) selfie(r request) (any, error) {
	if kind := r.URL.Query().Get("imageType"); kind != "" && !strings.EqualFold(kind, "selfie") {
		return nil, api.Malformed("imageType", "only selfie is taken here")
	}
	s, err := d.capture(r)
	if err != nil {
		return nil, err
	}
	raw, err := r.picture()
	if err != nil {
		return nil, err
	}
	contentType, seen, err := d.look(r, usher.Selfie, raw)
	if err != nil {
		return nil, err
	}
	if !steered(s) && hasReason(seen, usher.FaceMissing) {
		return nil, custom(codeFaceNotFound, "Face not found.")
	}
	if err := d.store(r, s, usher.Selfie, contentType, raw); err != nil {
		return nil, err
	}
	a := selfieAnswer{SessionStatus: alive}
	if steered(s) {
		a.Confidence = share(strings.HasPrefix(s.Steer, usher.SteerFail))
	}
	if f, ok := findingOf(seen, string(usher.Selfie)+"_brightness"); ok {
		a.IsBright = &f.OK
	}
	return a, nil
}
