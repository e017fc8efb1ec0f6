package usher

import (
	"context"
	"io"
	"time"
)

// CheckKind names a verification.
type CheckKind string

// The kinds of check a flow can name. Which of them this build can run is known to the composition root.
const (
	CheckDocument       CheckKind = "document"
	CheckChip           CheckKind = "chip" // the files of the document's chip: who signed them
	CheckFace           CheckKind = "face"
	CheckLiveness       CheckKind = "liveness"
	CheckConsistency    CheckKind = "consistency"
	CheckWatchlist      CheckKind = "watchlist"
	CheckRegistry       CheckKind = "registry"
	CheckDuplicate      CheckKind = "duplicate"
	CheckContact        CheckKind = "contact"
	CheckAge            CheckKind = "age"
	CheckWorkHistory    CheckKind = "work_history"
	CheckPaymentProof   CheckKind = "payment_proof"
	CheckProofOfAddress CheckKind = "proof_of_address"
	CheckFaceLogin      CheckKind = "face_login" // a new selfie against the enrolled one
)

// CheckKinds lists every kind.
func CheckKinds() []CheckKind {
	return []CheckKind{
		CheckDocument, CheckChip, CheckFace, CheckLiveness, CheckConsistency, CheckWatchlist, CheckRegistry, CheckDuplicate, CheckContact, CheckAge,
		CheckWorkHistory, CheckPaymentProof, CheckProofOfAddress, CheckFaceLogin,
	}
}

// Outcome is the verdict of a check. The zero value means "no verdict yet" and never counts as clear.
type Outcome string

const (
	Clear       Outcome = "clear"       // nothing stands against the applicant
	Consider    Outcome = "consider"    // a person must look
	Refuse      Outcome = "reject"      // the check says no
	Unavailable Outcome = "unavailable" // the provider could not be asked; not a word about the applicant
	NotRun      Outcome = "not_run"     // it was not examined at all
)

// Assurance says how much an outcome is worth.
type Assurance string

const (
	Verified  Assurance = "verified"  // by rule or cryptography: the same input gives the same answer
	Assisted  Assurance = "assisted"  // a heuristic; informs a reviewer
	Simulated Assurance = "simulated" // a sandbox made it up
)

// NumberExistence stands among what a registry check did not examine when no register was asked: the form of a number says nothing about whether it
// was ever given to anybody. Vendors' words for a look-up in a register must not be said then.
const NumberExistence = "number_existence"

// CheckResult is what one check found. Fields and Findings are personal data.
type CheckResult struct {
	Redacted
	Kind      CheckKind `json:"kind"`
	Outcome   Outcome   `json:"outcome"`
	Score     float64   `json:"score"` // 0..1, how sure the check is of a clear reading; 0 when not run
	Assurance Assurance `json:"assurance"`
	Reasons   []Reason  `json:"reasons,omitempty"`
	Provider  string    `json:"provider"`          // name of the provider package
	Version   string    `json:"version,omitempty"` // of the method

	Examined    []string          `json:"examined,omitempty"`     // stable ids of what was looked at, such as "mrz_check_digits"
	NotExamined []string          `json:"not_examined,omitempty"` // stable ids of what was not, such as "security_features"
	Fields      map[string]string `json:"fields,omitempty"`       // what was read, by field name ("number", "last_name", "expiry", "mrz" …)
	Findings    []Finding         `json:"findings,omitempty"`     // measurements and comparisons behind the outcome
	EvidenceIDs []string          `json:"evidence_ids,omitempty"` // evidence this result rests on
	Screening   *Screening        `json:"screening,omitempty"`    // of the watchlist check
	Duplicates  []Duplicate       `json:"duplicates,omitempty"`   // of the duplicate check
	DurationMS  int64             `json:"duration_ms"`            // provider time
}

// Finding is one measured or compared thing, shown to a reviewer as it is.
type Finding struct {
	Name  string `json:"name"`            // stable id, such as "sharpness" or "last_name"
	Given string `json:"given,omitempty"` // what was said
	Read  string `json:"read,omitempty"`  // what was found or measured, with its unit
	OK    bool   `json:"ok"`
}

// Checker is a provider of one check. An error means "ask me again later" and is never held against the applicant; after the retries are used
// up the engine records the outcome Unavailable. A verdict is always a result.
type Checker interface {
	Kind() CheckKind
	Check(ctx context.Context, in CheckInput) (CheckResult, error)
}

// Waiting is what a provider answers, as an error, that has asked somebody who will call back: the verdict comes as a report. Until then the check
// is out; at Until the provider is asked once more, and must give a result: what it heard, or "unavailable".
type Waiting struct{ Until time.Time }

// Error says until when.
func (w *Waiting) Error() string {
	return "the verdict is awaited until " + w.Until.UTC().Format(time.RFC3339)
}

// CheckInput is everything a check may look at.
type CheckInput struct {
	Redacted
	Session  Session
	Details  Details
	Mode     Mode
	Evidence []EvidenceFile // the evidence in force: the newest of each kind
	Replaced []EvidenceFile // what the evidence in force took the place of, oldest first
	Now      time.Time
	Step     string         // the run step it is asked for
	Round    int            // of that step
	AskedAt  time.Time      // when it was first asked in this round
	Judged   []HitJudgement // of the watchlist check: what reviewers said of earlier hits
	Enrolled []EvidenceFile // of a face_login session: the evidence in force of the applicant's approved onboarding
	// EnrolledIn is the id of that onboarding, or "".
	EnrolledIn string
	// Recognise keeps what the session shows of its applicant and gives the other applicants of the tenant who showed the same, newest first and not
	// more than a few dozen for each trait. It may be asked again; nil where nothing is kept.
	Recognise func(ctx context.Context, traits []Trait) ([]Sighting, error)
	// Steer is the outcome a sandbox session asks for, a word of [Steering] or a name that stands for one.
	Steer string
	// Simulated: a sandbox made the evidence up, or a magic name steers the outcome; only the sandbox provider is asked then.
	Simulated bool
}

// EvidenceFile is one stored file with a way to read it.
type EvidenceFile struct {
	Evidence
	Open func(ctx context.Context) (io.ReadCloser, error)
}

// Find gives the evidence in force of one kind.
func (in CheckInput) Find(kind EvidenceKind) (EvidenceFile, bool) {
	f, _, ok := find(in.Evidence, func(f EvidenceFile) bool { return f.Kind == kind })
	return f, ok
}

// EvidenceKind says what a stored file shows.
type EvidenceKind string

// The kinds of evidence.
const (
	DocumentFront  EvidenceKind = "document_front"
	DocumentBack   EvidenceKind = "document_back"
	Selfie         EvidenceKind = "selfie"
	SelfieVideo    EvidenceKind = "selfie_video"
	LivenessFrames EvidenceKind = "liveness"
	ProofOfAddress EvidenceKind = "proof_of_address"
	ReportFile     EvidenceKind = "report"

	// Files of the document's chip, as ICAO Doc 9303 part 10 names them, byte for byte as the chip gave them.
	ChipSOD  EvidenceKind = "chip_sod"
	ChipDG1  EvidenceKind = "chip_dg1"
	ChipDG2  EvidenceKind = "chip_dg2"
	ChipDG11 EvidenceKind = "chip_dg11"
	ChipDG12 EvidenceKind = "chip_dg12"
	ChipDG14 EvidenceKind = "chip_dg14"
	ChipDG15 EvidenceKind = "chip_dg15"
)

// PortraitFile is the content type of a chip's portrait file, chip_dg2, whose picture this server can show: not every format can be.
const PortraitFile = "application/octet-stream; type=portrait-jpeg" // the parameter is that of RFC 2046, section 4.5.1

// ChipFiles lists the kinds of evidence that are files of a chip.
func ChipFiles() []EvidenceKind {
	return []EvidenceKind{ChipSOD, ChipDG1, ChipDG2, ChipDG11, ChipDG12, ChipDG14, ChipDG15}
}

// EvidenceKinds lists every kind.
func EvidenceKinds() []EvidenceKind {
	return append([]EvidenceKind{DocumentFront, DocumentBack, Selfie, SelfieVideo, LivenessFrames, ProofOfAddress, ReportFile}, ChipFiles()...)
}

// takenBy gives the kind of step that takes a kind of evidence. It is never written to.
var takenBy = map[EvidenceKind]StepKind{
	DocumentFront: StepDocument, DocumentBack: StepDocument, Selfie: StepSelfie, SelfieVideo: StepSelfie, LivenessFrames: StepSelfie,
	ProofOfAddress: StepProofOfAddress,
	ChipSOD:        StepDocument, ChipDG1: StepDocument, ChipDG2: StepDocument, ChipDG11: StepDocument, ChipDG12: StepDocument,
	ChipDG14: StepDocument, ChipDG15: StepDocument,
}

// EvidenceSource says how a file came in; a reviewer trusts a live capture more than an upload.
type EvidenceSource string

const (
	FromCamera     EvidenceSource = "camera"     // taken on the hosted page
	FromUpload     EvidenceSource = "upload"     // chosen as a file on the hosted page
	FromClient     EvidenceSource = "client"     // sent by the client's back end
	FromSimulation EvidenceSource = "simulation" // made up by a sandbox call
)

// Evidence describes a stored file; the bytes are in the blob store, sealed.
type Evidence struct {
	ID          string         `json:"id"`
	Kind        EvidenceKind   `json:"kind"`
	Source      EvidenceSource `json:"source"`
	ContentType string         `json:"content_type"`
	Size        int64          `json:"size"`          // bytes
	SHA256      string         `json:"sha256"`        // hex, of the original bytes
	Ref         string         `json:"ref,omitempty"` // place in the blob store
	Attempt     int            `json:"attempt"`       // of the session when it came in
	At          time.Time      `json:"at"`
	Challenge   *Challenge     `json:"challenge,omitempty"` // of liveness frames that answer one
	Advice      []ReasonCode   `json:"advice,omitempty"`    // what could be better about it, as the applicant was told
}

// IsSimulated tells whether a sandbox made the evidence up.
func (e Evidence) IsSimulated() bool { return e.Source == FromSimulation }
