package usher

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Subject is who or what is screened against the watchlists. Members that are not known narrow nothing.
type Subject struct {
	Redacted
	Name        string   `json:"name"`
	AltNames    []string `json:"alt_names,omitempty"`
	Kind        string   `json:"kind,omitempty"`       // person, organization, vessel, aircraft; "" is any
	BirthDate   string   `json:"birth_date,omitempty"` // YYYY, YYYY-MM or YYYY-MM-DD
	Gender      string   `json:"gender,omitempty"`     // male or female
	Countries   []string `json:"countries,omitempty"`  // ISO 3166-1 alpha-2
	Identifiers []string `json:"identifiers,omitempty"`
	Read        bool     `json:"read,omitempty"` // from a document, not from what was said
}

// SubjectOf gives what is screened of an applicant: the person, and by a second subject the company the person acts for.
func SubjectOf(d Details) []Subject {
	who := Subject{Name: d.FirstName + " " + d.LastName, Kind: "person", BirthDate: string(d.DateOfBirth)}
	if d.Nationality != "" {
		who.Countries = []string{d.Nationality}
	}
	if d.NationalID != "" {
		who.Identifiers = []string{d.NationalID}
	}
	subjects := []Subject{who}
	if c := d.Company; c != nil {
		firm := Subject{Name: c.Name, Kind: "organization", Identifiers: []string{c.Number}}
		if c.TradingName != "" {
			firm.AltNames = []string{c.TradingName}
		}
		subjects = append(subjects, firm)
		for _, o := range c.Owners[min(1, len(c.Owners)):] { // the first is the person above
			subjects = append(subjects, SubjectOf(o.Details)...)
		}
	}
	return slices.DeleteFunc(subjects, func(s Subject) bool { return len(s.Name) < 2 })
}

// ListVersion is the edition of a watchlist that a result rests on.
type ListVersion struct {
	List     string    `json:"list"`
	Title    string    `json:"title"`
	Date     time.Time `json:"date,omitzero"`   // the list's own
	Loaded   time.Time `json:"loaded"`          // when it came into use
	Hash     string    `json:"hash"`            // hex SHA-256 of what was read
	Entities int       `json:"entities"`        // records
	Stale    bool      `json:"stale,omitempty"` // older than its bound: a result that rests on it is not a clear one
}

// Hit is a listed record that a subject resembles. Score is 0..1 and the sum of its parts.
type Hit struct {
	Redacted
	Key       string        `json:"key"`         // "list/id", stable over editions of the list
	Record    string        `json:"record_hash"` // of what the list says; another one is news
	List      string        `json:"list"`
	Kind      string        `json:"kind,omitempty"`
	Name      string        `json:"name"`    // the listed name that was matched
	Subject   string        `json:"subject"` // the name that was screened
	Score     float64       `json:"score"`
	NameScore float64       `json:"name_score"`
	Match     bool          `json:"match"` // at or above the threshold of a match; below it the hit is possible
	Tokens    []HitToken    `json:"tokens,omitempty"`
	Modifiers []HitModifier `json:"modifiers,omitempty"`
	Facts     []HitFact     `json:"facts,omitempty"` // of the record, for the reviewer
	Judgement *HitJudgement `json:"judgement,omitempty"`
}

// Open tells whether a reviewer still has to look at the hit.
func (h Hit) Open() bool { return h.Judgement == nil }

// HitToken explains one word of a score.
type HitToken struct {
	Query  string  `json:"query,omitempty"`  // "" for a listed word nobody gave
	Listed string  `json:"listed,omitempty"` // "" for a given word that is not listed
	How    string  `json:"how"`              // exact, edit, phonetic, initial, joined, equivalent, missing …
	Score  float64 `json:"score"`            // how alike the two are, 0..1
	Weight float64 `json:"weight"`           // how much the word says: rare words say more, 0..1 for one word
	Cost   float64 `json:"cost"`             // what it takes from the score of the name, which is 1 less the costs of all words
}

// HitModifier is what else raised or lowered a score.
type HitModifier struct {
	Name   string  `json:"name"` // birth_year, birth_day, country, gender, identifier, weak_alias
	Value  float64 `json:"value"`
	Given  string  `json:"given,omitempty"`
	Listed string  `json:"listed,omitempty"`
}

// HitFact is one thing a listed record says, such as "birth date" or "programme".
type HitFact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// HitVerdict is what a reviewer says of a hit.
type HitVerdict string

// The verdicts on a hit: it is somebody else; it is the applicant.
const (
	HitCleared   HitVerdict = "cleared"
	HitConfirmed HitVerdict = "confirmed"
)

// HitJudgement is a reviewer's word on a hit. A cleared hit stays cleared until the listed record or what is screened of the applicant changes, or
// until Until.
type HitJudgement struct {
	Redacted
	Verdict HitVerdict `json:"verdict"`
	Why     string     `json:"why"` // in the reviewer's words
	By      Actor      `json:"by"`
	At      time.Time  `json:"at"`
	Until   time.Time  `json:"until,omitzero"`
	Key     string     `json:"key"`         // of the hit
	Record  string     `json:"record_hash"` // as it was judged
	Subject string     `json:"subject_hash"`
}

// Stands tells whether a judgement still holds for a hit of a subject.
func (j HitJudgement) Stands(h Hit, subject string, now time.Time) bool {
	return j.Key == h.Key && j.Record == h.Record && j.Subject == subject && (j.Until.IsZero() || now.Before(j.Until))
}

// Screening is the result of one screening of an applicant. Its id is what a client asks for the newest result with.
type Screening struct {
	Redacted
	ID          string        `json:"id"`
	TenantID    string        `json:"tenant_id"`
	ApplicantID string        `json:"applicant_id"`
	SessionID   string        `json:"session_id"`
	At          time.Time     `json:"at"`
	Monitoring  bool          `json:"monitoring"` // it came from a list that changed, not from a check
	Algorithm   string        `json:"algorithm"`  // name and version
	Lists       []ListVersion `json:"lists"`
	Subjects    []Subject     `json:"subjects"`
	Subject     string        `json:"subject_hash"` // of them
	Hits        []Hit         `json:"hits"`
}

// OpenHits counts the hits nobody has judged.
func (s Screening) OpenHits() (n int) {
	for _, h := range s.Hits {
		if h.Open() {
			n++
		}
	}
	return n
}

// MonitorState is whether an approved applicant is screened again when a list changes.
type MonitorState string

// The states of a monitor. An ended one is not taken up again.
const (
	MonitorActive    MonitorState = "active"
	MonitorSuspended MonitorState = "suspended"
	MonitorEnded     MonitorState = "ended"
)

// Monitor keeps an approved applicant screened against updates of the lists.
type Monitor struct {
	ApplicantID string       `json:"applicant_id"`
	TenantID    string       `json:"tenant_id"`
	SessionID   string       `json:"session_id"` // that approved the applicant; its dialect is told of news
	State       MonitorState `json:"state"`
	OpenHits    int          `json:"open_hits"`
	Screening   string       `json:"screening_id"` // the newest
	Since       time.Time    `json:"since"`
	UpdatedAt   time.Time    `json:"updated_at"`
}

// Screenings are what is known of applicants and watchlists.
type Screenings interface {
	// Screening gives one result, LatestScreening the newest of an applicant; judgements are those of now.
	Screening(ctx context.Context, tenant, id string) (Screening, error)
	LatestScreening(ctx context.Context, tenant, applicant string) (Screening, error)
	// JudgeHit keeps a reviewer's word on a hit of the newest screening and gives that screening.
	JudgeHit(ctx context.Context, tenant, applicant, key string, v HitVerdict, why string, until time.Time, by Actor) (Screening, error)
	Monitor(ctx context.Context, tenant, applicant string) (Monitor, error)
	SetMonitor(ctx context.Context, tenant, applicant string, to MonitorState, by Actor) (Monitor, error)
	// ListMonitors gives a page of a tenant's monitors, those with open hits only if asked.
	ListMonitors(ctx context.Context, tenant string, openOnly bool, p Paging) (Page[Monitor], error)
	// Rescreen looks at every active monitor's applicant against what changed in a list, and tells what is new. It can be broken off and begun
	// again: what was told once is not told twice. It gives how many applicants it looked at and how many had news.
	Rescreen(ctx context.Context, d WatchlistDelta) (seen, news int, err error)
	// Hold looks at every active monitor's applicant that no re-screening looked at since the monitor began or was resumed, or since the
	// applicant's details changed, and tells what is new. It gives how many there were and how many had news.
	Hold(ctx context.Context, s Screener) (seen, news int, err error)
}

// Screener searches the watchlists in use. Its error is an [*Error] for a subject that cannot be searched.
type Screener interface {
	// Screen gives the hits of each subject, best first, at most limit each (0: 50), of the lists named, or of all.
	Screen(ctx context.Context, tenant string, subjects []Subject, o ScreenOptions) (ScreenResult, error)
	Watchlists(ctx context.Context) ([]ListVersion, error)
}

// ScreenOptions narrow a search. Possible and Match are thresholds, 0 for the profile's.
type ScreenOptions struct {
	Lists           []string
	Possible, Match float64
	Limit           int
}

// Profile gives what a flow says of screening, in its settings watchlist_possible and watchlist_match (thresholds, 0..1) and watchlists (ids of lists
// with spaces between them); what it does not say is zero. The error names the setting that cannot be read.
func (f Flow) Profile() (ScreenOptions, error) {
	o := ScreenOptions{Lists: strings.Fields(f.Settings["watchlists"])}
	for name, into := range map[string]*float64{"watchlist_possible": &o.Possible, "watchlist_match": &o.Match} {
		if text := f.Settings[name]; text != "" {
			v, err := strconv.ParseFloat(text, 64)
			if err != nil || !(v > 0 && v <= 1) {
				return o, Invalid("settings."+name, "must be a number above 0 and at most 1")
			}
			*into = v
		}
	}
	if o.Possible > 0 && o.Match > 0 && o.Possible > o.Match {
		return o, Invalid("settings.watchlist_match", "must not be below watchlist_possible")
	}
	return o, nil
}

// ScreenResult is what a search gave: Hits holds a list for each subject, in their order.
type ScreenResult struct {
	Redacted
	Algorithm string
	Lists     []ListVersion
	Hits      [][]Hit
}

// WatchlistDelta is what changed in one list from one edition to the next.
type WatchlistDelta interface {
	// Screen searches only the records that are new or changed; scores are those of a search of the whole list.
	Screen(subjects []Subject, o ScreenOptions) ([]Hit, error)
	// Gone tells whether the record of a key is not in the new edition.
	Gone(key string) bool
	// Changed tells whether the new edition says something else of the record of a key, and so Screen speaks for it.
	Changed(key string) bool
	Algorithm() string
	Lists() []ListVersion
}

// BestHits gives the hits best first, of a record that several subjects resemble the one with the highest score. It reorders what it is given.
func BestHits(hits []Hit) []Hit {
	slices.SortStableFunc(hits, func(a, b Hit) int { return cmp.Compare(b.Score, a.Score) })
	seen := map[string]bool{}
	return slices.DeleteFunc(hits, func(h Hit) bool {
		again := seen[h.Key]
		seen[h.Key] = true
		return again
	})
}

// SubjectHash gives the hex SHA-256 of what is screened of an applicant: a judgement on a hit stands as long as it is the same.
func SubjectHash(subjects []Subject) string {
	h := sha256.New()
	for _, s := range subjects {
		fmt.Fprintf(h, "%q%q%q%q%q%q%q\n", s.Name, s.AltNames, s.Kind, s.BirthDate, s.Gender, s.Countries, s.Identifiers)
	}
	return hex.EncodeToString(h.Sum(nil))
}
