package hosted

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/web"
)

// A tenant's colours are a style sheet and its logo a picture of our own origin, so that the policy of the pages stays as strict as it is. Their
// addresses hold a hash of what they give, so that browsers may keep them for ever and still see a change at once.

// brand gives how the client wants the pages to look; when that cannot be read the pages are shown all the same, as they come.
func (t *turn) brand() usher.Brand {
	if t.looks == nil {
		b, err := t.h.brandOf(t.r, t.visit.Tenant.ID)
		if err != nil {
			t.h.log.WarnContext(t.ctx(), "a brand could not be read", "tenant", t.visit.Tenant.ID, "error", err)
		}
		t.looks = &b
	}
	return *t.looks
}

func (h *Hosted) brandOf(r *http.Request, tenant string) (usher.Brand, error) {
	if h.config.Brand == nil || tenant == "" {
		return usher.Brand{}, nil
	}
	return h.config.Brand(r.Context(), tenant)
}

// Style gives the address of the client's colours, or "".
func (l layout) Style() string {
	css, err := web.Palette(l.t.brand())
	if err != nil || css == "" {
		return ""
	}
	return l.t.h.brandURL(l.t.visit.Tenant.ID, []byte(css)) + "/style.css"
}

// Logo gives the address of the client's logo, or "".
func (l layout) Logo() string {
	b := l.t.brand()
	if len(b.Logo) == 0 || b.LogoType == "" {
		return ""
	}
	return l.t.h.brandURL(l.t.visit.Tenant.ID, b.Logo) + "/logo"
}

func (h *Hosted) brandURL(tenant string, content []byte) string {
	sum := sha256.Sum256(content)
	return h.kit.URL("/brand/" + tenant + "/" + hex.EncodeToString(sum[:8]))
}

// style gives a tenant's colours.
func (h *Hosted) style(w http.ResponseWriter, r *http.Request) error {
	b, err := h.brandOf(r, r.PathValue("tenant"))
	if err != nil {
		return err
	}
	css, err := web.Palette(b)
	if err != nil || css == "" {
		return usher.NotFound("style")
	}
	h.serveBrand(w, r, "text/css; charset=utf-8", []byte(css))
	return nil
}

// logo gives a tenant's logo, as a picture and nothing else.
func (h *Hosted) logo(w http.ResponseWriter, r *http.Request) error {
	b, err := h.brandOf(r, r.PathValue("tenant"))
	if err != nil {
		return err
	}
	if len(b.Logo) == 0 || b.LogoType == "" {
		return usher.NotFound("logo")
	}
	w.Header().Set("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'")
	h.serveBrand(w, r, b.LogoType, b.Logo)
	return nil
}

func (h *Hosted) serveBrand(w http.ResponseWriter, r *http.Request, kind string, body []byte) {
	// An older address is answered with what there is today, but not to be kept.
	if h.brandURL(r.PathValue("tenant"), body) == h.kit.URL("/brand/"+r.PathValue("tenant")+"/"+r.PathValue("hash")) {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	w.Header().Set("Content-Type", kind)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}
