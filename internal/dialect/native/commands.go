package native

import (
	"context"
	"net/http"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

// wish is the body of a command. A pointer type is one whose body may be left out; its methods take nil.
type wish interface {
	check() error
	command(now time.Time) usher.Command
}

type commandInput[B wish] struct {
	ByID

	Body B
}

// addCommand adds POST /v1/sessions/{id}/<name>.
func addCommand[B wish](s *server, name string, kind usher.CommandKind, may usher.Action, summary, about string) {
	handle(s, route{
		method: http.MethodPost, path: "/v1/sessions/{id}/" + name, id: name + "_session", tag: tagSessions, may: may, command: true,
		summary: summary, about: about,
	}, func(ctx context.Context, p api.Principal, in *commandInput[B]) (*answer[Session], error) {
		if err := in.Body.check(); err != nil {
			return nil, err
		}
		c := in.Body.command(s.Now())
		c.Kind, c.By = kind, p.Actor()
		return sessionAnswer(s.Service.Do(ctx, p.Tenant(), in.ID, c))
	})
}

func (s *server) commandRoutes() {
	addCommand[*reasonsBody](s, "cancel", usher.CmdCancel, usher.ActWritePeople, "Cancel a session", "Ends a session that is not decided.")
	addCommand[*submitBody](s, "submit", usher.CmdSubmit, usher.ActWritePeople, "Send what was collected",
		"For sessions whose evidence you collect and upload yourself: completes every step that what is there can complete, and sends the session "+
			"to its checks when none is left.")
	addCommand[annotateBody](s, "annotate", usher.CmdAnnotate, usher.ActWritePeople, "Change what you keep beside a session",
		"Sets pairs of the metadata, at any time: for what you learn after the session was created, such as the id of a liveness session that your app ran (`liveness_session_id`).")
	addCommand[*reasonsBody](s, "review", usher.CmdReview, usher.ActDecide, "Send to review", "A reviewer decides then, whatever the checks say.")
	addCommand[*verdictBody](s, "approve", usher.CmdApprove, usher.ActDecide, "Approve", "")
	addCommand[rejectBody](s, "reject", usher.CmdReject, usher.ActDecide, "Reject", "")
	addCommand[askBody](s, "request_again", usher.CmdAskAgain, usher.ActDecide, "Ask the applicant to redo steps",
		"The link the applicant has works again for the named steps; give it a new one with `/link`.")
	addCommand[rejectBody](s, "overturn", usher.CmdOverturn, usher.ActOverturn, "Overturn a decision",
		"An approved session becomes rejected, a rejected one approved.")
}

// Seen is the part of a command that holds it to the version its author looked at. It is exported, as every embedded shape of this package is,
// because huma passes over those that are not.
type Seen struct {
	IfVersion int64 `json:"if_version,omitempty" minimum:"1" doc:"The version you looked at: when the session is at another one, nothing is done and the answer is 409." example:"9"`
}

type reasonsBody struct {
	Seen

	Reasons []givenReason `json:"reasons,omitempty" nullable:"false" maxItems:"20" doc:"Why: codes, or objects with code, step, check and field."`
}

func (*reasonsBody) check() error { return nil }

func (b *reasonsBody) command(time.Time) usher.Command {
	if b == nil {
		return usher.Command{}
	}
	return usher.Command{IfVersion: b.IfVersion, Reasons: reasonsGiven(b.Reasons)}
}

type annotateBody struct {
	Seen

	Metadata map[string]string `json:"metadata" doc:"Pairs to set; an empty value takes one away. The bounds are those of a new session." example:"{\"liveness_session_id\":\"3fa9c2\"}"`
}

func (b annotateBody) check() error { return checkMetadata(b.Metadata) }

func (b annotateBody) command(time.Time) usher.Command {
	return usher.Command{IfVersion: b.IfVersion, Metadata: b.Metadata}
}

type submitBody struct {
	Seen

	Consent  *givenConsent   `json:"consent,omitempty" doc:"Consent that you took from the applicant yourself."`
	Document *documentChoice `json:"document,omitempty" doc:"Which document the uploaded pictures show."`
}

type givenConsent struct {
	Text   string `json:"text,omitempty" maxLength:"200" doc:"Id of the text agreed to; left out, the flow's." example:"identity-check"`
	SHA256 string `json:"sha256,omitempty" pattern:"^[0-9a-f]{64}$" patternDescription:"a SHA-256 in hex" doc:"SHA-256 of the words shown, hex." example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"`
	Locale string `json:"locale,omitempty" maxLength:"20" doc:"Language of the text." example:"sv"`
	Face   bool   `json:"face,omitempty" doc:"Whether the applicant agreed, separately, that their face is looked at." example:"true"`
}

func (b *submitBody) check() error {
	if b == nil {
		return nil
	}
	var errs []error
	if b.Document != nil {
		errs = append(errs, api.Country("document.country", b.Document.Country))
	}
	if b.Consent != nil {
		errs = append(errs, api.Locale("consent.locale", b.Consent.Locale))
	}
	return allInvalid(errs...)
}

func (b *submitBody) command(time.Time) usher.Command {
	if b == nil {
		return usher.Command{}
	}
	c := usher.Command{IfVersion: b.IfVersion}
	if d := b.Document; d != nil {
		c.Document = &usher.DocumentChoice{Type: usher.DocumentType(d.Type), Country: d.Country}
	}
	if g := b.Consent; g != nil {
		c.Consent = &usher.Consent{Text: g.Text, SHA256: g.SHA256, Locale: g.Locale, Face: g.Face}
	}
	return c
}

// Notes are a reviewer's words.
type Notes struct {
	Note     string `json:"note,omitempty" maxLength:"2000" doc:"Words for the applicant." example:"Please take the picture in daylight."`
	Internal string `json:"internal_note,omitempty" maxLength:"2000" doc:"Words for your staff; in the report, never shown to the applicant." example:"Called back, all fine."`
}

type verdictBody struct {
	Seen
	Notes

	Reasons []givenReason `json:"reasons,omitempty" nullable:"false" maxItems:"20" doc:"Why: codes, or objects with code, step, check and field."`
}

func (*verdictBody) check() error { return nil }

func (b *verdictBody) command(time.Time) usher.Command {
	if b == nil {
		return usher.Command{}
	}
	return usher.Command{IfVersion: b.IfVersion, Reasons: reasonsGiven(b.Reasons), Note: b.Note, Internal: b.Internal}
}

type rejectBody struct {
	Seen
	Notes

	Reasons []givenReason `json:"reasons" nullable:"false" minItems:"1" maxItems:"20" doc:"Why: codes, or objects with code, step, check and field."`
}

func (rejectBody) check() error { return nil }

func (b rejectBody) command(time.Time) usher.Command {
	return usher.Command{IfVersion: b.IfVersion, Reasons: reasonsGiven(b.Reasons), Note: b.Note, Internal: b.Internal}
}

type askBody struct {
	Seen
	Notes

	Steps     []string      `json:"steps" nullable:"false" minItems:"1" maxItems:"30" doc:"Ids of the applicant's steps to be done again; consent cannot be." example:"[\"document\"]"`
	Reasons   []givenReason `json:"reasons" nullable:"false" minItems:"1" maxItems:"20" doc:"Why: codes, or objects with code, step, check and field."`
	ExpiresIn int64         `json:"expires_in,omitempty" minimum:"60" maximum:"31536000" doc:"Seconds the applicant has for it; left out, the flow's time." example:"172800"`
}

func (askBody) check() error { return nil }

func (b askBody) command(now time.Time) usher.Command {
	c := usher.Command{IfVersion: b.IfVersion, Steps: b.Steps, Reasons: reasonsGiven(b.Reasons), Note: b.Note, Internal: b.Internal}
	if b.ExpiresIn > 0 {
		c.Expires = now.Add(time.Duration(b.ExpiresIn) * time.Second)
	}
	return c
}
