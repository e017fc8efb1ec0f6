package desk

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/web"
)

// hit is a listed record beside the applicant, in words. Number is its place on the page, from 1.
type hit struct {
	usher.Hit
	Number  int
	Percent int // of the score
	Names   int // of the name score, percent
	Pairs   []pair
	Words   []hitWord
	Effects []effect
	More    []fact // what the record says that the applicant has nothing beside
	Who     string // judged it
}

// pair is one thing that the applicant and the record both say something of.
type pair struct{ Label, Given, Listed string }

// hitWord is one word of the names. Takes is what it takes from a whole name's score, in percent points.
type hitWord struct {
	usher.HitToken
	Means string
	Takes string
}

// effect is what else raised or lowered the score, in percent points.
type effect struct {
	usher.HitModifier
	Label  string
	Points string
}

func percent(v float64) int { return int(v*100 + 0.5) }

// points writes percent points with their sign; words that agree take nothing.
func points(v float64) string {
	if v > -0.0005 && v < 0.0005 {
		return "0"
	}
	return strings.Replace(strconv.FormatFloat(v*100, 'f', 1, 64), "-", "−", 1)
}

// Stale tells whether a list that was searched was out of date, so that finding nobody on it is not a clear answer.
func (c caseData) Stale() bool {
	return c.Screening != nil && slices.ContainsFunc(c.Screening.Lists, func(l usher.ListVersion) bool { return l.Stale })
}

// loadHits reads the newest screening of the applicant, with what reviewers said of its hits.
func (d *Desk) loadHits(ctx context.Context, v visit, who people, data *caseData) error {
	s, err := d.config.Service.LatestScreening(ctx, v.tenant.ID, data.S.ApplicantID)
	if code, _ := told(err); code == usher.CodeNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	data.Screening = &s
	for i := range s.Hits {
		data.Hits = append(data.Hits, v.say.hit(ctx, who, s.Hits[i], i+1, data.Applicant.Details))
		if data.OpenHit == 0 && s.Hits[i].Open() {
			data.OpenHit = i + 1
		}
	}
	return nil
}

// hit puts a hit into words: what is known of both side by side, then how the score came about.
func (w words) hit(ctx context.Context, who people, h usher.Hit, number int, d usher.Details) hit {
	out := hit{Hit: h, Number: number, Percent: percent(h.Score), Names: percent(h.NameScore)}
	given := map[string]string{
		"primary_name": h.Subject, "birth_date": string(d.DateOfBirth), "country": d.Nationality, "identifier": d.NationalID,
	}
	listed := map[string][]string{}
	for _, f := range h.Facts {
		if _, ok := given[f.Name]; ok {
			listed[f.Name] = append(listed[f.Name], f.Value)
			continue
		}
		out.More = append(out.More, fact{Label: w.name("desk.hit.fact.", f.Name), Read: f.Value})
	}
	if h.Name != "" && !slices.Contains(listed["primary_name"], h.Name) {
		listed["primary_name"] = append([]string{h.Name}, listed["primary_name"]...)
	}
	for _, name := range []string{"primary_name", "birth_date", "country", "identifier"} {
		if given[name] != "" || len(listed[name]) > 0 {
			out.Pairs = append(out.Pairs, pair{w.name("desk.hit.fact.", name), given[name], strings.Join(listed[name], " · ")})
		}
	}
	for _, t := range h.Tokens {
		out.Words = append(out.Words, hitWord{t, w.name("desk.hit.how.", t.How), points(-t.Cost)})
	}
	for _, m := range h.Modifiers {
		out.Effects = append(out.Effects, effect{m, w.name("desk.hit.effect.", m.Name), points(m.Value)})
	}
	if h.Judgement != nil {
		out.Who = who.actor(ctx, w, h.Judgement.By)
	}
	return out
}

// hitData is what the page of one hit shows.
type hitData struct {
	frame
	S         usher.Session
	Name      string
	Hit       hit
	Of        int
	Screening string // id of the screening that the form is about
	Why       string
	Until     string
	Moved     bool // another screening took the place of the one that was judged
	Lists     []usher.ListVersion
}

// hitAt finds the hit that an address names by its place.
func (d *Desk) hitAt(r *http.Request, v visit) (usher.Session, usher.Screening, int, error) {
	s, err := d.config.Service.Session(r.Context(), v.tenant.ID, r.PathValue("id"))
	if err != nil {
		return s, usher.Screening{}, 0, err
	}
	sc, err := d.config.Service.LatestScreening(r.Context(), v.tenant.ID, s.ApplicantID)
	if err != nil {
		return s, sc, 0, err
	}
	n, err := strconv.Atoi(r.PathValue("n"))
	if err != nil || n < 1 || n > len(sc.Hits) {
		return s, sc, 0, usher.NotFound("hit")
	}
	return s, sc, n, nil
}

func (d *Desk) hitPage(w http.ResponseWriter, r *http.Request, v visit) error {
	s, sc, n, err := d.hitAt(r, v)
	if err != nil {
		return err
	}
	if err := d.note(r.Context(), v, "hit.viewed", s.ApplicantID, "session "+s.ID); err != nil {
		return err
	}
	return d.showHit(w, r, v, s, sc, n, hitData{}, nil)
}

// showHit shows the form of a hit, empty or as it was sent.
func (d *Desk) showHit(w http.ResponseWriter, r *http.Request, v visit, s usher.Session, sc usher.Screening, n int, data hitData, problems web.Errors) error {
	a, err := d.config.Service.Applicant(r.Context(), v.tenant.ID, s.ApplicantID)
	if err != nil {
		return err
	}
	data.frame, data.S, data.Name, data.Of, data.Screening, data.Lists = v.frame(), s, v.say.person(a), len(sc.Hits), sc.ID, sc.Lists
	data.Hit = v.say.hit(r.Context(), d.people(v), sc.Hits[n-1], n, a.Details)
	page := v.page("hit", data)
	if page.Errors = problems; len(problems) > 0 {
		page.Status = http.StatusUnprocessableEntity
	}
	if data.Moved {
		page.Status = http.StatusConflict
	}
	return d.Render(w, r, page)
}

// judgeHit takes a reviewer's word on a hit, and goes on to the next that nobody has judged.
func (d *Desk) judgeHit(w http.ResponseWriter, r *http.Request, v visit) error {
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	s, sc, n, err := d.hitAt(r, v)
	if err != nil {
		return err
	}
	form := hitData{Why: strings.TrimSpace(r.PostForm.Get("why")), Until: strings.TrimSpace(r.PostForm.Get("until"))}
	// Places of hits belong to one screening: what was judged on an older one may be somebody else by now.
	if r.PostForm.Get("screening") != sc.ID {
		form.Moved = true
		return d.showHit(w, r, v, s, sc, n, form, nil)
	}
	verdict := usher.HitVerdict(r.PostForm.Get("verdict"))
	var problems web.Errors
	if form.Why == "" {
		problems.Add("why", "desk.problem.why")
	}
	if utf8.RuneCountInString(form.Why) > longestNote/2 {
		problems.Add("why", "desk.problem.long", "n", longestNote/2)
	}
	until, wrong := time.Time{}, false
	if form.Until != "" {
		until, err = time.Parse(time.DateOnly, form.Until)
		if wrong = err != nil || !until.After(d.config.Now()); wrong {
			problems.Add("until", "desk.problem.until")
		}
	}
	if len(problems) > 0 {
		return d.showHit(w, r, v, s, sc, n, form, problems)
	}
	after, err := d.config.Service.JudgeHit(r.Context(), v.tenant.ID, s.ApplicantID, sc.Hits[n-1].Key, verdict, form.Why, until, v.staff.Actor())
	if err != nil {
		return err
	}
	if next := slices.IndexFunc(after.Hits, usher.Hit.Open); next >= 0 {
		return d.See(w, r, "/cases/"+s.ID+"/hits/"+strconv.Itoa(next+1))
	}
	return d.See(w, r, "/cases/"+s.ID+"?done=hit#hits")
}

// newsRow is an approved applicant whom monitoring found something about.
type newsRow struct {
	usher.Monitor
	Name string
}

type newsData struct {
	frame
	Rows []newsRow
	Next string
}

// news lists the approved applicants with hits that nobody has judged.
func (d *Desk) news(w http.ResponseWriter, r *http.Request, v visit) error {
	page, err := d.config.Service.ListMonitors(r.Context(), v.tenant.ID, true, usher.Paging{Limit: rowsPerPage, After: r.URL.Query().Get("after"), Oldest: true})
	if err != nil {
		return err
	}
	data := newsData{frame: v.frame(), Next: page.Next}
	for _, m := range page.Items {
		a, err := d.config.Service.Applicant(r.Context(), v.tenant.ID, m.ApplicantID)
		if code, _ := told(err); err != nil && code != usher.CodeGone {
			return err
		}
		data.Rows = append(data.Rows, newsRow{m, v.say.person(a)})
	}
	return d.Render(w, r, v.page("news", data))
}
