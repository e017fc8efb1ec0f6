// Package watchman answers what clients of moov-io/watchman ask: GET or POST /v2/search and GET /v2/listinfo, so that they can be pointed at
// usher. It is a thin adapter: parameters become an [usher.Subject], an [usher.Hit] becomes an entity. Scores are usher's own. It has no
// webhooks.
//
// Where the shapes come from: watchman's api.yaml and docs/search.md of August 2026 (Apache-2.0). Parameters served: name, altNames, type,
// source, birthDate, gender, limit, minMatch, requestID and every gov_ number; taken without effect: format, debug, address, contact.
package watchman

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

// Name is the dialect's name.
const Name = "watchman"

// What watchman takes when a request does not say, and the most it allows.
const (
	defaultLimit, mostLimit = 10, 100
	defaultMin              = 0.75
)

type server struct {
	api.Backend
	began time.Time
}

// Open gives the dialect to the composition root.
func Open(b api.Backend) (api.Dialect, error) {
	s := &server{b, b.Now()}
	mux := api.NewMux()
	mux.On("GET /v2/search", s.search, usher.ActSearchLists)
	mux.On("POST /v2/search", s.search, usher.ActSearchLists)
	mux.On("GET /v2/listinfo", s.listInfo, usher.ActSearchLists)
	mux.On("GET /ping", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }, usher.ActEnter)
	return api.Search(b, Name, "/ping", mux, fail), nil
}

func fail(w http.ResponseWriter, r *http.Request, err error) {
	e := api.Public(r.Context(), err)
	said := e.Message
	if e.Field != "" {
		said = e.Field + ": " + said
	}
	status := api.Status(e)
	if status == http.StatusUnprocessableEntity {
		status = http.StatusBadRequest
	}
	api.WriteJSON(w, status, map[string]string{"error": said})
}

type entity struct {
	Name       string   `json:"name"`
	EntityType string   `json:"entityType"`
	SourceList string   `json:"sourceList"`
	SourceID   string   `json:"sourceID"`
	Person     *person  `json:"person"`
	Business   *named   `json:"business"`
	Vessel     *named   `json:"vessel"`
	Aircraft   *named   `json:"aircraft"`
	Addresses  []string `json:"addresses"`
	Sanctions  *listing `json:"sanctionsInfo"`
	Match      float64  `json:"match"`
}

type person struct {
	Name          string   `json:"name"`
	AltNames      []string `json:"altNames"`
	Gender        string   `json:"gender"`
	BirthDate     *string  `json:"birthDate"`
	PlaceOfBirth  string   `json:"placeOfBirth"`
	Titles        []string `json:"titles"`
	GovernmentIDs []number `json:"governmentIDs"`
}

type named struct {
	Name          string   `json:"name"`
	AltNames      []string `json:"altNames"`
	GovernmentIDs []number `json:"governmentIDs"`
}

type number struct {
	Type       string `json:"type"`
	Country    string `json:"country"`
	Identifier string `json:"identifier"`
}

type listing struct {
	Programs    []string `json:"programs"`
	Description string   `json:"description"`
}

type searchAnswer struct {
	Query    map[string]any `json:"query"`
	Entities []entity       `json:"entities"`
}

func (s *server) search(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	subject, o, err := read(q)
	if err == nil {
		o.Lists, err = s.lists(r, q.Get("source"))
	}
	if err != nil {
		fail(w, r, err)
		return
	}
	who, _ := api.PrincipalFrom(r.Context())
	found, err := s.Screener.Screen(r.Context(), who.Tenant(), []usher.Subject{subject}, o)
	if err == nil {
		err = api.Searched(found, q.Get("source") != "")
	}
	if err != nil {
		fail(w, r, err)
		return
	}
	out := searchAnswer{Query: map[string]any{"name": subject.Name, "entityType": q.Get("type")}, Entities: []entity{}}
	if id := q.Get("requestID"); id != "" {
		out.Query["requestID"] = id
	}
	for _, h := range found.Hits[0] {
		out.Entities = append(out.Entities, entityOf(h))
	}
	api.WriteJSON(w, http.StatusOK, out)
}

// kinds gives our kind for each of watchman's types.
func kinds() map[string]string {
	return map[string]string{"person": "person", "business": "organization", "organization": "organization", "vessel": "vessel", "aircraft": "aircraft"}
}

func read(q url.Values) (usher.Subject, usher.ScreenOptions, error) {
	s := usher.Subject{Name: q.Get("name"), AltNames: q["altNames"], BirthDate: q.Get("birthDate"), Gender: q.Get("gender")}
	o := usher.ScreenOptions{Limit: defaultLimit, Possible: defaultMin}
	if t := q.Get("type"); t != "" {
		kind, ok := kinds()[t]
		if !ok {
			return s, o, usher.Invalid("type", "use person, business, organization, vessel or aircraft")
		}
		s.Kind = kind
	}
	for name, values := range q {
		if strings.HasPrefix(name, "gov_") {
			for _, v := range values { // COUNTRY:NUMBER
				_, id, ok := strings.Cut(v, ":")
				if !ok {
					id = v
				}
				s.Identifiers = append(s.Identifiers, id)
			}
		}
	}
	if text := q.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return s, o, usher.Invalid("limit", "must be a number from 1 to %d", mostLimit)
		}
		o.Limit = min(n, mostLimit)
	}
	if text := q.Get("minMatch"); text != "" {
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || !(v > 0 && v <= 1) {
			return s, o, usher.Invalid("minMatch", "must be a number above 0 and at most 1")
		}
		o.Possible = v
	}
	o.Match = max(o.Possible, 0.95) // from where watchman's guide says to block
	return s, o, nil
}

// lists gives the lists that a source names; a name that no list has narrows to nothing, which is an error here and not an empty answer.
func (s *server) lists(r *http.Request, wanted string) ([]string, error) {
	if wanted == "" {
		return nil, nil
	}
	known, err := s.Screener.Watchlists(r.Context())
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(known, func(v usher.ListVersion) bool { return v.List == wanted }) {
		return nil, usher.Invalid("source", "no list is called %q here; GET /v2/listinfo names them", wanted)
	}
	return []string{wanted}, nil
}

func entityOf(h usher.Hit) entity {
	_, id, _ := strings.Cut(h.Key, "/")
	e := entity{Name: h.Name, SourceList: h.List, SourceID: id, Match: h.Score, Addresses: []string{}, Sanctions: &listing{}}
	p := person{AltNames: []string{}, Titles: []string{}, GovernmentIDs: []number{}}
	for _, f := range h.Facts {
		switch f.Name {
		case "primary_name":
			p.Name = f.Value
		case "alias_name", "former_name", "weak_alias":
			p.AltNames = append(p.AltNames, f.Value)
		case "gender":
			p.Gender = f.Value
		case "birth_date":
			if _, err := time.Parse(time.DateOnly, f.Value); err == nil && p.BirthDate == nil {
				at := f.Value + "T00:00:00Z"
				p.BirthDate = &at
			}
		case "birth_place":
			p.PlaceOfBirth = f.Value
		case "title":
			p.Titles = append(p.Titles, f.Value)
		case "address":
			e.Addresses = append(e.Addresses, f.Value)
		case "program":
			e.Sanctions.Programs = append(e.Sanctions.Programs, f.Value)
		case "remarks":
			e.Sanctions.Description = f.Value
		case "identifier":
			p.GovernmentIDs = append(p.GovernmentIDs, numberOf(f.Value))
		}
	}
	other := &named{Name: p.Name, AltNames: p.AltNames, GovernmentIDs: p.GovernmentIDs}
	switch e.EntityType = h.Kind; h.Kind {
	case "person":
		e.Person = &p
	case "vessel":
		e.Vessel = other
	case "aircraft":
		e.Aircraft = other
	default:
		e.EntityType, e.Business = "business", other
	}
	return e
}

// numberOf takes apart "kind COUNTRY value" or "kind value", as a hit's facts have it.
func numberOf(text string) number {
	parts := strings.SplitN(text, " ", 3)
	switch {
	case len(parts) == 3 && len(parts[1]) == 2:
		return number{Type: parts[0], Country: parts[1], Identifier: parts[2]}
	case len(parts) > 1:
		return number{Type: parts[0], Identifier: strings.Join(parts[1:], " ")}
	}
	return number{Identifier: text}
}

func (s *server) listInfo(w http.ResponseWriter, r *http.Request) {
	known, err := s.Screener.Watchlists(r.Context())
	if err != nil {
		fail(w, r, err)
		return
	}
	lists, hashes, ended := map[string]int{}, map[string]string{}, s.began
	for _, v := range known {
		lists[v.List], hashes[v.List] = v.Entities, v.Hash
		if v.Loaded.After(ended) {
			ended = v.Loaded
		}
	}
	api.WriteJSON(w, http.StatusOK, map[string]any{"lists": lists, "listHashes": hashes, "startedAt": s.began, "endedAt": ended, "version": "usher"})
}
