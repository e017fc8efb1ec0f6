package web

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"strings"
	"sync"
	"time"
)

// templates are the pages of one area. All are read at the start, so that a mistake shows there, but kept are only the partials: a page is put together
// from them when its first reader of a language comes, so that a template's functions know their language and a partial need not be handed it.
type templates struct {
	files fs.FS
	parts *template.Template // never shown, since a template that was shown cannot be made for a page
	at    map[string]string  // files of the pages, by name
	words func(lang string) template.FuncMap

	mu   sync.Mutex
	made map[pageIn]*template.Template
}

type pageIn struct{ lang, name string }

// loadTemplates reads templates/shared/*.html and templates/<area>/parts/*.html as partials, and each templates/<area>/*.html (and
// shared/page/*.html) as a page that the partial "layout" frames.
func loadTemplates(files fs.FS, area string, catalog *Catalog, funcs template.FuncMap) (*templates, error) {
	partials, err := globs(files, "templates/shared/*.html", "templates/"+area+"/parts/*.html")
	if err != nil {
		return nil, err
	}
	pages, err := globs(files, "templates/shared/page/*.html", "templates/"+area+"/*.html")
	if err != nil {
		return nil, err
	}
	t := &templates{
		files: files, at: map[string]string{}, made: map[pageIn]*template.Template{},
		words: func(lang string) template.FuncMap { return textFuncs(catalog, lang) },
	}
	empty := func() *template.Template { return template.New("").Funcs(funcs).Funcs(t.words(DefaultLanguage)) }
	t.parts = empty()
	if len(partials) > 0 {
		if t.parts, err = t.parts.ParseFS(files, partials...); err != nil {
			return nil, err
		}
	}
	for _, file := range pages {
		page, err := empty().ParseFS(files, file)
		if err != nil {
			return nil, err
		}
		if t.parts.Lookup("layout") == nil && page.Lookup("layout") == nil {
			return nil, fmt.Errorf("area %s: no template is called \"layout\"", area)
		}
		t.at[strings.TrimSuffix(path.Base(file), ".html")] = file
	}
	return t, nil
}

// page gives a page in a language.
func (t *templates) page(lang, name string) (*template.Template, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if page := t.made[pageIn{lang, name}]; page != nil {
		return page, nil
	}
	file, ok := t.at[name]
	if !ok {
		return nil, fmt.Errorf("no template %q", name)
	}
	page, err := t.parts.Clone()
	if err == nil {
		page, err = page.ParseFS(t.files, file)
	}
	if err != nil {
		return nil, fmt.Errorf("make %s for %s: %w", name, lang, err)
	}
	t.made[pageIn{lang, name}] = page.Funcs(t.words(lang))
	return page, nil
}

func globs(files fs.FS, patterns ...string) ([]string, error) {
	var all []string
	for _, p := range patterns {
		found, err := fs.Glob(files, p)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// textFuncs are the functions of templates that speak a language:
//
//	{{t "key" "name" .Value}}   the text of a key
//	{{n "key" .Count}}          the text for a number
//	{{date .At}} {{time .At}}   spelled out
//	{{has "key"}}               whether there is such a text
func textFuncs(c *Catalog, lang string) template.FuncMap {
	return template.FuncMap{
		"t":    func(key string, args ...any) string { return c.Text(lang, key, args...) },
		"n":    func(key string, n int, args ...any) string { return c.Count(lang, key, n, args...) },
		"date": func(t time.Time) string { return c.Date(lang, t) },
		"time": func(t time.Time) string { return c.Time(lang, t) },
		"has":  c.Has,
	}
}

// funcs are the functions of templates that know the kit:
//
//	{{asset "base.css"}}   path of a static file
//	{{path "/s/" .Token}}  path of a page below the base, its pieces joined
//	{{dict "a" 1 "b" 2}}   a map, to hand several values to a partial
//	{{list "a" "b"}}       a list
func (k *Kit) funcs() template.FuncMap {
	return template.FuncMap{
		"asset": k.Asset,
		"path":  func(parts ...string) string { return k.URL(strings.Join(parts, "")) },
		"dict":  dict,
		"list":  func(items ...any) []any { return items },
	}
}

func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("dict: %d arguments, which do not make pairs", len(pairs))
	}
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		m[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	return m, nil
}

// execute renders a page whole, so that an error on its last line cannot leave half of it at the reader.
func (t *templates) execute(lang, name string, view any) (*bytes.Buffer, error) {
	page, err := t.page(lang, name)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := page.ExecuteTemplate(&out, "layout", view); err != nil {
		return nil, fmt.Errorf("render %s: %w", name, err)
	}
	return &out, nil
}
