package native

import (
	"github.com/usher-kyc/usher"
)

// Session is the status object: all that a client must know of a session to go on.
type Session struct {
	ID          string            `json:"id" doc:"Id of the session." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e60"`
	ApplicantID string            `json:"applicant_id" doc:"Id of the applicant." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e5f"`
	State       stateWord         `json:"state" doc:"Where the session stands."`
	Phase       string            `json:"phase" enum:"not_started,in_progress,awaiting_user,in_review,decided,expired,abandoned,cancelled" doc:"The state in the words of a progress display." example:"in_review"`
	NextAction  string            `json:"next_action" enum:"none,open_link,redo,wait" doc:"What is to be done next: send the applicant to the link, let them redo named steps, wait, or nothing." example:"wait"`
	CanRetry    bool              `json:"can_retry" doc:"Whether the applicant can go on in this session, by its link or by a new one." example:"false"`
	Attempt     int               `json:"attempt" doc:"Which go this is, from 1." example:"1"`
	AttemptsMax int               `json:"attempts_max" doc:"How many goes the flow allows." example:"5"`
	Version     int64             `json:"version" doc:"Rises by one with each event; drop what is older than what you have." example:"9"`
	Flow        string            `json:"flow" doc:"Name of the flow." example:"continuous"`
	FlowVersion int               `json:"flow_version" doc:"Version of the flow the session began with and stays on." example:"1"`
	Purpose     string            `json:"purpose" enum:"onboarding,identity_verification,proof_of_address" doc:"What the session is for." example:"onboarding"`
	Reference   string            `json:"reference,omitempty" doc:"Your own key for this session." example:"order-17"`
	Metadata    map[string]string `json:"metadata,omitempty" doc:"Pairs kept beside the session." example:"{\"branch\":\"north\"}"`
	Locale      string            `json:"locale,omitempty" doc:"Language of the applicant's pages." example:"sv"`
	ReturnURL   string            `json:"return_url,omitempty" doc:"Where the applicant is sent when done." example:"https://client.example/done"`
	Steps       []step            `json:"steps" nullable:"false" doc:"The steps of the flow in their order."`
	Reasons     []reason          `json:"reasons" nullable:"false" doc:"Reasons of the state: why in review, asked again, decided or ended."`
	Note        string            `json:"note,omitempty" doc:"Words of the reviewer for the applicant." example:"Please take the picture in daylight."`
	Decision    *Decision         `json:"decision,omitempty" doc:"The decision that stands."`
	Account     *accountResult    `json:"account,omitempty" doc:"How opening the account went."`
	CreatedAt   stamp             `json:"created_at" doc:"When the session was created."`
	UpdatedAt   stamp             `json:"updated_at" doc:"When it changed last."`
	StartedAt   stamp             `json:"started_at,omitzero" doc:"When the applicant opened the link first."`
	SubmittedAt stamp             `json:"submitted_at,omitzero" doc:"When the applicant sent everything, last."`
	DecidedAt   stamp             `json:"decided_at,omitzero" doc:"When it was decided."`
	ExpiresAt   stamp             `json:"expires_at" doc:"Until when the applicant can go on."`
}

// linkedSession is a session with its link, which is shown once.
type linkedSession struct {
	Session

	URL   string `json:"url" doc:"The applicant's link. It holds the secret and is shown only now." example:"https://verify.example/verify/s/ush_fl_test_4kq2"`
	Token string `json:"token" doc:"The secret part of the link, for use in your own app." example:"ush_fl_test_4kq2"`
}

type step struct {
	ID       string          `json:"id" doc:"Name of the step in its flow." example:"document"`
	Kind     string          `json:"kind" enum:"consent,details,contact,document,selfie,proof_of_address,run,decide,account" doc:"What the step does. The applicant does those up to proof_of_address, the server the rest." example:"document"`
	State    string          `json:"state" enum:"open,running,done" doc:"Where the step stands." example:"done"`
	DoneAt   stamp           `json:"done_at,omitzero" doc:"When it was done."`
	Redo     []reason        `json:"redo,omitempty" nullable:"false" doc:"Why it was asked again."`
	Consent  *consent        `json:"consent,omitempty" doc:"What was agreed to, of a consent step."`
	Document *documentChoice `json:"document,omitempty" doc:"Which document was chosen, of a document step."`
	Verified []proof         `json:"verified,omitempty" nullable:"false" doc:"What one-time codes have proved so far, of a contact step."`
}

type proof struct {
	Channel   string `json:"channel" enum:"email,phone" doc:"What the code was sent over." example:"email"`
	At        stamp  `json:"at" doc:"When it was entered."`
	Simulated bool   `json:"simulated" doc:"Whether a sandbox made it up." example:"false"`
}

func proofOf(p usher.ContactProof) proof {
	return proof{Channel: string(p.Channel), At: stamp{p.At}, Simulated: p.Simulated}
}

type consent struct {
	Text   string `json:"text" doc:"Id of the text agreed to." example:"identity-check"`
	SHA256 string `json:"sha256,omitempty" doc:"SHA-256 of the words shown, hex." example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"`
	Locale string `json:"locale,omitempty" doc:"Language of the text." example:"sv"`
	Face   bool   `json:"face" doc:"Whether looking at the face was agreed to, which is asked separately." example:"true"`
	At     stamp  `json:"at" doc:"When."`
}

type documentChoice struct {
	Type    documentWord `json:"type,omitempty" doc:"Type of the document."`
	Country string       `json:"country,omitempty" maxLength:"2" doc:"Issuing country, ISO 3166-1 alpha-2." example:"SE"`
}

// Decision is what was decided, by whom and why; without the words that are for staff only.
type Decision struct {
	Verdict  string   `json:"verdict" enum:"approved,rejected" doc:"What was decided." example:"approved"`
	By       actor    `json:"by" doc:"Who decided; system where rules did."`
	Reasons  []reason `json:"reasons" nullable:"false" doc:"Why."`
	Note     string   `json:"note,omitempty" doc:"Words for the applicant." example:"Welcome."`
	Overturn bool     `json:"overturn" doc:"Whether this decision took the place of an earlier one." example:"false"`
	At       stamp    `json:"at" doc:"When."`
}

type accountResult struct {
	ID      string   `json:"id,omitempty" doc:"Id of the account, for GET /v1/accounts/{id}." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e61"`
	Opened  bool     `json:"opened" doc:"Whether it is open." example:"true"`
	Reasons []reason `json:"reasons" nullable:"false" doc:"Why not, when it is not."`
	At      stamp    `json:"at" doc:"When."`
}

func sessionOf(s usher.Session) Session {
	return Session{
		ID: s.ID, ApplicantID: s.ApplicantID, State: stateWord(s.State), Phase: string(s.Phase()), NextAction: string(s.NextAction()),
		CanRetry: s.CanRetry(), Attempt: s.Attempt, AttemptsMax: s.Flow.Attempts, Version: s.Version, Flow: s.FlowName,
		FlowVersion: s.FlowVersion, Purpose: string(s.Purpose), Reference: s.Reference, Metadata: s.Metadata, Locale: s.Locale, ReturnURL: s.ReturnURL,
		Steps: each(s.Steps, stepOf), Reasons: each(s.Reasons, reasonOf), Note: s.Note, Decision: decisionOf(s.Decision),
		Account: accountResultOf(s.Account), CreatedAt: stamp{s.CreatedAt}, UpdatedAt: stamp{s.UpdatedAt}, StartedAt: stamp{s.StartedAt},
		SubmittedAt: stamp{s.SubmittedAt}, DecidedAt: stamp{s.DecidedAt}, ExpiresAt: stamp{s.ExpiresAt},
	}
}

func linkedSessionOf(s usher.Session, l usher.Link) linkedSession {
	return linkedSession{Session: sessionOf(s), URL: l.URL, Token: l.Token}
}

func stepOf(st usher.StepStatus) step {
	out := step{
		ID: st.ID, Kind: string(st.Kind), State: string(st.State), DoneAt: stamp{st.DoneAt}, Redo: each(st.Redo, reasonOf),
		Consent: consentOf(st.Consent), Verified: each(st.Proved, proofOf),
	}
	if d := st.Document; d != nil {
		out.Document = &documentChoice{Type: documentWord(d.Type), Country: d.Country}
	}
	return out
}

func consentOf(c *usher.Consent) *consent {
	if c == nil {
		return nil
	}
	return &consent{Text: c.Text, SHA256: c.SHA256, Locale: c.Locale, Face: c.Face, At: stamp{c.At}}
}

func decisionOf(d *usher.Decision) *Decision {
	if d == nil {
		return nil
	}
	return &Decision{
		Verdict: string(d.Verdict), By: actorOf(d.By), Reasons: each(d.Reasons, reasonOf), Note: d.Note, Overturn: d.Overturn, At: stamp{d.At},
	}
}

func accountResultOf(a *usher.AccountStatus) *accountResult {
	if a == nil {
		return nil
	}
	return &accountResult{ID: a.ID, Opened: a.Opened, Reasons: each(a.Reasons, reasonOf), At: stamp{a.At}}
}
