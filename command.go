package usher

import "time"

// CommandKind is what somebody wants.
type CommandKind string

// The commands a session takes.
const (
	CmdOpen         CommandKind = "open"          // the applicant opened the link
	CmdReissueLink  CommandKind = "reissue_link"  // a new link; the old one is dead
	CmdAskLink      CommandKind = "ask_link"      // the applicant wants a new link
	CmdConsent      CommandKind = "consent"       // agree at the consent step
	CmdDecline      CommandKind = "decline"       // do not agree
	CmdAddEvidence  CommandKind = "add_evidence"  // a file was stored
	CmdCompleteStep CommandKind = "complete_step" // details, document, selfie, proof of address
	CmdProveContact CommandKind = "prove_contact" // a one-time code was entered
	CmdSubmit       CommandKind = "submit"        // the applicant, or the client for them, sends it all
	CmdReport       CommandKind = "report"        // checks of one run step give their results
	CmdReview       CommandKind = "review"        // send to review
	CmdApprove      CommandKind = "approve"
	CmdReject       CommandKind = "reject"
	CmdAskAgain     CommandKind = "ask_again"
	CmdOverturn     CommandKind = "overturn"
	CmdCorrect      CommandKind = "correct" // of fields read from a document
	CmdCancel       CommandKind = "cancel"
	CmdAccount      CommandKind = "account"   // what the account opener answered
	CmdTick         CommandKind = "tick"      // a timer: tell what time has made true
	CmdAnnotate     CommandKind = "annotate"  // of what the client keeps beside the session
	CmdHits         CommandKind = "hits"      // what monitoring found
	CmdChallenge    CommandKind = "challenge" // the hosted page drew a capture challenge
)

// Commands lists every kind of command.
func Commands() []CommandKind {
	return []CommandKind{
		CmdOpen, CmdReissueLink, CmdAskLink, CmdConsent, CmdDecline, CmdAddEvidence, CmdCompleteStep, CmdProveContact, CmdSubmit, CmdReport, CmdReview, CmdApprove,
		CmdReject, CmdAskAgain, CmdOverturn, CmdCorrect, CmdCancel, CmdAccount, CmdTick, CmdAnnotate, CmdHits, CmdChallenge,
	}
}

// Command is one wish about one session. Which members matter depends on the kind.
type Command struct {
	Redacted
	Kind      CommandKind
	By        Actor
	IfVersion int64 // when not 0, the version the caller looked at: another one is a conflict

	Step      string            // complete_step, report
	Round     int               // report: the round the results belong to
	Consent   *Consent          // consent; submit: consent that the client took itself
	Document  *DocumentChoice   // complete_step of a document
	Given     []DetailField     // complete_step of details, submit: what is known of the applicant; set by the engine
	Changed   []string          // complete_step of details: names of what they changed; set by the engine
	Contact   *ContactProof     // prove_contact
	Evidence  *Evidence         // add_evidence
	Results   []CheckResult     // report
	Steps     []string          // ask_again
	Reasons   []Reason          // reject, ask_again, review, overturn, cancel
	Note      string            // for the applicant
	Internal  string            // for staff
	Facts     []Correction      // correct
	Account   *AccountStatus    // account
	Return    string            // reissue_link: the new return URL, or "" to keep the old one
	Expires   time.Time         // reissue_link, ask_again: the new deadline; zero takes the flow's
	Metadata  map[string]string // annotate: pairs to set; "" takes one away
	Locale    string            // annotate: the language of the pages from now on, as in NewSession; "" keeps it
	Hits      *HitChange        // hits
	Challenge *Challenge        // challenge: nonce and moves; the rest is set here
	Details   *Details          // complete_step: written to the applicant in the same transaction; Decide does not look at them
}

// NewSession is what a client gives to start one.
type NewSession struct {
	ApplicantID                  string
	Applicant                    *NewApplicant // instead of ApplicantID: created in the same transaction
	Flow                         string        // name; "" takes the API client's default
	Expires                      time.Duration // 0 takes the flow's
	ReturnURL, Locale, Reference string
	// Key is a second name for the session: for dialects whose ids have a shape of their own, or whose clients choose one. A key starts one session
	// of a tenant, for ever: one that is taken is a conflict with Detail "key_taken". "" gives none.
	Key      string
	Metadata map[string]string
	Steer    string // sandbox tenants only, see [Steering]; ignored in live ones
}

// Steering is how a sandbox session says what is to come of it, beside the family names of the native sandbox.
const (
	SteerReject       = "reject"        // the flow's first check rejects
	SteerReview       = "review"        // the flow's first check asks for a reviewer
	SteerHit          = "hit"           // the watchlist check finds somebody
	SteerExpire       = "expire"        // the session expires when it is sent
	SteerAccountError = "account_error" // the account opener refuses
	SteerClear        = "clear"         // every check is simulated and clear
	SteerFail         = "fail:"         // and the kind of a check: it rejects
)
