package incode

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

type watchlistAnswer struct {
	Status  string           `json:"status"`
	Content watchlistContent `json:"content"`
}

type watchlistContent struct {
	Data watchlistData `json:"data"`
}

type watchlistData struct {
	ID           *int32         `json:"id"`
	Ref          *string        `json:"ref"` // null of a result that was not stored
	SearchTerm   *string        `json:"searchTerm"`
	MatchStatus  string         `json:"matchStatus"`
	RiskLevel    string         `json:"riskLevel"`
	TotalHits    int            `json:"totalHits"`
	TotalMatches int            `json:"totalMatches"`
	Filters      any            `json:"filters"`
	Hits         []watchlistHit `json:"hits"`
	CreatedAt    string         `json:"createdAt"`
	UpdatedAt    string         `json:"updatedAt"`
	Tags         []string       `json:"tags"`
	Limit        int            `json:"limit"`
	Offset       int            `json:"offset"`
	ShareURL     *string        `json:"shareUrl"`
}

type watchlistHit struct {
	Score            float64     `json:"score"`
	IsWhitelisted    bool        `json:"isWhitelisted"`
	MatchTypes       []string    `json:"matchTypes"`
	MatchTypeDetails []any       `json:"matchTypeDetails"`
	Doc              watchlisted `json:"doc"`
}

type watchlisted struct {
	ID             string           `json:"id"`
	Name           string           `json:"name"`
	Types          []string         `json:"types"`
	Sources        []string         `json:"sources"`
	AKA            []any            `json:"aka"`
	Fields         []watchlistField `json:"fields"`
	Media          []any            `json:"media"`
	LastUpdatedUTC *string          `json:"lastUpdatedUtc"`
}

type watchlistField struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Source string `json:"source"`
	Tag    string `json:"tag"`
}

// updatedWatchlist gives the newest screening of the person whom a webhook's ref was about.
func (d *dialect) updatedWatchlist(r request) (any, error) {
	ref := r.URL.Query().Get("ref")
	if ref == "" {
		return nil, api.Malformed("ref", "give the ref of the webhook")
	}
	named, err := d.Service.Screening(r.Context(), r.tenant(), ref)
	if err != nil {
		return nil, lost(err)
	}
	s, err := d.Service.Session(r.Context(), r.tenant(), named.SessionID)
	if err != nil {
		return nil, lost(err)
	}
	asked := r.URL.Query().Get("id")
	if r.byApplicant() {
		asked = r.p.Client.ID
	}
	if s.Dialect != Name || (asked != "" && asked != interviewID(s)) {
		return nil, usher.NotFound("watchlist result")
	}
	newest, err := d.Service.LatestScreening(r.Context(), r.tenant(), named.ApplicantID)
	if err != nil {
		return nil, lost(err)
	}
	return watchlistOf(newest), nil
}

// lost makes what was erased look like what never was.
func lost(err error) error {
	if is(err, usher.CodeNotFound) || is(err, usher.CodeGone) {
		return usher.NotFound("watchlist result")
	}
	return err
}

// globalWatchlist gives what the flow's watchlist check found.
func (d *dialect) globalWatchlist(r request) (any, error) {
	s, err := d.results(r)
	if err != nil {
		return nil, err
	}
	result, ok := resultIn(s.Checks(), usher.CheckWatchlist)
	if !ok || result.Screening == nil {
		return nil, usher.Conflict("this interview was not screened against watchlists, or not yet")
	}
	return watchlistOf(*result.Screening), nil
}

// watchlistResult screens a name and keeps nothing of it. How far a name may differ is the server's to say, not fuzziness.
func (d *dialect) watchlistResult(r request) (any, error) {
	if d.Screener == nil {
		return nil, usher.NotFound("address")
	}
	var body struct {
		FirstName string   `json:"firstName"`
		Surname   string   `json:"surName"`
		BirthYear *float64 `json:"birthYear"`
	}
	if err := r.body(&body); err != nil {
		return nil, err
	}
	who := usher.Subject{Name: strings.TrimSpace(body.FirstName + " " + body.Surname), Kind: "person"}
	if body.BirthYear != nil {
		who.BirthDate = fmt.Sprintf("%04.0f", *body.BirthYear)
	}
	found, err := d.Screener.Screen(r.Context(), r.tenant(), []usher.Subject{who}, usher.ScreenOptions{})
	if err != nil {
		return nil, err
	}
	if len(found.Lists) == 0 {
		return nil, usher.Conflict("this server has no watchlists to search")
	}
	screening := usher.Screening{At: d.Now(), Algorithm: found.Algorithm, Lists: found.Lists}
	for _, hits := range found.Hits {
		screening.Hits = append(screening.Hits, hits...)
	}
	a := watchlistOf(screening)
	a.Content.Data.SearchTerm = orNull(who.Name)
	return a, nil
}

// searchNumber gives a screening the number that the vendor's clients know a search by.
func searchNumber(screening string) int32 {
	sum := sha256.Sum256([]byte(screening))
	return int32(binary.BigEndian.Uint32(sum[:4]) >> 1)
}

// The vendor's words for how a search came out.
const (
	matchNone      = "no_match"
	matchPotential = "potential_match"
	matchTrue      = "true_positive"
	matchFalse     = "false_positive"

	riskUnknown = "unknown" // this server puts nobody into classes of risk
)

func watchlistOf(s usher.Screening) watchlistAnswer {
	at := s.At.UTC().Format(time.RFC3339)
	data := watchlistData{
		Ref: orNull(s.ID), MatchStatus: matchStatus(s), RiskLevel: riskUnknown, TotalHits: len(s.Hits),
		Hits: []watchlistHit{}, CreatedAt: at, UpdatedAt: at, Tags: []string{}, Limit: len(s.Hits),
	}
	if s.ID != "" {
		id := searchNumber(s.ID)
		data.ID = &id
	}
	for _, h := range s.Hits {
		if h.Match {
			data.TotalMatches++
		}
		data.SearchTerm = orNull(h.Subject)
		data.Hits = append(data.Hits, hitOf(h))
	}
	return watchlistAnswer{Status: "success", Content: watchlistContent{Data: data}}
}

// matchStatus says what became of a screening's hits: one that is the person counts most, then one that nobody has looked at.
func matchStatus(s usher.Screening) string {
	status := matchNone
	for _, h := range s.Hits {
		switch {
		case h.Judgement != nil && h.Judgement.Verdict == usher.HitConfirmed:
			return matchTrue
		case h.Judgement == nil:
			status = matchPotential
		case status == matchNone:
			status = matchFalse
		}
	}
	return status
}

func hitOf(h usher.Hit) watchlistHit {
	hit := watchlistHit{
		Score: h.Score, IsWhitelisted: h.Judgement != nil && h.Judgement.Verdict == usher.HitCleared, MatchTypes: matchTypes(h), MatchTypeDetails: []any{},
		Doc: watchlisted{ID: h.Key, Name: h.Name, Types: []string{}, Sources: []string{h.List}, AKA: []any{}, Fields: []watchlistField{}, Media: []any{}},
	}
	if h.Kind != "" {
		hit.Doc.Types = append(hit.Doc.Types, h.Kind)
	}
	for _, f := range h.Facts {
		hit.Doc.Fields = append(hit.Doc.Fields, watchlistField{Name: f.Name, Value: f.Value, Source: h.List, Tag: strings.ReplaceAll(f.Name, " ", "_")})
	}
	return hit
}

func matchTypes(h usher.Hit) []string {
	if h.NameScore >= 1 {
		return []string{"name_exact"}
	}
	return []string{"name_fuzzy"}
}
