package engine

import (
	"context"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
)

// mostWords bounds what an applicant is found by, and what is looked for at once.
const mostWords = 12

// nameWords gives the words of names in the form they are looked up in: small letters without accents. "Åström-Berg" is "astrom" and "berg".
func nameWords(names ...string) []string {
	plain := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(strings.Join(names, " ")))
	words := strings.FieldsFunc(plain, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	slices.Sort(words)
	words = slices.Compact(words)
	return words[:min(len(words), mostWords)]
}

// plainNumber gives the number of a document without what people put between its characters.
func plainNumber(number string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToUpper(r)
	}, number)
}

// called gives all names of an applicant.
func called(a usher.Applicant) string {
	name := a.Details.FirstName + " " + a.Details.LastName
	if c := a.Details.Company; c != nil {
		name += " " + c.Name + " " + c.TradingName
	}
	return name
}

// findable adds what the applicant can be found by from now on.
func (h *hand) findable(field string, words ...string) error {
	for _, word := range words {
		hash, err := h.e.index(h.tenant.ID, field, word)
		if err != nil {
			return err
		}
		if hash == nil {
			continue
		}
		if h.change.Words == nil {
			h.change.Words = &store.WordsRow{TenantID: h.tenant.ID, ApplicantID: h.applicant.ID}
		}
		h.change.Words.Words = append(h.change.Words.Words, hash)
	}
	return nil
}

// numbered makes the applicant found by the numbers that checks have read on documents, or reviewers corrected.
func (h *hand) numbered(events []usher.Event) error {
	for _, ev := range events {
		if ev.Data.Result != nil {
			if err := h.findable("document_number", plainNumber(ev.Data.Result.Fields["number"])); err != nil {
				return err
			}
		}
		for _, f := range ev.Data.Facts {
			if f.Field == "number" {
				if err := h.findable("document_number", plainNumber(f.New)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// FindSessions finds sessions by a word of theirs or of their applicant's.
func (e *Engine) FindSessions(ctx context.Context, tenant, word string, most int) ([]usher.CaseItem, error) {
	word, most = strings.TrimSpace(word), limited(most)
	if word == "" {
		return nil, nil
	}
	reference, err := e.index(tenant, "reference", word)
	if err != nil {
		return nil, err
	}
	by := store.ApplicantIndexes{Reference: reference}
	if by.Email, err = e.index(tenant, "email", strings.ToLower(word)); err != nil {
		return nil, err
	}
	if by.National, err = e.index(tenant, "national_id", word); err != nil {
		return nil, err
	}
	rows, err := e.c.Store.SessionsBy(ctx, tenant, word, reference, by, most)
	if err != nil {
		return nil, err
	}
	for _, look := range []struct {
		field string
		words []string
	}{{"name", nameWords(word)}, {"document_number", []string{plainNumber(word)}}} {
		var hashes [][]byte
		for _, w := range look.words {
			hash, err := e.index(tenant, look.field, w)
			if err != nil {
				return nil, err
			}
			if hash != nil {
				hashes = append(hashes, hash)
			}
		}
		more, err := e.c.Store.SessionsByWord(ctx, tenant, hashes, most)
		if err != nil {
			return nil, err
		}
		for _, r := range more {
			if !slices.ContainsFunc(rows, func(had store.CaseItemRow) bool { return had.Session.ID == r.Session.ID }) {
				rows = append(rows, r)
			}
		}
	}
	rows = rows[:min(len(rows), most)]
	var who []string
	for _, r := range rows {
		if !slices.Contains(who, r.Applicant.ID) {
			who = append(who, r.Applicant.ID)
		}
	}
	if err := e.searched(ctx, tenant, "a word", who); err != nil {
		return nil, err
	}
	return e.openItems(ctx, rows)
}
