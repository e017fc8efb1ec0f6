package incode

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
	"github.com/usher-kyc/usher/internal/mrz"
)

// results finds the session of a call once the checks that are out have answered: a client is told that a module is finished and asks for its
// results at once.
func (d *dialect) results(r request) (usher.Session, error) {
	s, err := d.find(r)
	if err != nil {
		return s, err
	}
	return d.settled(r.Context(), s)
}

func (d *dialect) score(r request) (any, error) {
	s, err := d.results(r)
	if err != nil {
		return nil, err
	}
	return scoreAnswerOf(s, d.Now()), nil
}

// scoreAnswerOf gives the score of a session: what ran, and nothing else.
func scoreAnswerOf(s usher.Session, now time.Time) scoreAnswer {
	all := s.Checks()
	var a scoreAnswer
	var values []float64
	// Left out are faces that were not compared, and movements before the camera: the vendor's liveness is one that was tested against attacks.
	take := func(kind usher.CheckKind) (usher.CheckResult, test, bool) {
		r, ok := resultIn(all, kind)
		if ok = ok && !hasReason(r, usher.FaceNotCompared) && !slices.Contains(r.Examined, usher.CaptureChallenge); ok {
			values = append(values, r.Score)
		}
		return r, test{Value: percent(r.Score), Status: scoreOf(r.Outcome)}, ok
	}
	if r, overall, ok := take(usher.CheckDocument); ok {
		a.IDValidation = idValidationOf(r, overall)
		if len(r.Fields) > 0 {
			confidence := test{Value: percent(r.Score), Status: scoreOK}
			if r.Assurance == usher.Assisted {
				confidence.Status = scoreWarn
			}
			a.IDOCRConfidence = &ocrConfidence{OverallConfidence: confidence}
		}
	}
	if _, overall, ok := take(usher.CheckLiveness); ok {
		a.Liveness = &livenessScore{LivenessScore: overall, Overall: overall}
	}
	for _, kind := range []usher.CheckKind{usher.CheckFace, usher.CheckFaceLogin} {
		if _, overall, ok := take(kind); ok {
			a.FaceRecognition = &faceRecognition{ExistingUser: existing(s), Overall: overall}
			if s.State == usher.Approved {
				a.FaceRecognition.CustomerID = orNull(s.ApplicantID)
			}
		}
	}
	if _, overall, ok := take(usher.CheckRegistry); ok {
		a.GovernmentValidation = &governmentValidation{ValidationStatus: overall, Overall: overall}
	}
	if s.Has(usher.SelfieVideo) {
		a.VideoConference = &videoConference{VideoFileIsPresent: test{Value: "PASSED", Status: scoreOK}}
	}
	a.Overall = test{Value: percent(mean(values)), Status: overallOf(s, now)}
	return a
}

// percent writes a share as the vendor does: 0 to 100 with one decimal, as text.
func percent(share float64) string {
	const whole = 100
	return strconv.FormatFloat(whole*share, 'f', 1, 64)
}

func mean(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// shown says under which of the vendor's keys a finding of the document check is shown, in which of the lists.
var shown = []struct {
	finding, key string
	list         func(*idValidation) *[]test
}{
	{"document_front_sharpness", "sharpnessFront", quality},
	{"document_front_brightness", "balancedLightFront", quality},
	{"document_back_sharpness", "sharpnessBack", quality},
	{"document_back_brightness", "balancedLightBack", quality},
	{"document_type", "documentClassification", specific},
	{"digit_date_of_birth", "birthDateValidity", specific},
	{"digit_expiry", "expirationDateValidity", specific},
	{"expiry", "documentExpired", specific},
	{"first_name", "firstNameMatch", given},
	{"last_name", "lastNameMatch", given},
}

func quality(v *idValidation) *[]test  { return &v.PhotoSecurityAndQuality }
func specific(v *idValidation) *[]test { return &v.IDSpecific }
func given(v *idValidation) *[]test    { return &v.CustomFields }

func idValidationOf(r usher.CheckResult, overall test) *idValidation {
	v := idValidation{PhotoSecurityAndQuality: []test{}, IDSpecific: []test{}, CustomFields: []test{}, Overall: overall}
	for _, row := range shown {
		f, ok := findingOf(r, row.finding)
		if !ok {
			continue
		}
		t := test{Key: orNull(row.key), Value: "100", Status: scoreOK}
		if !f.OK {
			t.Value, t.Status = "0", scoreWarn
		}
		if !f.OK && r.Outcome == usher.Refuse {
			t.Status = scoreFail
		}
		list := row.list(&v)
		*list = append(*list, t)
	}
	return &v
}

func (d *dialect) ocr(r request) (any, error) {
	s, err := d.results(r)
	if err != nil {
		return nil, err
	}
	return ocrOf(s, d.Now()), nil
}

func (d *dialect) ocrWrapped(r request) (any, error) {
	s, err := d.results(r)
	if err != nil {
		return nil, err
	}
	return ocrWrapped{OCRData: ocrOf(s, d.Now())}, nil
}

// ocrOf gives what was read from the document, with what a reviewer put right.
func ocrOf(s usher.Session, now time.Time) ocrAnswer {
	result, _ := resultIn(s.Checks(), usher.CheckDocument)
	read := map[string]string{}
	maps.Copy(read, result.Fields)
	for _, c := range s.Facts {
		read[c.Field] = c.New
	}
	if len(read) == 0 {
		return ocrAnswer{}
	}
	first, last := read["first_name"], read["last_name"]
	full := orNull(strings.TrimSpace(first + " " + last))
	a := ocrAnswer{
		Name: &ocrName{
			FullName: full, FirstName: orNull(first), GivenName: orNull(first), PaternalLastName: orNull(last),
			MachineReadableFullName: orNull(strings.TrimSpace(last + " " + first)),
		},
		Gender: orNull(read["sex"]), DocumentNumber: orNull(read["number"]), IssuingCountry: orNull(read["issuer"]),
		Nationality: orNull(alpha3(read["nationality"])), CURP: orNull(s.Metadata[keptCURP]),
	}
	if t := read["document_type"]; t != "" {
		a.TypeOfID = orNull(typeOf(usher.DocumentType(t)))
	}
	if born := usher.Date(read["date_of_birth"]).Time(); !born.IsZero() {
		ms := born.UnixMilli()
		a.BirthDate = &ms
	}
	if ends := usher.Date(read["expiry"]).Time(); !ends.IsZero() {
		year := ends.Year()
		a.ExpireAt, a.ExpirationDate = orNull(strconv.FormatInt(ends.UnixMilli(), 10)), &year
	}
	a.zone(read["mrz"], now)
	return a
}

// alpha3 gives a code that has the vendor's shape, and nothing for another: the zone's own is taken where there is one.
func alpha3(code string) string {
	if len(code) != len("SWE") {
		return ""
	}
	return code
}

// zone adds what stands in the machine readable zone, as it stands there.
func (a *ocrAnswer) zone(text string, now time.Time) {
	lines := strings.Fields(text)
	for i, to := range []**string{&a.MRZ1, &a.MRZ2, &a.MRZ3} {
		if i < len(lines) {
			*to = orNull(lines[i])
		}
	}
	doc, err := mrz.Parse(lines, now)
	if err != nil {
		return
	}
	a.Nationality, a.NationalityMRZ = orNull(doc.Nationality), orNull(doc.Nationality)
	a.Name.GivenNameMRZ, a.Name.LastNameMRZ = orNull(doc.GivenNames), orNull(doc.Surname)
	a.FullNameMRZ = orNull(strings.TrimSpace(doc.Surname + " " + doc.GivenNames))
}

// croppedFace is the face on the document, as the vendor's browser kit asks for it.
const croppedFace = "croppedIDFace"

// imageKinds says which evidence the vendor's names of images stand for. Documents are not cut out of their pictures here, so that a cropped one is the
// whole.
var imageKinds = map[string]usher.EvidenceKind{
	croppedFace: usher.DocumentFront,
	"selfie":    usher.Selfie, "fullFrameFrontID": usher.DocumentFront, "croppedFrontID": usher.DocumentFront,
	"fullFrameBackID": usher.DocumentBack, "croppedBackID": usher.DocumentBack,
}

// mostImages bounds the bytes of the pictures in one answer: the vendor's answers end at 10 MB as well.
const mostImages = 10 << 20

// images gives the newest picture of each name that was asked for, in base64. Names without a picture are left out.
func (d *dialect) images(r request) (any, error) {
	var body struct {
		Images json.RawMessage `json:"images"`
	}
	if err := r.body(&body); err != nil {
		return nil, err
	}
	names := r.URL.Query()["images"]
	if len(body.Images) > 0 {
		names = nil
		if err := json.Unmarshal(body.Images, &names); err != nil {
			return nil, api.Malformed("images", "must be a list of names")
		}
	}
	if len(names) == 0 {
		return nil, api.Malformed("images", "name at least one, such as selfie")
	}
	s, err := d.find(r)
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	found, total, newest := map[string]string{}, int64(0), s.InForce()
	for _, name := range slices.Compact(names) { // each once: a face that is not found takes as long to look for every time
		kind, ok := imageKinds[name]
		i := slices.IndexFunc(newest, func(e usher.Evidence) bool { return e.Kind == kind })
		if !ok || i < 0 || (name == croppedFace && d.Portrait == nil) {
			continue
		}
		e := newest[i]
		if total += e.Size; total > mostImages {
			return nil, api.Malformed("images", "together they are larger than 10 MB; ask for fewer at a time")
		}
		raw, err := d.image(r, s, e)
		if err != nil {
			return nil, err
		}
		if name == croppedFace {
			if raw, err = d.Portrait(r.Context(), raw); is(err, usher.CodeNotFound) {
				continue
			} else if err != nil {
				return nil, err
			}
		}
		found[name] = base64.StdEncoding.EncodeToString(raw)
	}
	return found, nil
}

func (d *dialect) image(r request, s usher.Session, e usher.Evidence) ([]byte, error) {
	_, body, err := d.Service.OpenEvidence(r.Context(), s.TenantID, s.ID, e.ID, 0, r.actor(s))
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(body)
	return raw, cmp.Or(err, body.Close())
}
