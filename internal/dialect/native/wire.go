package native

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/usher-kyc/usher"
)

// stamp is a moment as this API writes it: RFC 3339, UTC, milliseconds.
type stamp struct{ time.Time }

const stampForm = "2006-01-02T15:04:05.000Z"

// MarshalJSON writes the moment.
func (t stamp) MarshalJSON() ([]byte, error) {
	return []byte(t.UTC().Format(`"` + stampForm + `"`)), nil
}

// UnmarshalJSON reads any RFC 3339 moment.
func (t *stamp) UnmarshalJSON(text []byte) error {
	if err := t.Time.UnmarshalJSON(text); err != nil {
		return usher.Invalid("", "must be a moment such as 2026-03-02T09:15:00.000Z")
	}
	return nil
}

// Schema describes it.
func (stamp) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "date-time", Examples: []any{"2026-03-02T09:15:00.000Z"}}
}

// The words below are lists of the domain. Their schemas are made of those lists, so that neither can lag behind the other.
type (
	stateWord    string
	reasonWord   string
	evidenceWord string
	documentWord string
)

// Schema lists the states.
func (stateWord) Schema(huma.Registry) *huma.Schema { return words(usher.States()) }

// Schema lists the reason codes.
func (reasonWord) Schema(huma.Registry) *huma.Schema { return words(usher.ReasonCodes()) }

// Schema lists the kinds of evidence.
func (evidenceWord) Schema(huma.Registry) *huma.Schema { return words(usher.EvidenceKinds()) }

// Schema lists the types of document.
func (documentWord) Schema(huma.Registry) *huma.Schema { return words(usher.DocumentTypes()) }

func words[T ~string](list []T) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString}
	for _, w := range list {
		s.Enum = append(s.Enum, string(w))
	}
	s.Examples = s.Enum[:1]
	return s
}

// The shapes that every operation's request and answer are built of. huma finds path, query, body and headers by these members; it passes over
// embedded shapes that are not exported.
type (
	// ByID is the part of a request that names a thing.
	ByID struct {
		ID string `path:"id" maxLength:"100" doc:"Id of the thing. One of another tenant is answered like one that does not exist." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e5f"`
	}
	// Paged is the part of a request that asks for a page.
	Paged struct {
		Limit int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"How many items a page has at most." example:"20"`
		After string `query:"after" maxLength:"500" doc:"Cursor: next of the page before, or the id of an item." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e5f"`
	}
	answer[T any] struct{ Body T }
	made[T any]   struct {
		Location string `header:"Location" doc:"Address of what was made." example:"/v1/sessions/0198c1f2a3b47c5d8e9f0a1b2c3d4e5f"`
		Body     T
	}
	page[T any] struct {
		Data []T     `json:"data" nullable:"false" doc:"The items of this page."`
		Next *string `json:"next" doc:"Cursor of the next page; null on the last one." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e5f"`
	}
)

func (in Paged) paging() usher.Paging { return usher.Paging{Limit: in.Limit, After: in.After} }

// pageOf writes a page of domain values.
func pageOf[D, W any](p usher.Page[D], write func(D) W) page[W] {
	out := page[W]{Data: each(p.Items, write)}
	if p.Next != "" {
		out.Next = &p.Next
	}
	return out
}

// each writes a list; it is never null.
func each[D, W any](list []D, write func(D) W) []W {
	out := make([]W, len(list))
	for i, d := range list {
		out[i] = write(d)
	}
	return out
}

// text turns a list of words into strings; it is never null.
func text[T ~string](list []T) []string {
	return each(list, func(w T) string { return string(w) })
}

type reason struct {
	Code     reasonWord `json:"code" doc:"Stable word for the reason."`
	Class    string     `json:"class" enum:"final,retry,mismatch,notice" doc:"What can be done about it: final nothing, retry a better picture or another try, mismatch correct what was given or read, notice for a reviewer to know." example:"retry"`
	Step     string     `json:"step,omitempty" doc:"Step of the flow it is about." example:"document"`
	Check    string     `json:"check,omitempty" doc:"Check that found it." example:"document"`
	Field    string     `json:"field,omitempty" doc:"Name of the detail it is about, never its value." example:"date_of_birth"`
	Evidence string     `json:"evidence,omitempty" doc:"File it is about, such as one side of a document, or empty when it is about all of the step." example:"document_back"`
	Message  string     `json:"message" doc:"The reason in English, for your staff and your logs." example:"The picture of the document is blurred."`
}

func reasonOf(r usher.Reason) reason {
	return reason{
		Code: reasonWord(r.Code), Class: string(r.Class()), Step: r.Step, Check: string(r.Check), Field: r.Field, Evidence: string(r.Evidence), Message: reasonMessage(r.Code),
	}
}

// givenReason is a reason in a request: its code alone, or an object that says what it is about.
type givenReason struct{ usher.Reason }

// Schema describes the two ways.
func (givenReason) Schema(huma.Registry) *huma.Schema {
	about := func(doc, example string) *huma.Schema {
		return &huma.Schema{Type: huma.TypeString, Description: doc, Examples: []any{example}}
	}
	code := words(usher.ReasonCodes())
	code.Description = "Code of the reason."
	object := &huma.Schema{
		Type: huma.TypeObject, Required: []string{"code"}, AdditionalProperties: false,
		Properties: map[string]*huma.Schema{
			"code": code, "step": about("Step of the flow it is about.", "document"), "check": about("Check it is about.", "document"),
			"field":    about("Name of the detail it is about.", "date_of_birth"),
			"evidence": about("File it is about. Where every reason of a step names one, only those files are asked again.", "document_back"),
		},
	}
	short := words(usher.ReasonCodes())
	short.PrecomputeMessages()
	object.PrecomputeMessages()
	return &huma.Schema{OneOf: []*huma.Schema{short, object}, Examples: []any{"document_blurred"}}
}

// UnmarshalJSON reads either way.
func (g *givenReason) UnmarshalJSON(text []byte) error {
	if text = bytes.TrimSpace(text); len(text) > 0 && text[0] == '"' {
		if err := json.Unmarshal(text, &g.Code); err != nil {
			return fmt.Errorf("read a reason code: %w", err)
		}
		return nil
	}
	if err := json.Unmarshal(text, &g.Reason); err != nil {
		return fmt.Errorf("read a reason: %w", err)
	}
	return nil
}

func reasonsGiven(list []givenReason) []usher.Reason {
	return each(list, func(g givenReason) usher.Reason { return g.Reason })
}

type actor struct {
	Kind string `json:"kind" enum:"client,applicant,staff,system" doc:"Who acted." example:"staff"`
	ID   string `json:"id,omitempty" doc:"Id of the API client or member of staff." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e5f"`
}

func actorOf(a usher.Actor) actor { return actor{Kind: string(a.Kind), ID: a.ID} }
