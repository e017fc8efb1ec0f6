package watchlist

import (
	"errors"
	"fmt"
)

// Algorithm names how scores are made: the rules of this package and the frozen tables in it. It is part of every answer and every snapshot;
// it changes whenever a score could.
const Algorithm = "usher-1"

// Bounds of what is searched: they keep the work for one name bounded. Longer names are refused, never cut.
const (
	MaxNameBytes = 1024 // of one name of a query, UTF-8
	MaxNameWords = 32   // words of one name of a query, after splitting
	MaxNames     = 20   // names of one query, AltNames among them
)

// Thresholds and limit in use when Options leaves them zero. PossibleDefault is where the measured recall figures hold (package eval).
const (
	PossibleDefault = 0.75
	MatchDefault    = 0.92
	LimitDefault    = 10
)

// Query is what is known of somebody to be screened. Only a name (or an ID) is needed; the rest lowers the score of records that it speaks against.
type Query struct {
	Name       string
	AltNames   []string
	Kind       Kind     // empty searches every kind; records of unknown kind are always searched
	BirthDates []string // each YYYY, YYYY-MM or YYYY-MM-DD; the best fitting one counts
	Countries  []string // ISO 3166 alpha-2
	Gender     string   // "male", "female" or empty
	IDs        []ID
}

// Options says which records are searched and what counts as a hit. The zero value searches everything with the default thresholds.
type Options struct {
	Possible float64  // lowest score of a hit, 0..1
	Match    float64  // lowest score of a hit that is called a match, 0..1
	Limit    int      // most hits given, best first; below 0 gives all
	Lists    []string // ids of lists; empty means all
	Topics   []string // a record is searched if it has one of them; empty means all; of an index with more than 32, the last are searched as one
}

// Verdict says what a hit's score means under the thresholds it was searched with.
type Verdict string

// The verdicts of a hit. A record below both thresholds is no hit.
const (
	Match    Verdict = "match"
	Possible Verdict = "possible"
)

// Answer is what a search found, with what it rests on. Total counts all hits, also those beyond the limit.
type Answer struct {
	Hits      []Hit
	Total     int
	Versions  []Version
	Algorithm string
}

// Hit is a record that fits a query. Score = NameScore plus the values of all modifiers, to four decimals.
type Hit struct {
	List, ID    string // of the record
	Score       float64
	NameScore   float64
	Name        string // the listed name that fits best
	Verdict     Verdict
	Explanation Explanation

	index  *Index
	entity uint32
}

// Key gives the record's own id across lists: "list/id".
func (h Hit) Key() string { return h.List + "/" + h.ID }

// Entity loads the whole record from the index, with its raw text; see Record. An error means that the snapshot does not hold what it promised.
func (h Hit) Entity() (Entity, error) { return h.index.Entity(int(h.entity)) }

// Explanation takes a score apart: 1 less the costs of all Words is the hit's NameScore (to four decimals, rounded down), and with the values of all
// Modifiers it is its Score.
type Explanation struct {
	QueryName string     `json:"query_name"` // which of the query's names fits best, as searched (romanised)
	Words     []WordPair `json:"words"`
	Modifiers []Modifier `json:"modifiers,omitempty"`
}

// How says in what way a word of the query and a word of the listed name were taken to be the same.
type How string

// The ways in which words are paired.
const (
	Exact      How = "exact"
	Equivalent How = "equivalent" // another form of the same name, such as a nickname
	Edit       How = "edit"       // letters differ
	Phonetic   How = "phonetic"   // sounds alike
	Script     How = "script"     // same consonants, one side written in another script
	Joined     How = "joined"     // two words on one side, one on the other
	Initial    How = "initial"
	Unpaired   How = "unpaired" // stands on one side only
)

// WordPair is one line of an explanation. Query or Listed is empty if the word stands on one side only.
type WordPair struct {
	Query  string  `json:"query,omitempty"`
	Listed string  `json:"listed,omitempty"`
	How    How     `json:"how"`
	Score  float64 `json:"score"`  // how alike they are, 0..1
	Weight float64 `json:"weight"` // how much the word says, 0..1 for one word: rare words say more
	Cost   float64 `json:"cost"`   // what the line takes from the name's score
}

// The names of modifiers.
const (
	WeakAlias = "weak_alias" // the list itself calls this name weak
	BirthYear = "birth_year"
	BirthDay  = "birth_day"
	Country   = "country"
	Gender    = "gender"
	ExactID   = "id"
)

// Modifier changes a name's score by Value because Given (of the query) and Listed (of the record) disagree; ExactID raises it because they agree.
type Modifier struct {
	Name   string  `json:"name"`
	Value  float64 `json:"value"`
	Given  string  `json:"given,omitempty"`
	Listed string  `json:"listed,omitempty"`
}

// QueryError says which part of a query cannot be searched and why. It never holds what was given.
type QueryError struct {
	Field   string // name, alt_names, birth_dates, countries, gender, kind, ids, possible, match
	Problem string
}

// Error gives field and problem.
func (e *QueryError) Error() string { return fmt.Sprintf("%s: %s", e.Field, e.Problem) }

// Errors of snapshots. They are wrapped with what is known of the file.
var (
	ErrDamaged = errors.New("watchlist snapshot is damaged")
	ErrFormat  = errors.New("watchlist snapshot has another format or algorithm and must be built again")
)
