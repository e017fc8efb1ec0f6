package outside

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
)

// Limits of what is sent and read, in bytes.
const (
	largestAnswer = 64 << 10
	largestInline = 15 << 20 // evidence in one request; what is over is sent as links
)

// A provider that answers 202 may ask with Retry-After to be asked again, within these bounds.
const soonest = 5 * time.Second

// request is what a provider is sent. It is the same, byte for byte, however often one check is asked for, apart from links of another run.
type request struct {
	Key         string         `json:"key"`
	Check       string         `json:"check"`
	Mode        string         `json:"mode"`
	TenantID    string         `json:"tenant_id"`
	ApplicantID string         `json:"applicant_id"`
	SessionID   string         `json:"session_id"`
	Purpose     string         `json:"purpose"`
	Step        string         `json:"step"`
	Round       int            `json:"round"`
	AskedAt     time.Time      `json:"asked_at"`
	AnswerBy    time.Time      `json:"answer_by"`
	CallbackURL string         `json:"callback_url"`
	Applicant   *usher.Details `json:"applicant,omitempty"`
	Document    *document      `json:"document,omitempty"`
	Evidence    []file         `json:"evidence,omitempty"`
	Enrolled    []file         `json:"enrolled,omitempty"`
}

type document struct {
	Type    string `json:"type,omitempty"`
	Country string `json:"country,omitempty"`
}

type file struct {
	ID          string    `json:"id"`
	Kind        string    `json:"kind"`
	Source      string    `json:"source"`
	ContentType string    `json:"content_type"`
	Size        int64     `json:"size"`
	SHA256      string    `json:"sha256"`
	At          time.Time `json:"at"`
	URL         string    `json:"url,omitempty"`
	Data        []byte    `json:"data,omitempty"`
}

// ask names one asking of one check: what a callback is for, and the key that keeps a provider from doing it twice.
type ask struct {
	tenant, session, step string
	round                 int
	kind                  usher.CheckKind
}

func askOf(in usher.CheckInput, kind usher.CheckKind) ask {
	return ask{in.Session.TenantID, in.Session.ID, in.Step, in.Round, kind}
}

// String gives the asking as a path of five parts.
func (a ask) String() string {
	return join(a.tenant, a.session, a.step, strconv.Itoa(a.round), string(a.kind))
}

func parseAsk(s string) (a ask, ok bool) {
	parts, ok := split(s, 5)
	if !ok {
		return a, false
	}
	round, err := strconv.Atoi(parts[3])
	return ask{parts[0], parts[1], parts[2], round, usher.CheckKind(parts[4])}, err == nil
}

func join(parts ...string) string {
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return strings.Join(parts, "/")
}

func split(s string, n int) ([]string, bool) {
	parts := strings.Split(s, "/")
	for i := range parts {
		part, err := url.PathUnescape(parts[i])
		if err != nil {
			return nil, false
		}
		parts[i] = part
	}
	return parts, len(parts) == n
}

// The purposes of stamps, so that one is worth nothing for another.
const (
	stampCallback = "check-callback"
	stampEvidence = "check-evidence"
)

// post sends the request and gives the answer: its status, how long it asks to wait, and its body.
func (c *checker) post(ctx context.Context, in usher.CheckInput, until time.Time) (status int, later time.Duration, raw []byte, err error) {
	key := askOf(in, c.p.Kind).String()
	body, err := c.body(ctx, in, key, until)
	if err != nil {
		return 0, 0, nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.p.URL, bytes.NewReader(body))
	if err != nil {
		return 0, 0, nil, fmt.Errorf("make request for %s: %w", c.p.Kind, ours(err))
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Idempotency-Key", key)
	if err := c.o.c.Sign(req.Header, key, c.o.c.Now(), body, c.p.Secrets); err != nil {
		return 0, 0, nil, fmt.Errorf("sign request for %s: %w", c.p.Kind, err)
	}
	res, err := c.o.c.Client.Do(req)
	if err != nil {
		return 0, 0, nil, fmt.Errorf("ask the provider of %s: %w", c.p.Kind, ours(err))
	}
	raw, err = io.ReadAll(io.LimitReader(res.Body, largestAnswer+1))
	if err = errors.Join(err, res.Body.Close()); err != nil {
		return 0, 0, nil, fmt.Errorf("read what the provider of %s answered: %w", c.p.Kind, ours(err))
	}
	if len(raw) > largestAnswer {
		return 0, 0, nil, fmt.Errorf("the provider of %s answered more than %d bytes", c.p.Kind, largestAnswer)
	}
	if seconds, err := strconv.ParseUint(res.Header.Get("Retry-After"), 10, 31); err == nil {
		later = max(soonest, time.Duration(seconds)*time.Second)
	}
	return res.StatusCode, later, raw, nil
}

// ours gives what may be told of a call that failed. It leaves out the address, which may hold an operator's key, and, of an answer that is not
// HTTP, what Go's errors repeat of it: those are the provider's words.
func ours(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	if n, ok := errors.AsType[net.Error](err); ok {
		return n
	}
	if c, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return c
	}
	for _, known := range []error{context.Canceled, io.ErrUnexpectedEOF, io.EOF} {
		if errors.Is(err, known) {
			return known
		}
	}
	return errors.New("the call failed before there was an answer that can be read")
}

func (c *checker) body(ctx context.Context, in usher.CheckInput, key string, until time.Time) ([]byte, error) {
	r := request{
		Key: key, Check: string(c.p.Kind), Mode: string(in.Mode), TenantID: in.Session.TenantID, ApplicantID: in.Session.ApplicantID,
		SessionID: in.Session.ID, Purpose: string(in.Session.Purpose), Step: in.Step, Round: in.Round,
		AskedAt: in.AskedAt.UTC(), AnswerBy: until.UTC(),
		CallbackURL: c.o.c.Base + "/checks/" + c.o.c.Stamps.Stamp(stampCallback, key, until),
	}
	if !aboutFaces(c.p.Kind) {
		r.Applicant = &in.Details
		for _, st := range in.Session.Steps {
			if st.Document != nil {
				r.Document = &document{Type: string(st.Document.Type), Country: st.Document.Country}
			}
		}
	}
	room := int64(0)
	if c.o.c.Inline {
		room = largestInline
	}
	var err error
	if r.Evidence, err = c.files(ctx, in, in.Session.ID, in.Evidence, until, &room); err != nil {
		return nil, err
	}
	if c.p.Kind == usher.CheckFaceLogin {
		if r.Enrolled, err = c.files(ctx, in, in.EnrolledIn, in.Enrolled, until, &room); err != nil {
			return nil, err
		}
	}
	raw, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encode request for %s: %w", c.p.Kind, err)
	}
	return raw, nil
}

// files describes evidence of a session, each with its bytes while there is room for them, or with a link.
func (c *checker) files(ctx context.Context, in usher.CheckInput, session string, evidence []usher.EvidenceFile, until time.Time, room *int64,
) ([]file, error) {
	var list []file
	for _, e := range c.p.shown(evidence) {
		f := file{
			ID: e.ID, Kind: string(e.Kind), Source: string(e.Source), ContentType: e.ContentType, Size: e.Size, SHA256: e.SHA256, At: e.At.UTC(),
		}
		if e.Size > *room {
			subject := join(in.Session.TenantID, session, e.ID, string(c.p.Kind))
			f.URL = c.o.c.Base + "/evidence/" + c.o.c.Stamps.Stamp(stampEvidence, subject, until)
		} else {
			var err error
			if f.Data, err = read(ctx, e); err != nil {
				return nil, err
			}
			*room -= e.Size
		}
		list = append(list, f)
	}
	return list, nil
}

func read(ctx context.Context, e usher.EvidenceFile) ([]byte, error) {
	r, err := e.Open(ctx)
	if err != nil {
		return nil, fmt.Errorf("open evidence %s: %w", e.ID, err)
	}
	raw, err := io.ReadAll(io.LimitReader(r, e.Size))
	if err = errors.Join(err, r.Close()); err != nil {
		return nil, fmt.Errorf("read evidence %s: %w", e.ID, err)
	}
	return raw, nil
}
