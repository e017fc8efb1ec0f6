package outside

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/usher-kyc/usher"
)

func TestReadResult(t *testing.T) {
	t.Parallel()
	const fine = "none" // "" is a fault of the text as a whole
	many := func(n int) string {
		list := make([]string, n)
		for i := range list {
			list[i] = fmt.Sprintf("%q", fmt.Sprint("entry", i))
		}
		return strings.Join(list, ",")
	}
	for name, tt := range map[string]struct{ text, fault string }{
		"clear":             {`{"outcome":"clear","score":1,"assurance":"verified","examined":["register"]}`, fine},
		"without a score":   {`{"outcome":"clear","assurance":"assisted","examined":["register"]}`, fine},
		"a notice on clear": {`{"outcome":"clear","assurance":"verified","examined":["a"],"reasons":[{"code":"age_unknown"}]}`, fine},
		"consider":          {`{"outcome":"consider","assurance":"assisted","examined":["a"],"reasons":[{"code":"registry_mismatch","field":"last_name"}]}`, fine},
		"unavailable":       {`{"outcome":"unavailable"}`, fine},
		"not run":           {`{"outcome":"not_run","reasons":[{"code":"policy"}]}`, fine},

		"nothing":                  {``, ""},
		"null":                     {`null`, "outcome"},
		"a list":                   {`[]`, ""},
		"no outcome":               {`{}`, "outcome"},
		"unknown outcome":          {`{"outcome":"fine"}`, "outcome"},
		"simulated":                {`{"outcome":"clear","assurance":"simulated","examined":["a"]}`, "assurance"},
		"no assurance":             {`{"outcome":"clear","examined":["a"]}`, "assurance"},
		"rests on nothing":         {`{"outcome":"clear","assurance":"verified","score":1}`, "examined"},
		"score over 1":             {`{"outcome":"clear","assurance":"verified","examined":["a"],"score":1.01}`, "score"},
		"score under 0":            {`{"outcome":"clear","assurance":"verified","examined":["a"],"score":-0.1}`, "score"},
		"score NaN":                {`{"outcome":"clear","assurance":"verified","examined":["a"],"score":NaN}`, ""},
		"score without end":        {`{"outcome":"clear","assurance":"verified","examined":["a"],"score":1e999}`, "score"},
		"score a text":             {`{"outcome":"clear","assurance":"verified","examined":["a"],"score":"1"}`, "score"},
		"reject without a reason":  {`{"outcome":"reject","assurance":"verified","examined":["a"]}`, "reasons"},
		"unknown reason":           {`{"outcome":"reject","assurance":"verified","examined":["a"],"reasons":[{"code":"ugly"}]}`, "reasons[0].code"},
		"a person's reason":        {`{"outcome":"reject","assurance":"verified","examined":["a"],"reasons":[{"code":"consent_declined"}]}`, "reasons[0].code"},
		"the sandbox's reason":     {`{"outcome":"consider","assurance":"verified","examined":["a"],"reasons":[{"code":"simulated_outcome"}]}`, "reasons[0].code"},
		"clear, and yet a reason":  {`{"outcome":"clear","assurance":"verified","examined":["a"],"reasons":[{"code":"underage"}]}`, "reasons[0].code"},
		"too many reasons":         {`{"outcome":"not_run","reasons":[` + strings.Repeat(`{"code":"policy"},`, 20) + `{"code":"policy"}]}`, "reasons"},
		"a field that is a text":   {`{"outcome":"not_run","reasons":[{"code":"policy","field":"said <b>"}]}`, "reasons[0].field"},
		"not run, but verified":    {`{"outcome":"not_run","assurance":"verified"}`, "outcome"},
		"unavailable, but a score": {`{"outcome":"unavailable","score":0.5}`, "outcome"},
		"unknown member":           {`{"outcome":"unavailable","assurrance":"verified"}`, "assurrance"},
		"a member twice":           {`{"outcome":"unavailable","outcome":"clear"}`, "outcome"},
		"more behind it":           {`{"outcome":"unavailable"}{}`, ""},
		"too much examined":        {`{"outcome":"not_run","not_examined":[` + many(51) + `]}`, "not_examined"},
		"a name with a tag":        {`{"outcome":"not_run","not_examined":["<b>"]}`, "not_examined"},
		"a version that is a book": {`{"outcome":"not_run","version":"` + strings.Repeat("x", 65) + `"}`, "version"},
		"a value too long":         {`{"outcome":"not_run","fields":{"a":"` + strings.Repeat("ö", 1001) + `"}}`, "fields"},
		"a control character":      {`{"outcome":"not_run","findings":[{"name":"a","read":"a\u0000b"}]}`, "findings"},
		"a finding without a name": {`{"outcome":"not_run","findings":[{"read":"b"}]}`, "findings"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := readResult(usher.CheckRegistry, []byte(tt.text))
			good := tt.fault == fine
			if good != (err == nil) {
				t.Fatalf("%v", err)
			}
			if good && r.Kind != usher.CheckRegistry {
				t.Errorf("kind %q", r.Kind)
			}
			if e, ok := errors.AsType[*usher.Error](err); !good && (!ok || e.Field != tt.fault) {
				t.Errorf("%v, want a fault of %q", err, tt.fault)
			}
		})
	}
}

// FuzzReadResult holds that whatever a provider sends, what is taken can be reported, and an error repeats nothing of it.
func FuzzReadResult(f *testing.F) {
	f.Add([]byte(`{"outcome":"clear","score":1,"assurance":"verified","examined":["register"],"fields":{"a":"b"}}`))
	f.Add([]byte(`{"outcome":"reject","assurance":"assisted","examined":["a"],"reasons":[{"code":"face_differs"}],"findings":[{"name":"x","ok":true}]}`))
	f.Add([]byte(`{"outcome":"unavailable","PLANTED-NAME":1}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := readResult(usher.CheckFace, text)
		if err != nil {
			if strings.Contains(quiet(err).Error(), "PLANTED") {
				t.Errorf("the error repeats what was sent: %v", quiet(err))
			}
			return
		}
		if _, err := json.Marshal(r); err != nil {
			t.Errorf("cannot be stored: %v", err)
		}
		examined := r.Outcome == usher.Clear || r.Outcome == usher.Consider || r.Outcome == usher.Refuse
		if r.Assurance == usher.Simulated || examined != (r.Assurance != "") || examined != (len(r.Examined) > 0) || !(r.Score >= 0 && r.Score <= 1) {
			t.Errorf("%s, %s, %v was taken", r.Outcome, r.Assurance, r.Score)
		}
	})
}
