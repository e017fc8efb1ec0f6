package mobbscan

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"

	"github.com/usher-kyc/usher"
)

var (
	countryShape = regexp.MustCompile(`^[A-Za-z]{3}$`)
	typeShape    = regexp.MustCompile(`^[A-Za-z0-9_]{1,64}$`)
	// A client that chooses the scanId sends a UUID; anything that can stand in a path will do.
	scanIDShape = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
)

const mostExtra = 32 << 10 // bytes of the integrator's own data

// outcomes are the values of verificationExtraData.sandboxOutcome, by which a process of a sandbox tenant says what is to come of it.
var outcomes = map[string]string{
	"accept": usher.SteerClear, "reject": usher.SteerReject, "review": usher.SteerReview, "expire": usher.SteerExpire,
}

// create starts a process: a session of a person of whom nothing is known yet.
func (s *server) create(r request) error {
	var in processRequest
	if err := r.read(&in); err != nil {
		return err
	}
	if err := in.check(); err != nil {
		return err
	}
	if in.ScanID == "" {
		in.ScanID = newUUID()
	}
	token := rand.Text()
	n := usher.NewSession{
		Applicant: &usher.NewApplicant{Kind: usher.Person}, Key: in.ScanID, ReturnURL: in.RedirectURL,
		Metadata: map[string]string{keptToken: token, keptCountry: in.CountryID, keptType: in.DocType},
	}
	if len(in.Extra) > 0 {
		extra, err := json.Marshal(in.Extra)
		if err != nil || len(extra) > mostExtra {
			return usher.Invalid("verificationExtraData", "may hold at most %d bytes", mostExtra)
		}
		n.Metadata[keptExtra] = string(extra)
	}
	if err := s.steer(r, in, &n); err != nil {
		return err
	}
	begun, link, err := s.Service.StartSession(r.Context(), r.p.Client, n)
	if err != nil {
		return fieldNamed(err, "return_url", "redirectUrl")
	}
	return r.answer(processAnswer{
		OnboardingURL: link.URL, OnboardingToken: token, ScanID: begun.Key, VerificationID: begun.ID,
	})
}

func (in processRequest) check() error {
	switch {
	case in.CountryID != "" && !countryShape.MatchString(in.CountryID):
		return usher.Invalid("countryId", "must be a country code of three letters as in ISO 3166-1, such as ESP")
	case in.DocType != "" && !typeShape.MatchString(in.DocType):
		return refuse(http.StatusBadRequest, codeDocumentType, "docType: must be a type of document such as IDCard")
	case in.ScanID != "" && !scanIDShape.MatchString(in.ScanID):
		return usher.Invalid("scanId", "must be a UUID, or at most 64 letters, digits, dots, dashes and underscores")
	}
	return nil
}

// steer takes in the outcome that a sandbox process asks for. An outcome that is a decision needs a flow that decides by rule.
func (s *server) steer(r request, in processRequest, n *usher.NewSession) error {
	var outcome string
	if raw, ok := in.Extra["sandboxOutcome"]; !ok || json.Unmarshal(raw, &outcome) != nil || outcomes[outcome] == "" {
		return nil // data of the integrator's own that happens to have the name
	}
	tenant, err := s.Service.Tenant(r.Context(), r.tenant())
	if err != nil || tenant.Mode != usher.Sandbox {
		return err
	}
	n.Steer = outcomes[outcome]
	if n.Steer != usher.SteerClear && n.Steer != usher.SteerReject {
		return nil
	}
	_, err = s.Service.Flow(r.Context(), r.tenant(), automaticFlow)
	if hasCode(err, usher.CodeNotFound) {
		return nil
	}
	n.Flow = automaticFlow
	return err
}

// fieldNamed gives an error about one of our fields the name that the vendor has for it.
func fieldNamed(err error, ours, theirs string) error {
	if e, ok := errors.AsType[*usher.Error](err); ok && e.Field == ours {
		named := *e
		named.Field = theirs
		return &named
	}
	return err
}

// newUUID gives a random UUID (RFC 9562, version 4).
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// find gives a process of the request's tenant by its verificationId or scanId. One that was deleted, is another tenant's or came in through
// another API is not there.
func (s *server) find(r request, id string) (usher.Session, error) {
	found, err := s.Service.Session(r.Context(), r.tenant(), id)
	if hasCode(err, usher.CodeNotFound) || (err == nil && found.Dialect != Name) {
		found, err = s.Service.SessionByKey(r.Context(), r.tenant(), Name, id)
	}
	if hasCode(err, usher.CodeNotFound) || hasCode(err, usher.CodeGone) {
		err = noVerification()
	}
	return found, err
}

// named gives the process that the path names.
func (s *server) named(r request) (usher.Session, error) { return s.find(r, r.PathValue("id")) }

func (s *server) status(r request) error {
	found, err := s.named(r)
	if err != nil {
		return err
	}
	return r.answer(statusAnswerOf(found))
}

func (s *server) data(r request) error {
	found, err := s.named(r)
	if err != nil {
		return err
	}
	a, err := s.Service.Applicant(r.Context(), r.tenant(), found.ApplicantID)
	if err != nil {
		return err
	}
	if r.URL.Query().Get("includeImages") == "true" {
		return s.dataWithImages(r, found, s.dataOf(found, a))
	}
	return r.answer(s.dataOf(found, a))
}

// erase removes everything about the person: the keys of data and files are destroyed.
func (s *server) erase(r request) error {
	found, err := s.named(r)
	if err != nil {
		return err
	}
	a, err := s.Service.EraseApplicant(r.Context(), r.tenant(), found.ApplicantID, r.p.Actor())
	if err == nil {
		err = a.KeptByLaw()
	}
	if err != nil {
		return err
	}
	return r.answer(deletedAnswer{VerificationID: found.ID, Deleted: true})
}
