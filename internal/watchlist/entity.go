package watchlist

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Kind says what sort of thing a listed record is about.
type Kind string

// The kinds of listed things. The empty kind is "the list does not say" and is searched with every kind.
const (
	Person       Kind = "person"
	Organization Kind = "organization"
	Vessel       Kind = "vessel"
	Aircraft     Kind = "aircraft"
)

// NameKind says how a listed name relates to the record.
type NameKind string

// The kinds of names.
const (
	PrimaryName NameKind = "primary"
	Alias       NameKind = "alias"
	FormerName  NameKind = "former"
)

// Name is one name of a listed record. Full is what is searched; First and Last are filled only where the list tags them.
type Name struct {
	Full   string   `json:"full"`
	First  string   `json:"first,omitempty"`
	Last   string   `json:"last,omitempty"`
	Kind   NameKind `json:"kind"`
	Weak   bool     `json:"weak,omitempty"`   // the list calls it a weak or low-quality alias
	Script string   `json:"script,omitempty"` // ISO 15924 code, such as Latn, Cyrl, Arab, Hani; of Full
}

// DateRange is a birth date as exactly as the list knows it: From and To are ISO dates (YYYY-MM-DD) and equal for an exact day; a year alone is its
// first and last day.
type DateRange struct {
	From  string `json:"from"`
	To    string `json:"to"`
	Circa bool   `json:"circa,omitempty"`
}

// ID is an identity number of a listed record: Kind is a stable word (passport, national_id, tax_id, registration, imo, …), Country ISO 3166 alpha-2 or empty.
type ID struct {
	Kind    string `json:"kind"`
	Country string `json:"country,omitempty"`
	Value   string `json:"value"`
}

// Entity is one record of one list, with everything that screening and a reviewer use. Its own id is the list and the id in that list.
type Entity struct {
	List       string      `json:"list"` // id of the list, such as "ofac_sdn"
	ID         string      `json:"id"`   // id within the list
	Kind       Kind        `json:"kind,omitempty"`
	Names      []Name      `json:"names"`
	Births     []DateRange `json:"births,omitempty"`
	BirthPlace []string    `json:"birth_place,omitempty"`
	Gender     string      `json:"gender,omitempty"`    // "male", "female" or empty
	Countries  []string    `json:"countries,omitempty"` // ISO 3166 alpha-2, of nationality, citizenship or registration
	Residence  []string    `json:"residence,omitempty"` // ISO 3166 alpha-2, of the addresses
	IDs        []ID        `json:"ids,omitempty"`
	Addresses  []string    `json:"addresses,omitempty"` // one line each
	Programs   []string    `json:"programs,omitempty"`
	Titles     []string    `json:"titles,omitempty"`   // titles and positions
	Topics     []string    `json:"topics,omitempty"`   // what the listing is: sanction, debarment, export_control, pep, blocklist, wanted, or the list's own word
	Datasets   []string    `json:"datasets,omitempty"` // the lists within the list, where it is a bundle of lists (US CSL, OpenSanctions)
	SameAs     []string    `json:"same_as,omitempty"`  // references shared between lists, such as "un:QDi.123", "ofsi:12345" or "ofac:6905"
	Remarks    string      `json:"remarks,omitempty"`
	Listed     string      `json:"listed,omitempty"` // ISO date of listing
	Raw        string      `json:"raw,omitempty"`    // the record as the list had it
}

// Key gives the record's own id across lists: "list/id".
func (e Entity) Key() string { return e.List + "/" + e.ID }

// Hash gives the hex SHA-256 of everything the record says, in whatever order it says it (Raw left out, since a list may reorder its text without saying
// anything new). Two versions of a record with the same hash are the same to screening: no re-screening is needed, and a cleared hit stays cleared.
func (e Entity) Hash() (string, error) {
	sum, err := e.sum()
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(sum[:]), nil
}

// sum is Hash as it is before it is written in hex.
func (e Entity) sum() (sum [sha256.Size]byte, err error) {
	e.Raw = ""
	e.Names = slices.SortedFunc(slices.Values(e.Names), func(a, b Name) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Full, b.Full), cmp.Compare(a.Last, b.Last), cmp.Compare(a.First, b.First))
	})
	e.Births = slices.SortedFunc(slices.Values(e.Births), func(a, b DateRange) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
	e.IDs = slices.SortedFunc(slices.Values(e.IDs), func(a, b ID) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Value, b.Value), cmp.Compare(a.Country, b.Country))
	})
	for _, list := range []*[]string{&e.BirthPlace, &e.Countries, &e.Residence, &e.Addresses, &e.Programs, &e.Titles, &e.Topics, &e.Datasets, &e.SameAs} {
		*list = slices.Sorted(slices.Values(*list))
	}
	b, err := json.Marshal(e)
	if err != nil {
		return sum, fmt.Errorf("hash record %s: %w", e.Key(), err)
	}
	return sha256.Sum256(b), nil
}

// Version identifies the edition of a list that a result rests on.
type Version struct {
	List     string    `json:"list"`
	Title    string    `json:"title"`    // what people call it, such as "OFAC SDN"
	Date     time.Time `json:"date"`     // the list's own date; zero when it has none
	Loaded   time.Time `json:"loaded"`   // when it came into use
	Hash     string    `json:"hash"`     // hex SHA-256 of the file or files
	Entities int       `json:"entities"` // records
	Names    int       `json:"names"`
}
