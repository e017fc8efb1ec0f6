package native

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"github.com/usher-kyc/usher"
)

// written is the OpenAPI document as it is given out, and the page made of it.
type written struct {
	yaml, json, page []byte
	policy           string // of the page
}

// documents serves the OpenAPI document and the page made of it. They are written once, for the first who asks: huma would write them twice when two
// come at once, and a start that wrote them would take longer for what most servers are never asked for.
func (s *server) documents() {
	doc := s.api.OpenAPI()
	// huma registers its own error shapes with every operation; nothing refers to them, see shapeProblem.
	for _, own := range []string{"ErrorModel", "ErrorDetail"} {
		delete(doc.Components.Schemas.Map(), own)
	}
	openAnswers(doc)
	all := sync.OnceValues(func() (written, error) { return writeDocuments(doc) })
	serve := func(pattern, contentType string, text func(written) []byte) {
		s.mux.On("GET "+pattern, func(w http.ResponseWriter, r *http.Request) {
			docs, err := all()
			if err != nil {
				if s.Log != nil {
					s.Log.ErrorContext(r.Context(), "the OpenAPI document could not be written", "error", err)
				}
				http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
				return
			}
			w.Header().Set("Content-Type", contentType)
			if pattern == docsPath {
				w.Header().Set("Content-Security-Policy", docs.policy)
			}
			_, _ = w.Write(text(docs))
		}, usher.ActEnter)
	}
	serve("/openapi.yaml", "application/yaml", func(w written) []byte { return w.yaml })
	serve("/openapi.json", "application/json", func(w written) []byte { return w.json })
	serve(docsPath, "text/html; charset=utf-8", func(w written) []byte { return w.page })
}

const docsPath = "/docs"

func writeDocuments(doc *huma.OpenAPI) (w written, err error) {
	if w.yaml, err = doc.YAML(); err != nil {
		return w, fmt.Errorf("write the OpenAPI document as YAML: %w", err)
	}
	if w.json, err = json.Marshal(doc); err != nil {
		return w, fmt.Errorf("write the OpenAPI document as JSON: %w", err)
	}
	if w.page, w.policy, err = docsPage(doc); err != nil {
		return w, fmt.Errorf("write the page of the API: %w", err)
	}
	return w, nil
}

// openAnswers lets the shapes of answers have further members: a new member is no breaking change, and a client made from this document must
// not refuse it. The shapes of requests stay closed, so that a misspelt member is told and not passed over.
func openAnswers(doc *huma.OpenAPI) {
	asked := map[string]bool{}
	for _, item := range doc.Paths {
		for _, op := range []*huma.Operation{item.Post, item.Put, item.Patch} {
			if op == nil || op.RequestBody == nil {
				continue
			}
			for _, media := range op.RequestBody.Content {
				mark(doc, media.Schema, asked)
			}
		}
	}
	for name, schema := range doc.Components.Schemas.Map() {
		if !asked[name] && schema.AdditionalProperties == false {
			schema.AdditionalProperties = nil
		}
	}
}

// mark notes the names of the shapes that a schema is built of.
func mark(doc *huma.OpenAPI, s *huma.Schema, seen map[string]bool) {
	if s == nil {
		return
	}
	if name := strings.TrimPrefix(s.Ref, schemaPrefix); s.Ref != "" && !seen[name] {
		seen[name] = true
		mark(doc, doc.Components.Schemas.SchemaFromRef(s.Ref), seen)
	}
	mark(doc, s.Items, seen)
	for _, member := range s.Properties {
		mark(doc, member, seen)
	}
}
