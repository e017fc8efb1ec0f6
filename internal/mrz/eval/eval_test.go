package eval_test

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/png"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher/internal/mrz"
	"github.com/usher-kyc/usher/internal/mrz/eval"
)

// passport and card are the specimens of ICAO Doc 9303.
func passport() []string {
	return []string{"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"}
}

func card() []string {
	return []string{"I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"}
}

func day() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

// reading is what a reader that sees these lines would give.
func reading(t *testing.T, lines []string, unsure ...mrz.Field) mrz.Reading {
	t.Helper()
	d, err := mrz.Parse(lines, day())
	if err != nil {
		t.Fatal(err)
	}
	return mrz.Reading{Format: d.Format, Lines: lines, Document: d, DigitsAgree: d.Digits.Agree(), Unsure: unsure}
}

func folder(t *testing.T, cases []eval.Case, names ...string) fstest.MapFS {
	t.Helper()
	manifest, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := png.Encode(&file, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	fs := fstest.MapFS{"manifest.json": {Data: manifest}}
	for _, name := range names {
		fs[name] = &fstest.MapFile{Data: file.Bytes()}
	}
	return fs
}

// with gives the lines with one character changed.
func with(lines []string, row, column int, c byte) []string {
	changed := append([]string(nil), lines...)
	b := []byte(changed[row])
	b[column] = c
	changed[row] = string(b)
	return changed
}

func TestRunCounts(t *testing.T) {
	t.Parallel()
	td3, td1 := passport(), card()
	tests := []struct {
		name string
		kind string
		want []string
		read *mrz.Reading // nil for nothing found
		is   eval.Figures
	}{
		{"exact", "TD3", td3, new(reading(t, td3)), eval.Figures{KeyRight: 1, Exact: 1}},
		{"nothing found", "TD3", td3, nil, eval.Figures{CharError: 1}},
		{"nothing there, nothing found", "none", nil, nil, eval.Figures{}},
		{"nothing there, something found", "none", nil, new(reading(t, td3)), eval.Figures{FalseFinds: 1}},
		{"a name wrong and not marked", "TD3", td3, new(reading(t, with(td3, 0, 6, 'B'))), eval.Figures{KeyRight: 1, CharError: 1. / 88, SilentWrong: 1}},
		{"a name wrong and marked", "TD3", td3, new(reading(t, with(td3, 0, 6, 'B'), mrz.FieldSurname)), eval.Figures{KeyRight: 1, CharError: 1. / 88}},
		{"a name wrong and another marked", "TD3", td3, new(reading(t, with(td3, 0, 6, 'B'), mrz.FieldGivenNames)), eval.Figures{KeyRight: 1, CharError: 1. / 88, SilentWrong: 1}},
		{"given names on a card", "TD1", td1, new(reading(t, with(td1, 2, 11, 'O'), mrz.FieldGivenNames)), eval.Figures{KeyRight: 1, CharError: 1. / 90}},
		{"a digit fails", "TD3", td3, new(reading(t, with(td3, 1, 0, 'X'))), eval.Figures{CharError: 1. / 88}},
		{"another document altogether", "TD1", td1, new(reading(t, td3, mrz.FieldSurname)), eval.Figures{SilentWrong: 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cases := []eval.Case{{File: "images/a.png", Kind: tt.kind, Lines: tt.want}}
			var outcomes []eval.Outcome
			runner := eval.Runner{Now: day, Read: func(context.Context, image.Image, mrz.Options) (mrz.Reading, error) {
				if tt.read == nil {
					return mrz.Reading{}, mrz.ErrNotFound
				}
				return *tt.read, nil
			}}
			err := runner.Run(t.Context(), folder(t, cases, "images/a.png"), cases, func(o eval.Outcome) { outcomes = append(outcomes, o) })
			if err != nil {
				t.Fatal(err)
			}
			got := eval.Summarise(outcomes)
			if tt.name == "another document altogether" {
				got.CharError = 0 // what matters is that it is silent
			}
			tt.is.Pictures = 1
			if diff := cmp.Diff(tt.is, got); diff != "" {
				t.Errorf("figures (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFiguresHaveTheNamesThatWerePromised(t *testing.T) {
	t.Parallel()
	raw, err := json.Marshal(eval.Summarise(nil))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"pictures":0,"key_right":0,"exact":0,"false_finds":0,"char_error":0,"silent_wrong":0,"p50_ms":0,"p95_ms":0}`
	if string(raw) != want {
		t.Errorf("got  %s\nwant %s", raw, want)
	}
}

func TestRefusedPictureIsAnOutcome(t *testing.T) {
	t.Parallel()
	cases := []eval.Case{{File: "a.png", Kind: "TD3", Lines: passport()}}
	fs := folder(t, cases)
	fs["a.png"] = &fstest.MapFile{Data: []byte("no picture")}
	var got eval.Outcome
	if err := (eval.Runner{}).Run(t.Context(), fs, cases, func(o eval.Outcome) { got = o }); err != nil {
		t.Fatal(err)
	}
	if got.Refused != "not_a_picture" || got.Errors != 88 || got.KeyRight {
		t.Errorf("got %+v", got)
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	good := eval.Case{File: "a.png", Kind: "TD3", Lines: passport()}
	tests := []struct {
		name  string
		cases []eval.Case
		files []string
		want  string // path of the first picture, "" for an error
	}{
		{"in images", []eval.Case{good}, []string{"images/a.png", "a.png"}, "images/a.png"},
		{"typed by hand", []eval.Case{{File: "a.png", Kind: "TD3", Lines: []string{"p<uto eriksson", " L898902C3"}}}, []string{"a.png"}, "a.png"},
		{"in the folder", []eval.Case{good}, []string{"a.png"}, "a.png"},
		{"missing", []eval.Case{good}, nil, ""},
		{"no cases", []eval.Case{}, nil, ""},
		{"unknown kind", []eval.Case{{File: "a.png", Kind: "TD9", Lines: passport()}}, []string{"a.png"}, ""},
		{"no lines", []eval.Case{{File: "a.png", Kind: "TD3"}}, []string{"a.png"}, ""},
		{"lines of none", []eval.Case{{File: "a.png", Kind: "none", Lines: passport()}}, []string{"a.png"}, ""},
		{"outside", []eval.Case{{File: "../../etc/passwd", Kind: "none"}}, nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := eval.Load(folder(t, tt.cases, tt.files...))
			if tt.want == "" {
				if err == nil {
					t.Errorf("want an error, got %+v", got)
				}
				return
			}
			if err != nil || got[0].File != tt.want || strings.ContainsAny(strings.Join(got[0].Lines, ""), " abcdefghijklmnopqrstuvwxyz") {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func TestPercentile(t *testing.T) {
	t.Parallel()
	var all []eval.Outcome
	for i := range 100 {
		all = append(all, eval.Outcome{Reading: time.Duration(100-i) * time.Millisecond})
	}
	f := eval.Summarise(all)
	if f.P50MS != 51 || f.P95MS != 96 {
		t.Errorf("p50 %v, p95 %v", f.P50MS, f.P95MS)
	}
}
