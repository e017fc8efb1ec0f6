package usher

import (
	"context"
	"time"
)

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
