package outside

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/usher-kyc/usher"
)

// Provider is one outside engine.
type Provider struct {
	Kind usher.CheckKind
	URL  string // it is asked here
	// Secrets sign requests and prove callbacks, whsec_ and the base64 of 24 to 64 bytes each. More than one while a secret is being changed.
	Secrets []string
	// Evidence is what it is shown. Nil is what its kind of check needs: see [EvidenceFor].
	Evidence []usher.EvidenceKind
}

// Config is what all providers share. Client, Stamps, Sign and Verify are needed.
type Config struct {
	Providers []Provider
	Base      string        // public address of [Outside.Routes], such as https://api.example.com/callback
	Wait      time.Duration // how long a provider may take that answers later; 0 is an hour
	Inline    bool          // evidence is sent in the request, up to 15 MB of it, and not as links

	Client *http.Client // refuses what may not be called
	Stamps usher.Stamps // signs callback addresses and links
	// Sign and Verify set and check the headers of Standard Webhooks.
	Sign   func(h http.Header, id string, at time.Time, body []byte, secrets []string) error
	Verify func(h http.Header, body []byte, secrets []string, now time.Time) error
	Now    func() time.Time // nil is time.Now
}

const defaultWait = time.Hour

// Outside is the outside engines of a server.
type Outside struct {
	c      Config
	byKind map[usher.CheckKind]Provider
}

// New looks the configuration over.
func New(c Config) (*Outside, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Wait == 0 {
		c.Wait = defaultWait
	}
	if c.Client == nil || c.Stamps == nil || c.Sign == nil || c.Verify == nil {
		return nil, errors.New("outside checks need a client, stamps, and ways to sign and to verify")
	}
	o := &Outside{c: c, byKind: map[usher.CheckKind]Provider{}}
	for _, p := range c.Providers {
		if !slices.Contains(usher.CheckKinds(), p.Kind) {
			return nil, fmt.Errorf("%q is no kind of check; use one of %v", p.Kind, usher.CheckKinds())
		}
		if _, twice := o.byKind[p.Kind]; twice {
			return nil, fmt.Errorf("the check %s has two providers", p.Kind)
		}
		if u, err := url.Parse(p.URL); err != nil || u.Host == "" {
			return nil, fmt.Errorf("the address of the check %s is not a URL", p.Kind)
		}
		// A malformed secret would be found by the first applicant otherwise.
		if err := c.Sign(http.Header{}, "trial", c.Now(), nil, p.Secrets); err != nil {
			return nil, fmt.Errorf("secret of the check %s: %w", p.Kind, err)
		}
		if p.Evidence == nil {
			p.Evidence = EvidenceFor(p.Kind)
		}
		o.byKind[p.Kind] = p
	}
	return o, nil
}

// Kinds lists the kinds of check that are done outside, sorted.
func (o *Outside) Kinds() []usher.CheckKind { return slices.Sorted(maps.Keys(o.byKind)) }

// Checkers gives one checker for each provider.
func (o *Outside) Checkers() []usher.Checker {
	var all []usher.Checker
	for _, kind := range o.Kinds() {
		all = append(all, &checker{o: o, p: o.byKind[kind]})
	}
	return all
}

// EvidenceFor gives the evidence that a check of a kind is about, and none for those that need the details alone.
func EvidenceFor(kind usher.CheckKind) []usher.EvidenceKind {
	document := []usher.EvidenceKind{usher.DocumentFront, usher.DocumentBack}
	person := []usher.EvidenceKind{usher.Selfie, usher.SelfieVideo}
	switch kind {
	case usher.CheckDocument, usher.CheckConsistency:
		return document
	case usher.CheckChip:
		return usher.ChipFiles()
	case usher.CheckFace:
		return append(document, person...)
	case usher.CheckLiveness:
		return append(person, usher.LivenessFrames)
	case usher.CheckFaceLogin:
		return person
	case usher.CheckProofOfAddress:
		return []usher.EvidenceKind{usher.ProofOfAddress}
	default:
		return []usher.EvidenceKind{}
	}
}

// aboutFaces tells whether a kind of check looks at the face, which is done with consent only and needs no details.
func aboutFaces(kind usher.CheckKind) bool {
	return slices.Contains([]usher.CheckKind{usher.CheckFace, usher.CheckLiveness, usher.CheckFaceLogin}, kind)
}

// checker asks one provider.
type checker struct {
	o *Outside
	p Provider
}

var _ usher.Checker = (*checker)(nil)

// Kind gives the kind of check that the provider does.
func (c *checker) Kind() usher.CheckKind { return c.p.Kind }

// Check asks the provider. Its error is a [usher.Waiting] when the provider will call back, and anything else when it must be asked again.
func (c *checker) Check(ctx context.Context, in usher.CheckInput) (usher.CheckResult, error) {
	if r, ok := c.unasked(in); ok {
		return r, nil
	}
	until := in.AskedAt.Add(c.o.c.Wait)
	status, later, raw, err := c.post(ctx, in, until)
	if err != nil {
		return usher.CheckResult{}, err
	}
	switch {
	case status == http.StatusOK:
		r, err := readResult(c.p.Kind, raw)
		if err != nil {
			return r, fmt.Errorf("the provider of %s answered no valid result: %w", c.p.Kind, quiet(err))
		}
		return c.p.own(r, in.Evidence), nil
	case status == http.StatusAccepted && in.Now.Before(until):
		if again := in.Now.Add(later); later > 0 && again.Before(until) {
			until = again
		}
		return usher.CheckResult{}, &usher.Waiting{Until: until}
	case status == http.StatusAccepted:
		return c.p.own(usher.CheckResult{
			Kind: c.p.Kind, Outcome: usher.Unavailable, Reasons: []usher.Reason{{Code: usher.CheckUnavailable, Check: c.p.Kind}},
		}, nil), nil
	}
	return usher.CheckResult{}, fmt.Errorf("the provider of %s answered %d", c.p.Kind, status)
}

// unasked gives the result where the provider must not be asked, or has nothing to look at.
func (c *checker) unasked(in usher.CheckInput) (usher.CheckResult, bool) {
	none := c.p.own(usher.CheckResult{Kind: c.p.Kind, Outcome: usher.NotRun, NotExamined: []string{"everything"}}, nil)
	if aboutFaces(c.p.Kind) {
		none.Reasons = []usher.Reason{{Code: usher.FaceNotCompared, Check: c.p.Kind}}
	}
	if c.p.Kind == usher.CheckLiveness {
		none.Reasons[0].Code = usher.LivenessNotTested
	}
	nothing := len(c.p.Evidence) > 0 && len(c.p.shown(in.Evidence)) == 0
	notEnrolled := c.p.Kind == usher.CheckFaceLogin && len(c.p.shown(in.Enrolled)) == 0
	return none, nothing || notEnrolled || (aboutFaces(c.p.Kind) && declined(in.Session))
}

// declined tells whether the applicant did not agree to the face being looked at. Sessions without a consent step rest on a consent that the
// client holds.
func declined(s usher.Session) bool {
	return slices.ContainsFunc(s.Steps, func(st usher.StepStatus) bool { return st.Consent != nil && !st.Consent.Face })
}

// shown gives the evidence that the provider is shown.
func (p Provider) shown(files []usher.EvidenceFile) []usher.EvidenceFile {
	var list []usher.EvidenceFile
	for _, f := range files {
		if slices.Contains(p.Evidence, f.Kind) {
			list = append(list, f)
		}
	}
	return list
}

// own says on a result whose it is and which evidence it rests on.
func (p Provider) own(r usher.CheckResult, files []usher.EvidenceFile) usher.CheckResult {
	r.Provider = "http"
	if u, err := url.Parse(p.URL); err == nil {
		r.Provider += ":" + u.Hostname()
	}
	for _, f := range p.shown(files) {
		r.EvidenceIDs = append(r.EvidenceIDs, f.ID)
	}
	return r
}
