package usher

import (
	"context"
	"io"
	"time"
)

// Moment is something that happens on the applicant's pages which a client may be told there and then: by where the browser is sent, or by a
// message to the page that frames ours.
type Moment string

// The moments. The first three and the last are about the session; the others are why a browser could not go on.
const (
	MomentStarted    Moment = "started"    // the applicant began
	MomentFinished   Moment = "finished"   // everything asked was sent
	MomentDeclined   Moment = "declined"   // consent was declined
	MomentFailed     Moment = "failed"     // the session ended without the applicant's part: rejected, cancelled, every attempt used
	MomentExpired    Moment = "expired"    // the time for it is over
	MomentPermission Moment = "permission" // the camera was refused
	MomentHardware   Moment = "hardware"   // there is no camera that can be used
	MomentConnection Moment = "connection" // the network failed
	MomentUnexpected Moment = "unexpected" // anything else
)

// PageRules is how the hosted page treats the browsers of sessions that came in through a dialect. A nil member takes what the page does by
// itself: it sends the browser to the session's return URL once the applicant's part is done, and may not be framed.
type PageRules struct {
	// Exit gives the address that the browser is sent to at a moment, or "" to stay on our page.
	Exit func(s Session, m Moment) string
	// Messages gives what the framing page is posted at a moment, one JSON text each. They are posted to the client's listed origins only.
	Messages func(s Session, m Moment) [][]byte
	// Title gives what stands in the title of the window beside the name of each page, in the language it is shown in (BCP 47), or "" for the
	// client's name.
	Title func(s Session, locale string) string
	// Framed lets the origins that the API client lists frame the page.
	Framed bool
}

// Brand is how the applicant's pages of a tenant look. Everything may be left out.
type Brand struct {
	Name       string    `json:"name,omitempty"`        // as applicants know the tenant, at most 80 characters; the tenant's own where it is ""
	Accent     string    `json:"accent,omitempty"`      // colour of buttons and links on light pages, "#0b5d57"
	AccentDark string    `json:"accent_dark,omitempty"` // and on dark ones; made from Accent where it is ""
	Logo       []byte    `json:"-"`                     // a PNG, JPEG or WebP file
	LogoType   string    `json:"logo_type,omitempty"`   // its content type, set by what looked at it
	UpdatedAt  time.Time `json:"updated_at,omitzero"`
}

// Brands keeps what tenants want their pages to look like.
type Brands interface {
	// Brand gives a tenant's, empty where it has none.
	Brand(ctx context.Context, tenant string) (Brand, error)
	// PutBrand replaces it. The error is CodeInvalid, with the field, for a colour that cannot be read well on the pages and for a logo that is no
	// picture.
	PutBrand(ctx context.Context, tenant string, b Brand, by Actor) error
}

// Reporter writes the evidence pack of a session.
type Reporter interface {
	// PDF writes a report for people, in the language of a locale, or English.
	PDF(ctx context.Context, w io.Writer, tenant, session, locale string, by Actor) error
	// Zip writes everything: data, checks, decisions and history as JSON, the pictures, the report, and the hash of each file.
	Zip(ctx context.Context, w io.Writer, tenant, session, locale string, by Actor) error
}

// Stamps makes and checks statements that this server gives out and later takes back: signed addresses, tokens of one session.
type Stamps interface {
	// Stamp gives a signed text, safe in a URL, that says subject until a time, to the second. It is the same for the same arguments. Texts of one
	// purpose are worth nothing for another.
	Stamp(purpose, subject string, until time.Time) string
	// Stamped gives the subject of a text, or an [*Error]: CodeGone when its time is over, CodeUnauthenticated for any other fault.
	Stamped(purpose, text string) (string, error)
}
