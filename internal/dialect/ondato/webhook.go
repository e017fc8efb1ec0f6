package ondato

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

// The names of the messages. Those about the IDV have a later name, too, which an endpoint gets that lists it.
const (
	idvConsented     = "Idv.Consented"
	idvStatusChanged = "Idv.StatusChanged"
	kycCreated       = "KycIdentification.Created"
	kycProcessed     = "KycIdentification.Processed"
	kycApproved      = "KycIdentification.Approved"
	kycUpdated       = "KycIdentification.Updated"
	kycRejected      = "KycIdentification.Rejected"
)

// later gives the later name of a message about the IDV, or "".
func later(name string) string {
	rest, ok := strings.CutPrefix(name, "Idv.")
	if !ok {
		return ""
	}
	return "IdentityVerification." + rest
}

// names lists every name that a message can have.
func names() []string {
	all := []string{kycCreated, kycProcessed, kycApproved, kycUpdated, kycRejected, idvConsented, idvStatusChanged}
	return append(all, later(idvConsented), later(idvStatusChanged))
}

// Renderer writes the webhooks of this dialect.
type Renderer struct{}

var _ usher.Renderer = Renderer{}

// Name gives the dialect's name.
func (Renderer) Name() string { return Name }

// Render gives the messages of an event, in the order in which they are sent; each carries the resource as a GET would answer it now. Sessions that
// did not come in as an identity verification have none.
func (Renderer) Render(v usher.View, e usher.Event) ([]usher.Message, error) {
	if v.Session == nil || v.Session.Dialect != Name || v.Session.Key == "" {
		return nil, nil
	}
	var messages []usher.Message
	for _, name := range namesOf(*v.Session, e) {
		raw, err := payload(*v.Session, name)
		if err != nil {
			return nil, fmt.Errorf("write payload: %w", err)
		}
		for _, as := range []string{name, later(name)} {
			if as == "" {
				continue
			}
			body, err := json.Marshal(envelope{
				ID: envelopeID(e.ID, name), ApplicationID: v.Session.TenantID, CreatedUTC: at(e.At), Payload: raw, Type: as,
			})
			if err != nil {
				return nil, fmt.Errorf("write webhook: %w", err)
			}
			messages = append(messages, usher.Message{Event: as, ContentType: "application/json", Body: body, Asked: as != name})
		}
	}
	return messages, nil
}

// payload gives the resource that a message is about.
func payload(s usher.Session, name string) ([]byte, error) {
	if later(name) != "" {
		return json.Marshal(idvOf(s, time.Time{}))
	}
	return json.Marshal(identificationOf(s))
}

// envelopeID gives the id of a message: the same for every try, every endpoint and either name.
func envelopeID(event, name string) string {
	if rest, ok := strings.CutPrefix(name, "IdentityVerification."); ok {
		name = "Idv." + rest
	}
	return derive("message", event, name)
}

// namesOf names what an event tells, by the session as it is right after it.
func namesOf(s usher.Session, e usher.Event) []string {
	sent := []string{kycProcessed, idvStatusChanged}
	switch e.Type {
	case usher.SessionStarted:
		return append(onlyIf(!e.Data.Resumed, idvStatusChanged), onlyIf(!e.Data.Resumed && begun(s), kycCreated)...)
	case usher.StepCompleted:
		if e.Data.Again {
			return nil
		}
		// consent.given comes just before, when the session does not hold the consent yet.
		return append(onlyIf(e.Data.Consent != nil, idvConsented), onlyIf(begins(s, e), kycCreated)...)
	case usher.CheckCompleted:
		return onlyIf(begins(s, e), kycCreated)
	case usher.SessionSubmitted:
		return sent
	case usher.SessionReviewRequested:
		// A check that stops the flow sends the applicant's unfinished go to a reviewer: there was no submission to tell, yet the applicant's part is
		// over. The vote of one of two reviewers is told by the same event and is nobody else's business.
		if len(s.Asked()) > 0 && len(e.Data.Votes) == 0 {
			return sent
		}
	case usher.SessionRejected:
		if len(s.Asked()) > 0 && s.Decision != nil && s.Decision.By.Kind == usher.BySystem {
			return append(sent, kycRejected)
		}
		return []string{kycRejected}
	case usher.SessionApproved:
		return []string{kycApproved}
	case usher.SessionOverturned:
		if s.State == usher.Approved {
			return []string{kycApproved}
		}
		return []string{kycRejected}
	case usher.DocumentCorrected:
		return []string{kycUpdated}
	case usher.SessionResubmissionRequested, usher.SessionExpired, usher.SessionCancelled:
		return []string{idvStatusChanged}
	default:
	}
	return nil
}

func onlyIf(so bool, name string) []string {
	if !so {
		return nil
	}
	return []string{name}
}

// begins tells whether the end of a step, or of a check, is what the session's identification begins with.
func begins(s usher.Session, e usher.Event) bool {
	place := -1
	for i, st := range s.Steps {
		if st.ID == e.Data.Step {
			place = i
		}
	}
	again := s.Attempt > 1 || !s.SubmittedAt.IsZero()
	return !again && place < firstCapture(s.Steps) && begun(s)
}

// SignatureHeader is where an endpoint with the authentication hmac finds the signature.
const SignatureHeader = "Ondato-Signature"

// Sign sets the vendor's signature: the time of this try in seconds, and the HMAC-SHA256 over it, a dot and the body, in hex.
func Sign(h http.Header, secret string, at time.Time, body []byte) {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(stamp + "."))
	mac.Write(body)
	h.Set(SignatureHeader, "t="+stamp+", s="+hex.EncodeToString(mac.Sum(nil)))
}

// delivery is the vendor's way of sending: 30 s for an answer, and 30 tries, the later ones 12 h apart.
func delivery() api.Delivery {
	const tries = 30
	schedule := []time.Duration{
		0, 10 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour,
	}
	for len(schedule) < tries {
		schedule = append(schedule, 12*time.Hour)
	}
	return api.Delivery{Schedule: schedule, Timeout: 30 * time.Second, Sign: Sign, TokenForm: true}
}
