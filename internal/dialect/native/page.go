package native

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/usher-kyc/usher"
)

//go:embed docs.html
var docsTemplate string

//go:embed docs.css
var docsStyle string

type docsSection struct {
	Name, About string
	Operations  []docsOperation
}

type docsOperation struct {
	ID, Method, Path, Summary, About string
	Parameters                       []docsMember
	Takes, Gives                     string // names of shapes, or ""
}

type docsShape struct {
	Name    string
	Members []docsMember
}

type docsMember struct {
	Name, Type, About string
	Shape             string // name of the shape it is, or is a list of
	Needed            bool
}

// docsPage makes the page at /docs from the document. It loads nothing from anywhere; its style is allowed by its hash.
func docsPage(doc *huma.OpenAPI) (page []byte, policy string, err error) {
	t, err := template.New("docs").Funcs(template.FuncMap{"words": withCode}).Parse(docsTemplate)
	if err != nil {
		return nil, "", err
	}
	var out bytes.Buffer
	err = t.Execute(&out, map[string]any{
		"Style": template.CSS(docsStyle), "Intro": introduction, "Sections": docsSections(doc), "Shapes": docsShapes(doc), "Codes": codes(),
		"Reasons": each(usher.ReasonCodes(), func(c usher.ReasonCode) reason { return reasonOf(usher.Reason{Code: c}) }),
	})
	sum := sha256.Sum256([]byte(docsStyle))
	policy = "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; frame-ancestors 'none'; base-uri 'none'"
	return out.Bytes(), policy, err
}

// withCode shows what stands between backticks as code.
func withCode(said string) template.HTML {
	var b strings.Builder
	for i, part := range strings.Split(said, "`") {
		if i%2 == 1 {
			b.WriteString("<code>" + template.HTMLEscapeString(part) + "</code>")
		} else {
			b.WriteString(template.HTMLEscapeString(part))
		}
	}
	return template.HTML(b.String()) // every part of it was escaped above
}

func docsSections(doc *huma.OpenAPI) []docsSection {
	sections := each(doc.Tags, func(t *huma.Tag) docsSection { return docsSection{Name: t.Name, About: t.Description} })
	for path, item := range doc.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op == nil {
				continue
			}
			i := slices.IndexFunc(sections, func(s docsSection) bool { return s.Name == op.Tags[0] })
			sections[i].Operations = append(sections[i].Operations, docsOperationOf(path, op))
		}
	}
	for _, s := range sections {
		slices.SortFunc(s.Operations, func(a, b docsOperation) int {
			if c := strings.Compare(a.Path, b.Path); c != 0 {
				return c
			}
			return strings.Compare(b.Method, a.Method)
		})
	}
	return sections
}

func docsOperationOf(path string, op *huma.Operation) docsOperation {
	out := docsOperation{ID: op.OperationID, Method: op.Method, Path: path, Summary: op.Summary, About: strings.TrimSpace(op.Description)}
	for _, p := range op.Parameters {
		// The key is the same for every POST and told once, in the introduction.
		if p.Name != "Idempotency-Key" {
			out.Parameters = append(out.Parameters, docsMemberOf(p.Name, p.Schema, p.Required))
		}
	}
	if op.RequestBody != nil {
		if media := op.RequestBody.Content[jsonType]; media != nil {
			out.Takes = shapeOf(media.Schema)
		}
	}
	for _, status := range []string{"200", "201"} {
		if r := op.Responses[status]; r != nil && r.Content[jsonType] != nil {
			out.Gives = shapeOf(r.Content[jsonType].Schema)
		}
	}
	return out
}

func docsShapes(doc *huma.OpenAPI) []docsShape {
	all := doc.Components.Schemas.Map()
	return each(slices.Sorted(maps.Keys(all)), func(name string) docsShape {
		s := all[name]
		return docsShape{Name: name, Members: each(slices.Sorted(maps.Keys(s.Properties)), func(m string) docsMember {
			return docsMemberOf(m, s.Properties[m], slices.Contains(s.Required, m))
		})}
	})
}

func docsMemberOf(name string, s *huma.Schema, needed bool) docsMember {
	if s == nil {
		s = &huma.Schema{}
	}
	out := docsMember{Name: name, Type: s.Type, About: s.Description, Shape: shapeOf(s), Needed: needed}
	allowed := s.Enum
	if s.Items != nil {
		out.Type = "list"
		if s.Items.Type != "" {
			out.Type += " of " + s.Items.Type
		}
		allowed = s.Items.Enum
		if out.Shape = shapeOf(s.Items); out.Shape != "" {
			out.Type = "list of"
		}
	}
	if len(allowed) > 0 {
		out.About += " One of: " + strings.Join(each(allowed, func(v any) string { return fmt.Sprint(v) }), ", ") + "."
	}
	return out
}

func shapeOf(s *huma.Schema) string { return strings.TrimPrefix(s.Ref, schemaPrefix) }
