// Package yente answers what clients of OpenSanctions' yente ask: POST /match/{dataset}, and the few reads around it, so that they can be pointed
// at usher. It is a thin adapter: a query's properties become an [usher.Subject], an [usher.Hit] becomes a result. Scores are usher's own and
// are explained in usher's terms; algorithm names of yente are taken and ignored, as the answer says. It has no webhooks.
//
// Where the shapes come from: yente's OpenAPI document and source, release of August 2026 (MIT). Parameters served: limit, threshold, cutoff,
// include_dataset, exclude_dataset, exclude_entity_ids, topics; taken without effect: algorithm, weights, config, changed_since, exclude_schema.
package yente

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

// Name is the dialect's name.
const Name = "yente"

// What yente takes when a request does not say, and the most it allows.
const (
	defaultLimit, mostLimit = 5, 500
	defaultThreshold        = 0.70
	defaultCutoff           = 0.50
	mostQueries             = 100
	allDatasets             = "default"
)

type server struct{ api.Backend }

// Open gives the dialect to the composition root.
func Open(b api.Backend) (api.Dialect, error) {
	s := &server{b}
	mux := api.NewMux()
	mux.On("POST /match/{dataset}", s.match, usher.ActSearchLists)
	mux.On("GET /catalog", s.catalog, usher.ActSearchLists)
	mux.On("GET /algorithms", s.algorithms, usher.ActSearchLists)
	mux.On("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		api.WriteJSON(w, http.StatusOK, map[string]string{"status": "ok"})
	}, usher.ActEnter)
	return api.Search(b, Name, "/healthz", mux, fail), nil
}

// fail answers as FastAPI, which yente is made with, does: a member "detail".
func fail(w http.ResponseWriter, r *http.Request, err error) {
	e := api.Public(r.Context(), err)
	said := e.Message
	if e.Field != "" {
		said = e.Field + ": " + said
	}
	api.WriteJSON(w, api.Status(e), map[string]string{"detail": said})
}

type query struct {
	ID         string              `json:"id,omitempty"`
	Schema     string              `json:"schema"`
	Properties map[string][]string `json:"properties"`
}

// UnmarshalJSON takes a property that is one text as a list of one, as yente does.
func (q *query) UnmarshalJSON(raw []byte) error {
	var given struct {
		ID         string                     `json:"id"`
		Schema     string                     `json:"schema"`
		Properties map[string]json.RawMessage `json:"properties"`
	}
	if err := json.Unmarshal(raw, &given); err != nil {
		return err
	}
	q.ID, q.Schema, q.Properties = given.ID, given.Schema, map[string][]string{}
	for name, value := range given.Properties {
		var many []string
		if json.Unmarshal(value, &many) != nil {
			var one string
			if err := json.Unmarshal(value, &one); err != nil {
				return fmt.Errorf("property %s is neither a text nor a list of texts", name)
			}
			many = []string{one}
		}
		q.Properties[name] = many
	}
	return nil
}

type matchAnswer struct {
	Responses map[string]response `json:"responses"`
	Matcher   map[string]string   `json:"matcher"`
	Limit     int                 `json:"limit"`
}

type response struct {
	Status  int      `json:"status"`
	Results []result `json:"results"`
	Total   total    `json:"total"`
	Query   query    `json:"query"`
}

type total struct {
	Value    int    `json:"value"`
	Relation string `json:"relation"`
}

type result struct {
	ID           string              `json:"id"`
	Caption      string              `json:"caption"`
	Schema       string              `json:"schema"`
	Properties   map[string][]string `json:"properties"`
	Datasets     []string            `json:"datasets"`
	Referents    []string            `json:"referents"`
	Target       bool                `json:"target"`
	Score        float64             `json:"score"`
	Explanations map[string]feature  `json:"explanations"`
	Match        bool                `json:"match"`
}

type feature struct {
	Score  float64 `json:"score"`
	Detail string  `json:"detail"`
	Query  string  `json:"query,omitempty"`
	Found  string  `json:"candidate,omitempty"`
}

// parameters are those of the address.
type parameters struct {
	limit             int
	threshold, cutoff float64
	lists             []string
	named             bool // the lists are the client's choice
	exclude, topics   []string
}

func (s *server) match(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Queries map[string]query `json:"queries"`
	}
	p, err := s.parameters(r)
	if err == nil {
		err = api.JSON{Tolerant: true}.Read(w, r, &body)
	}
	if err == nil && (len(body.Queries) == 0 || len(body.Queries) > mostQueries) {
		err = usher.Invalid("queries", "give between 1 and %d queries", mostQueries)
	}
	if err != nil {
		fail(w, r, err)
		return
	}
	out := matchAnswer{Responses: map[string]response{}, Matcher: map[string]string{}, Limit: p.limit}
	who, _ := api.PrincipalFrom(r.Context())
	for key, q := range body.Queries {
		found, err := s.Screener.Screen(r.Context(), who.Tenant(), []usher.Subject{subjectOf(q)}, usher.ScreenOptions{
			Lists: p.lists, Possible: p.cutoff, Match: max(p.threshold, p.cutoff), Limit: p.reach(),
		})
		if err == nil {
			err = api.Searched(found, p.named)
		}
		if err != nil {
			fail(w, r, err)
			return
		}
		out.Matcher["algorithm"] = found.Algorithm
		one := response{Status: http.StatusOK, Results: []result{}, Query: q, Total: total{Relation: "eq"}}
		for _, h := range found.Hits[0] {
			if got := resultOf(h); !p.leavesOut(got) && len(one.Results) < p.limit {
				one.Results = append(one.Results, got)
			}
		}
		one.Total.Value = len(one.Results)
		out.Responses[key] = one
	}
	api.WriteJSON(w, http.StatusOK, out)
}

// reach is how many hits are looked at: topics choose among all that could be asked for.
func (p parameters) reach() int {
	if len(p.topics) > 0 {
		return mostLimit
	}
	return p.limit + len(p.exclude)
}

func (p parameters) leavesOut(r result) bool {
	return slices.Contains(p.exclude, r.ID) ||
		(len(p.topics) > 0 && !slices.ContainsFunc(r.Properties["topics"], func(t string) bool { return slices.Contains(p.topics, t) }))
}

func (s *server) parameters(r *http.Request) (parameters, error) {
	q := r.URL.Query()
	p := parameters{limit: defaultLimit, threshold: defaultThreshold, cutoff: defaultCutoff, exclude: q["exclude_entity_ids"], topics: q["topics"]}
	if text := q.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > mostLimit {
			return p, usher.Invalid("limit", "must be a number from 1 to %d", mostLimit)
		}
		p.limit = n
	}
	for name, into := range map[string]*float64{"threshold": &p.threshold, "cutoff": &p.cutoff} {
		if text := q.Get(name); text != "" {
			v, err := strconv.ParseFloat(text, 64)
			if err != nil || !(v > 0 && v <= 1) {
				return p, usher.Invalid(name, "must be a number above 0 and at most 1")
			}
			*into = v
		}
	}
	known, err := s.Screener.Watchlists(r.Context())
	if err != nil {
		return p, err
	}
	dataset := r.PathValue("dataset")
	p.named = dataset != allDatasets || len(q["include_dataset"]) > 0
	for _, v := range known {
		wanted := (dataset == allDatasets || dataset == v.List) && !slices.Contains(q["exclude_dataset"], v.List) &&
			(len(q["include_dataset"]) == 0 || slices.Contains(q["include_dataset"], v.List))
		if wanted {
			p.lists = append(p.lists, v.List)
		}
	}
	if dataset != allDatasets && !slices.ContainsFunc(known, func(v usher.ListVersion) bool { return v.List == dataset }) {
		return p, usher.NotFound("dataset")
	}
	if len(p.lists) == 0 {
		return p, usher.Invalid("include_dataset", "no list is left to search")
	}
	return p, nil
}

// subjectOf reads the properties of FollowTheMoney that screening knows.
func subjectOf(q query) usher.Subject {
	get := func(names ...string) (all []string) {
		for _, n := range names {
			all = append(all, q.Properties[n]...)
		}
		return all
	}
	first := func(list []string) string {
		if len(list) == 0 {
			return ""
		}
		return list[0]
	}
	s := usher.Subject{
		BirthDate: first(get("birthDate")), Gender: first(get("gender")),
		Identifiers: get("idNumber", "passportNumber", "taxNumber", "registrationNumber", "innCode", "ogrnCode", "leiCode", "imoNumber"),
	}
	names := get("name", "alias", "weakAlias", "previousName")
	if whole := strings.TrimSpace(strings.Join(get("firstName", "middleName", "fatherName", "lastName"), " ")); whole != "" {
		names = append(names, whole)
	}
	if s.Name = first(names); len(names) > 1 {
		s.AltNames = names[1:]
	}
	for _, c := range get("nationality", "citizenship", "country", "jurisdiction") {
		if len(c) == 2 {
			s.Countries = append(s.Countries, strings.ToUpper(c))
		}
	}
	for schema, kind := range schemas() {
		if q.Schema == schema {
			s.Kind = kind
		}
	}
	return s
}

// schemas gives the kinds of FollowTheMoney that mean one of ours; LegalEntity and Thing mean any.
func schemas() map[string]string {
	return map[string]string{
		"Person": "person", "Organization": "organization", "Company": "organization", "PublicBody": "organization", "Vessel": "vessel", "Airplane": "aircraft",
	}
}

func resultOf(h usher.Hit) result {
	r := result{
		ID: h.Key, Caption: h.Name, Schema: "LegalEntity", Properties: map[string][]string{}, Datasets: []string{h.List}, Referents: []string{},
		Target: true, Score: h.Score, Match: h.Match, Explanations: map[string]feature{},
	}
	switch h.Kind {
	case "person":
		r.Schema = "Person"
	case "organization":
		r.Schema = "Organization"
	case "vessel":
		r.Schema = "Vessel"
	case "aircraft":
		r.Schema = "Airplane"
	}
	properties := map[string]string{
		"primary_name": "name", "alias_name": "alias", "former_name": "previousName", "weak_alias": "weakAlias", "birth_date": "birthDate",
		"birth_place": "birthPlace", "gender": "gender", "country": "country", "identifier": "idNumber", "address": "address", "title": "position",
		"topic": "topics", "program": "program", "remarks": "notes", "listed": "createdAt",
	}
	for _, f := range h.Facts {
		if name, ok := properties[f.Name]; ok {
			r.Properties[name] = append(r.Properties[name], valueOf(f))
		}
	}
	var words []string
	for _, t := range h.Tokens {
		words = append(words, fmt.Sprintf("%s %q–%q −%.3f", t.How, t.Query, t.Listed, t.Cost))
	}
	r.Explanations["name_match"] = feature{Score: h.NameScore, Detail: strings.Join(words, "; "), Query: h.Subject, Found: h.Name}
	for _, m := range h.Modifiers {
		r.Explanations[m.Name] = feature{Score: m.Value, Query: m.Given, Found: m.Listed, Detail: "added to the score"}
	}
	return r
}

// valueOf gives the value of a fact; some topics have other words in FollowTheMoney.
func valueOf(f usher.HitFact) string {
	if f.Name != "topic" {
		return f.Value
	}
	switch f.Value {
	case "pep":
		return "role.pep"
	case "export_control":
		return "export.control"
	}
	return f.Value
}

func (s *server) catalog(w http.ResponseWriter, r *http.Request) {
	lists, err := s.Screener.Watchlists(r.Context())
	if err != nil {
		fail(w, r, err)
		return
	}
	datasets := make([]map[string]any, len(lists))
	current := []string{}
	for i, v := range lists {
		datasets[i] = map[string]any{"name": v.List, "title": v.Title, "entity_count": v.Entities}
		if !v.Loaded.IsZero() { // a list that is wanted and never came has neither
			datasets[i]["version"], datasets[i]["updated_at"] = v.Hash[:min(16, len(v.Hash))], v.Loaded
		}
		if !v.Stale {
			current = append(current, v.List)
		}
	}
	api.WriteJSON(w, http.StatusOK, map[string]any{"datasets": datasets, "current": current})
}

func (s *server) algorithms(w http.ResponseWriter, r *http.Request) {
	found, err := s.Screener.Screen(r.Context(), "", nil, usher.ScreenOptions{})
	if err != nil {
		fail(w, r, err)
		return
	}
	about := "usher's own: words paired by spelling, sound and script, then birth date, country, gender and numbers; every figure is in explanations"
	api.WriteJSON(w, http.StatusOK, map[string]any{
		"algorithms": []map[string]string{{"name": found.Algorithm, "description": about}}, "default": found.Algorithm, "best": found.Algorithm,
	})
}
