package web

import (
	"cmp"
	"html/template"
	"net/http"
	"net/url"
)

// Page is what a handler wants shown.
type Page struct {
	Name   string // of the template
	Status int    // 200 when 0
	Here   string // path of the page, where it is not the one that was asked for
	Locale string // the language this page was ordered in; what the reader has picked goes before it
	Brand  string // who the page speaks for: the tenant's name
	Title  string // what stands in the window's title instead of the brand, or ""
	Test   bool   // nothing here is real: the tenant is a sandbox, and the page says so
	Errors Errors // of a form that was sent and is shown again
	Data   any
}

// View is what templates see.
type View struct {
	Area      string
	Page      string // name of the template
	Lang      Language
	Languages []Language
	Here      string // path of this page
	RequestID string
	Brand     string
	Title     string
	Test      bool
	Errors    Errors
	Layout    any          // what Kit.SetLayout gave, or nil
	Style     template.CSS // what the page brings along of styles, or ""
	Data      any

	catalog *Catalog
}

// Err gives the words of the error of one field, or "".
func (v View) Err(field string) string {
	for _, e := range v.Errors {
		if e.Field == field {
			return v.Words(e)
		}
	}
	return ""
}

// Words gives an error in the language of the page.
func (v View) Words(e FieldError) string { return v.catalog.Text(v.Lang.Tag, e.Key, e.Args...) }

// LanguageURL gives the address of this page in another language.
func (v View) LanguageURL(tag string) string {
	return v.Here + "?" + url.Values{langParam: {tag}}.Encode()
}

// Errors are what is wrong with a form, in the order of its fields. The page shows them in a summary on top, which has the focus and
// links to the fields, and again beside each field; its title begins with "Error:".
type Errors []FieldError

// FieldError is what is wrong with one field: the id of its element, and the key of the words.
type FieldError struct {
	Field string
	Key   string
	Args  []any
}

// Add notes an error. The first error of a field is the one that is shown.
func (e *Errors) Add(field, key string, args ...any) {
	if !e.Has(field) {
		*e = append(*e, FieldError{field, key, args})
	}
}

// Has tells whether a field has an error.
func (e Errors) Has(field string) bool {
	for _, fe := range e {
		if fe.Field == field {
			return true
		}
	}
	return false
}

const (
	langParam  = "lang"
	langCookie = "lang"
	langAge    = 365 * 24 * 3600 // seconds
)

// Lang gives the language of a reader: what they picked, else what the page was ordered in, else what their browser asks for.
func (k *Kit) Lang(r *http.Request, locale string) string {
	return k.catalog.Match(r.URL.Query().Get(langParam), k.Cookie(r, langCookie), locale, r.Header.Get("Accept-Language"))
}

// PickLanguage keeps the language that a link of the language picker names, and sends the browser to the same page without it; done is
// false when the request names none. A handler of GET calls it first.
func (k *Kit) PickLanguage(w http.ResponseWriter, r *http.Request) (done bool) {
	tag := r.URL.Query().Get(langParam)
	if tag == "" {
		return false
	}
	k.SetCookie(w, langCookie, k.catalog.Match(tag), langAge)
	http.Redirect(w, r, r.URL.Path, http.StatusSeeOther)
	return true
}

// Render shows a page.
func (k *Kit) Render(w http.ResponseWriter, r *http.Request, p Page) error {
	lang := k.catalog.Language(k.Lang(r, p.Locale))
	view := View{
		Area: k.config.Area, Page: p.Name, Lang: lang, Languages: k.catalog.Languages(), Here: cmp.Or(p.Here, r.URL.Path),
		RequestID: RequestID(r.Context()), Brand: p.Brand, Title: cmp.Or(p.Title, p.Brand), Test: p.Test, Errors: p.Errors, Data: p.Data, catalog: k.catalog,
	}
	if known, ok := r.Context().Value(requestKey{}).(*request); ok {
		view.Layout = known.layout
		if known.route.FirstPage {
			view.Style = k.sheet.css
		}
	}
	out, err := k.templates.execute(lang.Tag, p.Name, view)
	if err != nil {
		return err
	}
	if p.Status == 0 {
		p.Status = http.StatusOK
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", lang.Tag)
	w.WriteHeader(p.Status)
	// A reader who has gone is not an error of the page.
	_, _ = out.WriteTo(w)
	return nil
}
