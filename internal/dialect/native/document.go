package native

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/usher-kyc/usher"
)

// documents serves the OpenAPI document and the page made of it. They are written once, here: huma would write them on the first request,
// twice when two come at once.
func (s *server) documents() error {
	doc := s.api.OpenAPI()
	// huma registers its own error shapes with every operation; nothing refers to them, see shapeProblem.
	for _, own := range []string{"ErrorModel", "ErrorDetail"} {
		delete(doc.Components.Schemas.Map(), own)
	}
	openAnswers(doc)
	yaml, err := doc.YAML()
	if err != nil {
		return fmt.Errorf("write the OpenAPI document as YAML: %w", err)
	}
	text, err := json.Marshal(doc)
	if err != nil {
		return fmt.Errorf("write the OpenAPI document as JSON: %w", err)
	}
	page, policy, err := docsPage(doc)
	if err != nil {
		return fmt.Errorf("write the page of the API: %w", err)
	}
	serve := func(pattern, contentType, policy string, text []byte) {
		s.mux.On("GET "+pattern, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			if policy != "" {
				w.Header().Set("Content-Security-Policy", policy)
			}
			_, _ = w.Write(text)
		}, usher.ActEnter)
	}
	serve("/openapi.yaml", "application/yaml", "", yaml)
	serve("/openapi.json", "application/json", "", text)
	serve("/docs", "text/html; charset=utf-8", policy, page)
	return nil
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
