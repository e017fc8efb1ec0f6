package native

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/usher-kyc/usher"
)

// TestScreeningsAreAnsweredAlike holds the answer that is written by hand to the one that huma would write.
func TestScreeningsAreAnsweredAlike(t *testing.T) {
	t.Parallel()
	var page screeningPage
	word := rapid.OneOf(rapid.String(), rapid.StringMatching(`[ -~]{0,12}`), rapid.SampledFrom([]string{"", "<b>&\"\\", "Żółć\u2028\x7f", "a\xffb", "李"}))
	number := rapid.OneOf(rapid.Float64Range(-1, 1), rapid.SampledFrom([]float64{0, 1, 0.92, 1e-7, -1e-9, 1e22}))
	moment := rapid.Map(rapid.Int64Range(0, 4e9), func(s int64) time.Time { return time.Unix(s, 123456789) })
	hits := rapid.Custom(func(t *rapid.T) usher.Hit {
		h := usher.Hit{
			Key: word.Draw(t, "key"), List: word.Draw(t, "list"), Kind: word.Draw(t, "kind"), Name: word.Draw(t, "name"), Subject: word.Draw(t, "subject"),
			Score: number.Draw(t, "score"), NameScore: number.Draw(t, "name score"), Match: rapid.Bool().Draw(t, "match"),
		}
		for range rapid.IntRange(0, 3).Draw(t, "tokens") {
			h.Tokens = append(h.Tokens, usher.HitToken{
				Query: word.Draw(t, "query"), Listed: word.Draw(t, "listed"), How: word.Draw(t, "how"),
				Score: number.Draw(t, "score"), Weight: number.Draw(t, "weight"), Cost: number.Draw(t, "cost"),
			})
			h.Modifiers = append(h.Modifiers, usher.HitModifier{
				Name: word.Draw(t, "name"), Value: number.Draw(t, "value"), Given: word.Draw(t, "given"), Listed: word.Draw(t, "listed"),
			})
			h.Facts = append(h.Facts, usher.HitFact{Name: word.Draw(t, "name"), Value: word.Draw(t, "value")})
		}
		if rapid.Bool().Draw(t, "judged") {
			h.Judgement = &usher.HitJudgement{Verdict: usher.HitCleared, Why: word.Draw(t, "why"), At: moment.Draw(t, "at")}
		}
		return h
	})
	rapid.Check(t, func(t *rapid.T) {
		found := usher.ScreenResult{Algorithm: word.Draw(t, "algorithm")}
		for range rapid.IntRange(0, 2).Draw(t, "lists") {
			found.Lists = append(found.Lists, usher.ListVersion{
				List: word.Draw(t, "list"), Title: word.Draw(t, "title"), Loaded: moment.Draw(t, "loaded"), Entities: 3, Stale: rapid.Bool().Draw(t, "stale"),
			})
		}
		for range rapid.IntRange(0, 3).Draw(t, "subjects") {
			found.Hits = append(found.Hits, rapid.SliceOfN(hits, 0, 2).Draw(t, "hits"))
		}
		want := string(marshalled(screeningAnswerOf(found))) + "\n"
		for range 2 { // the lists of the second are those of the first
			if diff := cmp.Diff(want, string(page.answer(nil, found))); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}

// TestPlainBodies holds that what clients send is read in one pass, and everything doubtful left to huma.
func TestPlainBodies(t *testing.T) {
	t.Parallel()
	for body, plain := range map[string]bool{
		`{"subjects":[{"name":"A B"}]}`: true,
		" {\n\t\"subjects\" : [ { \"name\" : \"Caf\\u00e9\" } ] , \"limit\" : 3 } \r\n":                                                                                                   true,
		`{"subjects":[{"name":"A","birth_date":"1961-04-02","kind":"person","countries":["SE"],"identifiers":[],"gender":"male","alt_names":["C"]}],"lists":[],"match":0.9,"possible":1}`: true,
		`{"subjects":[]}`:                                false,
		`{"subjects":[{"name":""}]}`:                     false,
		`{"subjects":[{}]}`:                              false,
		`{"subjects":[{"name":"A"}]} {}`:                 false,
		`{"subjects":[{"name":"A","name":"B"}]}`:         false,
		`{"subjects":[{"Name":"A"}]}`:                    false,
		`{"subjects":[{"name":null}]}`:                   false,
		`{"subjects":[{"name":"A","age":7}]}`:            false,
		`{"subjects":[{"name":"A"}],"match":1e-1}`:       false,
		`{"subjects":[{"name":"A"}],"match":1.0001}`:     false,
		`{"subjects":[{"name":"A"}],"limit":01}`:         false,
		`{"subjects":[{"name":"A"}],"limit":101}`:        false,
		`{"subjects":[{"name":"A","kind":""}]}`:          false,
		`{"subjects":[{"name":"A","birth_date":"196"}]}`: false,
		"{\"subjects\":[{\"name\":\"A\xff\"}]}":          false,
		"{\"subjects\":[{\"name\":\"A\n\"}]}":            false,
		`{"subjects":[{"name":"A"},]}`:                   false,
		`{"subjects":[{"name":"A"`:                       false,
	} {
		if _, ok := readScreening([]byte(body)); ok != plain {
			t.Errorf("%s: read in one pass: %t, want %t", body, ok, plain)
		}
	}
}

// TestScreeningsPointIntoTheBody holds where an error points to what was sent, whatever the screener calls the place.
func TestScreeningsPointIntoTheBody(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		"name": "subjects.0.name", "subjects.1.name": "subjects.1.name", "birth_date": "subjects.0.birth_date",
		"lists": "lists", "match": "match", "subjects.0.possible": "possible", "": "",
	} {
		err := inBody(usher.Invalid(said, "is wrong"))
		if e, ok := errors.AsType[*usher.Error](err); !ok || e.Field != want || e.Message != "is wrong" {
			t.Errorf("%q is told as %v, want %q", said, err, want)
		}
	}
	if err := inBody(context.Canceled); !errors.Is(err, context.Canceled) {
		t.Errorf("another error becomes %v", err)
	}
}
