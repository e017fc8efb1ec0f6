package native

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

const (
	tagScreening       = "screening"
	screeningOperation = "create_screening"
)

func (s *server) screeningRoutes() {
	if s.Screener != nil {
		handle(s, route{
			method: http.MethodPost, path: "/v1/screenings", id: screeningOperation, tag: tagScreening, may: usher.ActSearchLists,
			summary: "Search names on the watchlists",
			about: "One subject or up to 1,000. Nothing is kept of it. Each hit says which listed name it is, and how every word and every other figure " +
				"made its score; the answer says which editions of which lists it rests on. A list that is out of date is marked `stale`: what it does " +
				"not find is not a clear answer.",
		}, s.screen)
		handle(s, route{
			method: http.MethodGet, path: "/v1/watchlists", id: "list_watchlists", tag: tagScreening, may: usher.ActSearchLists,
			summary: "List the watchlists in use",
		}, s.listWatchlists)
	}
	handle(s, route{
		method: http.MethodGet, path: "/v1/applicants/{id}/screening", id: "get_applicant_screening", tag: tagScreening, may: usher.ActSeeCases,
		summary: "Read an applicant's newest screening", about: "From the check, or from monitoring when a list changed since. With what reviewers said of the hits.",
	}, s.getScreening)
	handle(s, route{
		method: http.MethodPost, path: "/v1/applicants/{id}/screening/judge", id: "judge_hit", tag: tagScreening, may: usher.ActJudgeHit,
		summary: "Clear or confirm a hit", command: true,
		about: "A cleared hit stays cleared until the listed record or the applicant's data changes, or until the time you give.",
	}, s.judgeHit)
	handle(s, route{
		method: http.MethodGet, path: "/v1/applicants/{id}/monitor", id: "get_monitor", tag: tagScreening, may: usher.ActSeeCases,
		summary: "Read whether an applicant is monitored", about: "Monitoring begins with the approval of a session whose flow runs the watchlist check.",
	}, s.getMonitor)
	handle(s, route{
		method: http.MethodPatch, path: "/v1/applicants/{id}/monitor", id: "set_monitor", tag: tagScreening, may: usher.ActWritePeople,
		summary: "Suspend, resume or end monitoring", command: true, about: "A monitor that has ended is not taken up again.",
	}, s.setMonitor)
	handle(s, route{
		method: http.MethodGet, path: "/v1/monitors", id: "list_monitors", tag: tagScreening, may: usher.ActSeeCases,
		summary: "List monitors", about: "By applicant. With `open=true` only those with hits that nobody has judged.",
	}, s.listMonitors)
}

// mostSubjects bounds one call, by the design of this API.
const mostSubjects = 1000

type subject struct {
	Name        string   `json:"name" minLength:"1" maxLength:"1024" doc:"Full name, in any script." example:"Jaroslav Testovich Primerov"`
	AltNames    []string `json:"alt_names,omitempty" maxItems:"19" nullable:"false" doc:"Other names."`
	Kind        string   `json:"kind,omitempty" enum:"person,organization,vessel,aircraft" doc:"What it is; left out, anything." example:"person"`
	BirthDate   string   `json:"birth_date,omitempty" pattern:"^\\d{4}(-\\d{2}(-\\d{2})?)?$" doc:"YYYY, YYYY-MM or YYYY-MM-DD." example:"1961-04-02"`
	Gender      string   `json:"gender,omitempty" enum:"male,female" doc:"Gender, where known." example:"male"`
	Countries   []string `json:"countries,omitempty" maxItems:"20" nullable:"false" doc:"Of nationality or registration, ISO 3166-1 alpha-2." example:"[\"RU\"]"`
	Identifiers []string `json:"identifiers,omitempty" maxItems:"20" nullable:"false" doc:"Numbers of documents, of persons, of companies or ships." example:"[\"P1234567\"]"`
}

type newScreening struct {
	Subjects []subject `json:"subjects" minItems:"1" maxItems:"1000" nullable:"false" doc:"Who or what to search, 1 to 1,000."`
	Lists    []string  `json:"lists,omitempty" maxItems:"100" nullable:"false" doc:"Ids of the lists to search; left out, all." example:"[\"un_sc\"]"`
	Possible float64   `json:"possible,omitempty" minimum:"0" maximum:"1" doc:"Score from which a record is a possible hit; 0 takes the server's." example:"0.75"`
	Match    float64   `json:"match,omitempty" minimum:"0" maximum:"1" doc:"Score from which a hit is a match; 0 takes the server's." example:"0.92"`
	Limit    int       `json:"limit,omitempty" minimum:"0" maximum:"100" doc:"Most hits for each subject; 0 means 10." example:"10"`
}

type hitToken struct {
	Query  string  `json:"query,omitempty" doc:"Word that was given, as it was searched." example:"yaroslav"`
	Listed string  `json:"listed,omitempty" doc:"Word of the listed name." example:"jaroslav"`
	How    string  `json:"how" doc:"In what way the two are the same: exact, equivalent, edit, phonetic, script, joined, initial; unpaired for a word on one side only." example:"phonetic"`
	Score  float64 `json:"score" doc:"How alike, 0 to 1." example:"0.92"`
	Weight float64 `json:"weight" doc:"How much the word says, 0 to 1 for one word: rare words say more." example:"0.41"`
	Cost   float64 `json:"cost" doc:"What it takes from the score of the name." example:"0.04"`
}

type hitModifier struct {
	Name   string  `json:"name" doc:"What it is about: birth_year, birth_day, country, gender, id, weak_alias." example:"birth_year"`
	Value  float64 `json:"value" doc:"What it adds to the score." example:"-0.15"`
	Given  string  `json:"given,omitempty" doc:"What was given." example:"1961"`
	Listed string  `json:"listed,omitempty" doc:"What the list says." example:"1958"`
}

type hitFact struct {
	Name  string `json:"name" doc:"What the list tells." example:"program"`
	Value string `json:"value" doc:"What it says of it." example:"SDGT"`
}

type hitJudgement struct {
	Verdict string `json:"verdict" enum:"cleared,confirmed" doc:"Somebody else, or the applicant." example:"cleared"`
	Why     string `json:"why" doc:"In the reviewer's words." example:"Born thirty years later."`
	By      actor  `json:"by" doc:"Who said so."`
	At      stamp  `json:"at" doc:"When."`
	Until   stamp  `json:"until,omitzero" doc:"Until when it holds; left out, until the record or the applicant's data changes."`
}

type hit struct {
	Key       string        `json:"key" doc:"List and id of the record, the same in every edition." example:"un_sc/6908555"`
	List      string        `json:"list" doc:"Id of the list." example:"un_sc"`
	Kind      string        `json:"kind,omitempty" doc:"What the record is about." example:"person"`
	Name      string        `json:"name" doc:"Listed name that fits best." example:"Jaroslav Primerov"`
	Subject   string        `json:"subject" doc:"Name that was searched." example:"Yaroslav Primerov"`
	Verdict   string        `json:"verdict" enum:"match,possible" doc:"Whether the score is at the upper or only at the lower threshold." example:"match"`
	Score     float64       `json:"score" doc:"Name score and modifiers together, 0 to 1." example:"0.94"`
	NameScore float64       `json:"name_score" doc:"How alike the names are, 0 to 1." example:"0.94"`
	Tokens    []hitToken    `json:"tokens" nullable:"false" doc:"Every word; the name score is 1 less their costs."`
	Modifiers []hitModifier `json:"modifiers" nullable:"false" doc:"What else raised or lowered the score."`
	Facts     []hitFact     `json:"facts" nullable:"false" doc:"What the record says."`
	Judgement *hitJudgement `json:"judgement,omitempty" doc:"What a reviewer said of it, while it holds."`
}

func hitOf(h usher.Hit) hit {
	out := hit{
		Key: h.Key, List: h.List, Kind: h.Kind, Name: h.Name, Subject: h.Subject, Verdict: verdictOf(h), Score: h.Score, NameScore: h.NameScore,
		Tokens:    each(h.Tokens, func(t usher.HitToken) hitToken { return hitToken(t) }),
		Modifiers: each(h.Modifiers, func(m usher.HitModifier) hitModifier { return hitModifier(m) }),
		Facts:     each(h.Facts, func(f usher.HitFact) hitFact { return hitFact(f) }),
	}
	if j := h.Judgement; j != nil {
		out.Judgement = &hitJudgement{Verdict: string(j.Verdict), Why: j.Why, By: actorOf(j.By), At: stamp{j.At}, Until: stamp{j.Until}}
	}
	return out
}

func verdictOf(h usher.Hit) string {
	if h.Match {
		return "match"
	}
	return "possible"
}

type watchlist struct {
	List     string `json:"list" doc:"Id of the list." example:"un_sc"`
	Title    string `json:"title" doc:"What people call it." example:"UN Security Council"`
	Date     stamp  `json:"date,omitzero" doc:"The list's own date."`
	LoadedAt stamp  `json:"loaded_at,omitzero" doc:"When this edition came into use; left out of a list that is wanted and never came."`
	Hash     string `json:"hash" doc:"SHA-256 of what was read, hex." example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"`
	Entities int    `json:"entities" doc:"How many records it has." example:"1003"`
	Stale    bool   `json:"stale" doc:"Whether it is older than its bound, and so finds nothing surely." example:"false"`
}

func watchlistOf(v usher.ListVersion) watchlist {
	return watchlist{
		List: v.List, Title: v.Title, Date: stamp{v.Date}, LoadedAt: stamp{v.Loaded}, Hash: v.Hash, Entities: v.Entities, Stale: v.Stale,
	}
}

type screeningResult struct {
	Hits []hit `json:"hits" nullable:"false" doc:"Records that the subject resembles, best first."`
}

type screeningAnswer struct {
	Algorithm string            `json:"algorithm" doc:"Name and version of the rules that scores are made by; it changes whenever a score could." example:"usher-1"`
	Lists     []watchlist       `json:"lists" nullable:"false" doc:"Editions of the lists that were searched."`
	Results   []screeningResult `json:"results" nullable:"false" doc:"One for each subject, in their order."`
}

func (s *server) screen(ctx context.Context, p api.Principal, in *struct{ Body newScreening }) (*answer[screeningAnswer], error) {
	found, err := s.search(ctx, p, in.Body)
	if err != nil {
		return nil, err
	}
	return &answer[screeningAnswer]{Body: screeningAnswerOf(found)}, nil
}

func (s *server) search(ctx context.Context, p api.Principal, asked newScreening) (usher.ScreenResult, error) {
	subjects := make([]usher.Subject, len(asked.Subjects))
	for i, given := range asked.Subjects {
		subjects[i] = usher.Subject{
			Name: given.Name, AltNames: given.AltNames, Kind: given.Kind, BirthDate: given.BirthDate, Gender: given.Gender,
			Countries: given.Countries, Identifiers: given.Identifiers,
		}
	}
	limit := asked.Limit
	if limit == 0 {
		limit = 10
	}
	found, err := s.Screener.Screen(ctx, p.Tenant(), subjects, usher.ScreenOptions{
		Lists: asked.Lists, Possible: asked.Possible, Match: asked.Match, Limit: limit,
	})
	return found, inBody(err)
}

// inBody puts the place of an error into the words of the body: of an only subject a screener names the member alone, and of several it blames the first
// for a threshold that is everybody's.
func inBody(err error) error {
	e, ok := errors.AsType[*usher.Error](err)
	if !ok || e.Field == "" {
		return err
	}
	named := *e
	switch member := e.Field[strings.LastIndexByte(e.Field, '.')+1:]; {
	case slices.Contains([]string{"lists", "possible", "match"}, member):
		named.Field = member
	case member == e.Field:
		named.Field = "subjects.0." + member
	}
	return &named
}

func screeningAnswerOf(found usher.ScreenResult) screeningAnswer {
	return screeningAnswer{
		Algorithm: found.Algorithm, Lists: each(found.Lists, watchlistOf),
		Results: each(found.Hits, func(hits []usher.Hit) screeningResult { return screeningResult{Hits: each(hits, hitOf)} }),
	}
}

func (s *server) listWatchlists(ctx context.Context, _ api.Principal, _ *struct{}) (*answer[page[watchlist]], error) {
	lists, err := s.Screener.Watchlists(ctx)
	if err != nil {
		return nil, err
	}
	return &answer[page[watchlist]]{Body: page[watchlist]{Data: each(lists, watchlistOf)}}, nil
}

type screening struct {
	ID          string      `json:"id" doc:"Id of the screening." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e70"`
	ApplicantID string      `json:"applicant_id" doc:"Who was screened." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e5f"`
	SessionID   string      `json:"session_id" doc:"Session it belongs to." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e60"`
	At          stamp       `json:"at" doc:"When."`
	Monitoring  bool        `json:"monitoring" doc:"Whether it came from a list that changed, and not from a check." example:"false"`
	Algorithm   string      `json:"algorithm" doc:"Name and version of the rules that scores are made by." example:"usher-1"`
	Lists       []watchlist `json:"lists" nullable:"false" doc:"Editions of the lists that were searched."`
	Hits        []hit       `json:"hits" nullable:"false" doc:"Records that the applicant resembles, best first."`
	OpenHits    int         `json:"open_hits" doc:"How many of them nobody has judged." example:"1"`
}

func applicantScreening(sc usher.Screening, err error) (*answer[screening], error) {
	if err != nil {
		return nil, err
	}
	return &answer[screening]{Body: screening{
		ID: sc.ID, ApplicantID: sc.ApplicantID, SessionID: sc.SessionID, At: stamp{sc.At}, Monitoring: sc.Monitoring, Algorithm: sc.Algorithm,
		Lists: each(sc.Lists, watchlistOf), Hits: each(sc.Hits, hitOf), OpenHits: sc.OpenHits(),
	}}, nil
}

func (s *server) getScreening(ctx context.Context, p api.Principal, in *ByID) (*answer[screening], error) {
	return applicantScreening(s.Service.LatestScreening(ctx, p.Tenant(), in.ID))
}

type judgeInput struct {
	ByID

	Body struct {
		Key     string    `json:"key" minLength:"1" maxLength:"300" doc:"Key of the hit." example:"un_sc/6908555"`
		Verdict string    `json:"verdict" enum:"cleared,confirmed" doc:"Somebody else, or the applicant." example:"cleared"`
		Why     string    `json:"why" minLength:"1" maxLength:"2000" doc:"Why, for whoever asks later." example:"Born thirty years later."`
		Until   time.Time `json:"until,omitzero" doc:"Until when a cleared hit stays cleared; left out, until the record or the applicant's data changes." example:"2027-03-02T09:00:00Z"`
	}
}

func (s *server) judgeHit(ctx context.Context, p api.Principal, in *judgeInput) (*answer[screening], error) {
	b := in.Body
	return applicantScreening(s.Service.JudgeHit(ctx, p.Tenant(), in.ID, b.Key, usher.HitVerdict(b.Verdict), b.Why, b.Until, p.Actor()))
}

type monitor struct {
	ApplicantID string `json:"applicant_id" doc:"Who is monitored." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e5f"`
	SessionID   string `json:"session_id" doc:"Session that approved the applicant." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e60"`
	State       string `json:"state" enum:"active,suspended,ended" doc:"Whether lists that change are searched for the applicant." example:"active"`
	OpenHits    int    `json:"open_hits" doc:"Hits of the newest screening that nobody has judged." example:"0"`
	ScreeningID string `json:"screening_id" doc:"The newest screening." example:"0198c1f2a3b47c5d8e9f0a1b2c3d4e70"`
	Since       stamp  `json:"since" doc:"When monitoring began."`
	UpdatedAt   stamp  `json:"updated_at" doc:"When something last changed."`
}

func monitorOf(m usher.Monitor) monitor {
	return monitor{
		ApplicantID: m.ApplicantID, SessionID: m.SessionID, State: string(m.State), OpenHits: m.OpenHits, ScreeningID: m.Screening,
		Since: stamp{m.Since}, UpdatedAt: stamp{m.UpdatedAt},
	}
}

func (s *server) getMonitor(ctx context.Context, p api.Principal, in *ByID) (*answer[monitor], error) {
	m, err := s.Service.Monitor(ctx, p.Tenant(), in.ID)
	if err != nil {
		return nil, err
	}
	return &answer[monitor]{Body: monitorOf(m)}, nil
}

type setMonitorInput struct {
	ByID

	Body struct {
		State string `json:"state" enum:"active,suspended,ended" doc:"What it is to be." example:"suspended"`
	}
}

func (s *server) setMonitor(ctx context.Context, p api.Principal, in *setMonitorInput) (*answer[monitor], error) {
	m, err := s.Service.SetMonitor(ctx, p.Tenant(), in.ID, usher.MonitorState(in.Body.State), p.Actor())
	if err != nil {
		return nil, err
	}
	return &answer[monitor]{Body: monitorOf(m)}, nil
}

type listMonitorsInput struct {
	Paged

	Open bool `query:"open" doc:"Only those with hits that nobody has judged." example:"true"`
}

func (s *server) listMonitors(ctx context.Context, p api.Principal, in *listMonitorsInput) (*answer[page[monitor]], error) {
	found, err := s.Service.ListMonitors(ctx, p.Tenant(), in.Open, in.paging())
	if err != nil {
		return nil, err
	}
	return &answer[page[monitor]]{Body: pageOf(found, monitorOf)}, nil
}
