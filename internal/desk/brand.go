package desk

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/web"
)

const (
	// largestLogo bounds the file of a logo, in bytes, largestBrand the form that it comes with: more than is taken, so that who sends too much is
	// told in the form.
	largestLogo  = 512 << 10
	largestBrand = 16 << 20
)

type brandData struct {
	frame
	Brand usher.Brand
	Done  bool
}

// brandPage shows how the applicant's pages look.
func (d *Desk) brandPage(w http.ResponseWriter, r *http.Request, v visit) error {
	b, err := d.config.Brands.Brand(r.Context(), v.tenant.ID)
	if err != nil {
		return err
	}
	return d.Render(w, r, v.page("brand", brandData{frame: v.frame(), Brand: b, Done: r.URL.Query().Get("done") != ""}))
}

// takeBrand takes the form; a logo stays as it is unless another is given or it is taken away.
func (d *Desk) takeBrand(w http.ResponseWriter, r *http.Request, v visit) error {
	if err := r.ParseMultipartForm(largestBrand); err != nil {
		return badForm(err)
	}
	old, err := d.config.Brands.Brand(r.Context(), v.tenant.ID)
	if err != nil {
		return err
	}
	b := usher.Brand{
		Name: strings.TrimSpace(r.PostFormValue("name")), Accent: strings.TrimSpace(r.PostFormValue("accent")),
		AccentDark: strings.TrimSpace(r.PostFormValue("accent_dark")), Logo: old.Logo, LogoType: old.LogoType,
	}
	if r.PostFormValue("no_logo") != "" {
		b.Logo, b.LogoType = nil, ""
	}
	file, _, err := r.FormFile("logo")
	switch {
	case errors.Is(err, http.ErrMissingFile):
	case err != nil:
		return badForm(err)
	default:
		defer file.Close()
		raw, err := io.ReadAll(io.LimitReader(file, largestLogo+1))
		if err != nil {
			return badForm(err)
		}
		if len(raw) > 0 {
			b.Logo = raw
		}
	}
	err = d.config.Brands.PutBrand(r.Context(), v.tenant.ID, b, v.staff.Actor())
	var refused *usher.Error
	if errors.As(err, &refused) && refused.Code == usher.CodeInvalid {
		b.Logo, b.LogoType = old.Logo, old.LogoType
		page := v.page("brand", brandData{frame: v.frame(), Brand: b})
		page.Status, page.Errors = http.StatusUnprocessableEntity, web.Errors{wrongBrand(b, refused.Field)}
		return d.Render(w, r, page)
	}
	if err != nil {
		return err
	}
	return d.See(w, r, "/settings/brand?done=1")
}

// wrongBrand says what is wrong with a field; of a colour that it is too pale or too dark, and by how much.
func wrongBrand(b usher.Brand, field string) web.FieldError {
	wrong := web.FieldError{Field: field, Key: "desk.brand.wrong." + field}
	light, dark := web.Contrasts(b)
	if has := map[string]float64{"accent": light, "accent_dark": dark}[field]; has > 0 {
		wrong.Key += ".contrast"
		wrong.Args = []any{"has", strconv.FormatFloat(has, 'f', 1, 64)}
	}
	return wrong
}

// logo shows the logo that is kept.
func (d *Desk) logo(w http.ResponseWriter, r *http.Request, v visit) error {
	b, err := d.config.Brands.Brand(r.Context(), v.tenant.ID)
	if err != nil {
		return err
	}
	if len(b.Logo) == 0 {
		return usher.NotFound("logo")
	}
	w.Header().Set("Content-Type", b.LogoType)
	_, err = w.Write(b.Logo)
	return err
}
