package duplicate_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	encoder "image/jpeg"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/image/draw"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/check/duplicate"
	"github.com/usher-kyc/usher/internal/enginetest"
	"github.com/usher-kyc/usher/internal/picture"
)

const flow = `name: short
steps:
  - details: {ask: [name, date_of_birth]}
  - selfie
  - run: [duplicate]
  - decide: {automatic: approve}
`

// reader answers as a document check that read what is told of an applicant, by last name.
type reader map[string]map[string]string

func (reader) Kind() usher.CheckKind { return usher.CheckDocument }

func (r reader) Check(_ context.Context, in usher.CheckInput) (usher.CheckResult, error) {
	result := usher.CheckResult{Outcome: usher.Clear, Assurance: usher.Verified, Fields: r[in.Details.LastName]}
	if result.Fields["unsure"] != "" {
		result.Reasons = []usher.Reason{{Code: usher.DocumentUnsure, Field: "number"}}
	}
	return result, nil
}

// house is a server whose document check reads by table.
type house struct {
	*enginetest.House
	t *testing.T
}

func open(t *testing.T, documents reader) house {
	t.Helper()
	h := enginetest.Open(t, enginetest.Config{Checkers: []usher.Checker{duplicate.New(duplicate.Config{Document: documents})}})
	for _, tenant := range []usher.Tenant{h.Tenant, h.Other} {
		h.Publish(tenant.ID, flow)
	}
	return house{h, t}
}

// onboard takes a person through the flow and gives the session with the check's result. The applicant is a new one unless id is theirs.
func (h house) onboard(tenant usher.Tenant, id string, d usher.Details, selfie []byte) (usher.Session, usher.CheckResult) {
	h.t.Helper()
	ctx, c := h.t.Context(), usher.APIClient{ID: "client", TenantID: tenant.ID, Dialect: "native", DefaultFlow: "short"}
	start := usher.NewSession{ApplicantID: id}
	if id == "" {
		start.Applicant = &usher.NewApplicant{Details: d}
	}
	s, _, err := h.StartSession(ctx, c, start)
	by := usher.Actor{Kind: usher.ByClient, ID: "client"}
	if err == nil {
		_, _, err = h.AddEvidence(ctx, tenant.ID, s.ID, usher.NewEvidence{Kind: usher.Selfie, Source: usher.FromClient, ContentType: "image/jpeg", By: by}, bytes.NewReader(selfie))
	}
	if err == nil {
		_, err = h.Do(ctx, tenant.ID, s.ID, usher.Command{Kind: usher.CmdSubmit, By: by})
	}
	if err != nil {
		h.t.Fatal(err)
	}
	h.Settle()
	if s, err = h.Service.Session(ctx, tenant.ID, s.ID); err != nil {
		h.t.Fatal(err)
	}
	if len(s.Checks()) != 1 {
		h.t.Fatalf("%d results in state %s", len(s.Checks()), s.State)
	}
	return s, s.Checks()[0]
}

// face gives a picture that stands for a face: coarse and fine patches of grey, others for each seed.
func face(t *testing.T, seed uint64) image.Image {
	t.Helper()
	const side = 160
	r := rand.New(rand.NewPCG(seed, 1))
	img := image.NewGray(image.Rect(0, 0, side, side))
	for _, layer := range []struct{ patches, strength int }{{6, 120}, {12, 80}, {40, 40}} {
		small, large := image.NewGray(image.Rect(0, 0, layer.patches, layer.patches)), image.NewGray(img.Rect)
		for i := range small.Pix {
			small.Pix[i] = uint8(r.IntN(layer.strength))
		}
		draw.BiLinear.Scale(large, large.Rect, small, small.Rect, draw.Src, nil)
		for i, v := range large.Pix {
			img.Pix[i] += v
		}
	}
	return img
}

func jpeg(t *testing.T, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := encoder.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// found gives what a result says of another applicant.
func found(r usher.CheckResult, applicant string) []usher.TraitKind {
	i := slices.IndexFunc(r.Duplicates, func(d usher.Duplicate) bool { return d.ApplicantID == applicant })
	if i < 0 {
		return nil
	}
	return r.Duplicates[i].Same
}

func TestDuplicates(t *testing.T) {
	t.Parallel()
	h := open(t, reader{
		"Müller":  {"number": "L01X00T47", "issuer": "D", "first_name": "ERIKA", "last_name": "MUELLER", "date_of_birth": "1964-08-12"},
		"Schmidt": {"number": "l01x 00t47", "issuer": "D", "first_name": "ERIKA", "last_name": "SCHMIDT", "date_of_birth": "1964-08-12"},
		"Foreign": {"number": "L01X00T47", "issuer": "FRA"},
		"Shaky":   {"number": "L01X00T47", "issuer": "D", "unsure": "yes"},
	})
	person := func(first, last, born, national string) usher.Details {
		return usher.Details{FirstName: first, LastName: last, DateOfBirth: usher.Date(born), NationalID: national}
	}
	erika := person("Erika", "Müller", "1964-08-12", "640812-1234")
	selfie := jpeg(t, face(t, 1))
	first, result := h.onboard(h.Tenant, "", erika, selfie)
	if result.Outcome != usher.Clear || result.Assurance != usher.Verified || first.State != usher.Approved {
		t.Fatalf("the first one is %s %s: %+v", result.Outcome, result.Assurance, result.Findings)
	}
	other := func(n uint64) []byte { return jpeg(t, face(t, 100+n)) }
	const document, national, name, same, look = usher.TraitDocument, usher.TraitNational, usher.TraitPerson, usher.TraitPicture, usher.TraitLook
	tests := []struct {
		name      string
		who       usher.Details
		selfie    []byte
		want      []usher.TraitKind
		assurance usher.Assurance
		otherName bool
		reasons   []string
	}{
		{"somebody else", person("Bo", "Berg", "1990-01-01", "900101-0000"), other(1), nil, usher.Verified, false, nil},
		{"the document under another name", person("Erika", "Schmidt", "1964-08-12", ""), other(2), []usher.TraitKind{document}, usher.Verified, true, []string{"number"}},
		{"the number of another country", person("Bo", "Foreign", "1990-01-02", ""), other(3), nil, usher.Verified, false, nil},
		{"a number that may be misread", person("Bo", "Shaky", "1990-01-03", ""), other(4), nil, usher.Verified, false, nil},
		{"the national number", person("Eva", "Berg", "1964-08-12", "6408121234"), other(5), []usher.TraitKind{national}, usher.Verified, true, []string{"national_id"}},
		{"name and birth date, spelled otherwise", person("ERIKA Maria", "Muller", "1964-08-12", ""), other(6), []usher.TraitKind{name}, usher.Verified, false, []string{"name"}},
		{"first and last name exchanged", person("Mueller", "Erika", "1964-08-12", ""), other(7), []usher.TraitKind{name}, usher.Verified, false, []string{"name"}},
		{"another birth date", person("Erika", "Mueller", "1964-08-13", ""), other(8), nil, usher.Verified, false, nil},
		{"the same picture", person("Bo", "Holm", "1990-01-04", ""), selfie, []usher.TraitKind{same, look}, usher.Verified, false, []string{"picture"}},
		{"the picture saved again", person("Bo", "Lund", "1990-01-05", ""), jpeg(t, picture.Shrink(face(t, 1), 128)), []usher.TraitKind{look}, usher.Assisted, false, []string{"picture"}},
		{"no picture at all", person("Bo", "Dahl", "1990-01-06", ""), []byte("text"), nil, usher.Verified, false, nil},
	}
	for _, tt := range tests {
		s, result := h.onboard(h.Tenant, "", tt.who, tt.selfie)
		if diff := cmp.Diff(tt.want, found(result, first.ApplicantID)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		var reasons []string
		for _, r := range result.Reasons {
			reasons = append(reasons, r.Field)
			if r.Code != usher.PossibleDuplicate {
				t.Errorf("%s: reason %s", tt.name, r.Code)
			}
		}
		outcome, state := usher.Clear, usher.Approved
		if tt.want != nil {
			outcome, state = usher.Consider, usher.InReview
			if len(reasons) == 0 || !slices.Contains(reasons, tt.reasons[0]) {
				t.Errorf("%s: reasons for %v, want %v", tt.name, reasons, tt.reasons)
			}
			i := slices.IndexFunc(result.Duplicates, func(d usher.Duplicate) bool { return d.ApplicantID == first.ApplicantID })
			if i < 0 {
				continue
			}
			if d := result.Duplicates[i]; d.SessionID != first.ID || d.OtherName != tt.otherName {
				t.Errorf("%s: %+v", tt.name, d)
			}
		} else if len(result.Duplicates) > 0 {
			continue // of one of those before
		}
		if result.Outcome != outcome || result.Assurance != tt.assurance || s.State != state {
			t.Errorf("%s: %s %s, session %s; want %s %s, %s", tt.name, result.Outcome, result.Assurance, s.State, outcome, tt.assurance, state)
		}
	}
}

func TestSamePersonsNextDocument(t *testing.T) {
	t.Parallel()
	h := open(t, reader{
		"Berg":  {"number": "C01X00T4", "issuer": "POL", "date_of_birth": "1964-08-12", "optional_1": "64081212345"},
		"Holm":  {"number": "C9PPPPP1", "issuer": "POL", "date_of_birth": "1964-08-12", "optional_1": "64081212345"},
		"Short": {"number": "C9PPPPP2", "issuer": "POL", "date_of_birth": "1964-08-12", "optional_1": "12345"},
	})
	first, _ := h.onboard(h.Tenant, "", usher.Details{FirstName: "Eva", LastName: "Berg", DateOfBirth: "1964-08-12"}, []byte("1"))
	_, wed := h.onboard(h.Tenant, "", usher.Details{FirstName: "Eva", LastName: "Holm", DateOfBirth: "1964-08-12"}, []byte("2"))
	if diff := cmp.Diff([]usher.TraitKind{usher.TraitNational}, found(wed, first.ApplicantID)); diff != "" || !wed.Duplicates[0].OtherName {
		t.Errorf("%+v (-want +got):\n%s", wed.Duplicates, diff)
	}
	if _, short := h.onboard(h.Tenant, "", usher.Details{FirstName: "Eva", LastName: "Short", DateOfBirth: "1964-08-12"}, []byte("3")); len(short.Duplicates) != 0 {
		t.Errorf("%+v", short.Duplicates)
	}
}

func TestWhoIsNoDuplicate(t *testing.T) {
	t.Parallel()
	h := open(t, reader{"Berg": {"number": "AB1234567", "issuer": "SWE"}})
	bo := usher.Details{FirstName: "Bo", LastName: "Berg", DateOfBirth: "1980-02-03"}
	selfie := jpeg(t, face(t, 7))
	first, _ := h.onboard(h.Tenant, "", bo, selfie)
	if _, again := h.onboard(h.Tenant, first.ApplicantID, bo, selfie); len(again.Duplicates) != 0 || again.Outcome != usher.Clear {
		t.Errorf("an applicant's own earlier session is a duplicate: %+v", again.Duplicates)
	}
	if _, abroad := h.onboard(h.Other, "", bo, selfie); len(abroad.Duplicates) != 0 || abroad.Outcome != usher.Clear {
		t.Errorf("another tenant's applicant is a duplicate: %+v", abroad.Duplicates)
	}
	if _, err := h.EraseApplicant(t.Context(), h.Tenant.ID, first.ApplicantID, usher.Actor{Kind: usher.ByClient, ID: "client"}); err != nil {
		t.Fatal(err)
	}
	if _, after := h.onboard(h.Tenant, "", bo, selfie); len(after.Duplicates) != 0 || after.Outcome != usher.Clear {
		t.Errorf("an erased applicant is a duplicate: %+v", after.Duplicates)
	}
}

func TestNothingToGoBy(t *testing.T) {
	t.Parallel()
	away := errors.New("store is away")
	lost := usher.EvidenceFile{
		Evidence: usher.Evidence{ID: "e", Kind: usher.Selfie, SHA256: "aa"},
		Open:     func(context.Context) (io.ReadCloser, error) { return nil, away },
	}
	nameless := usher.EvidenceFile{
		Evidence: usher.Evidence{ID: "e", Kind: usher.Selfie},
		Open:     func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(nil)), nil },
	}
	nobody := func(context.Context, []usher.Trait) ([]usher.Sighting, error) { return nil, nil }
	named := usher.Details{FirstName: "Bo", LastName: "Berg", DateOfBirth: "1980-02-03"}
	tests := []struct {
		name string
		in   usher.CheckInput
		want usher.Outcome
		err  error
	}{
		{"nothing shown", usher.CheckInput{Recognise: nobody}, usher.NotRun, nil},
		{"nothing kept", usher.CheckInput{Details: named}, usher.NotRun, nil},
		{"half a name", usher.CheckInput{Details: usher.Details{LastName: "Berg", DateOfBirth: "1980-02-03"}, Recognise: nobody}, usher.NotRun, nil},
		{"a number of one digit", usher.CheckInput{Details: usher.Details{NationalID: "0000 0000"}, Recognise: nobody}, usher.NotRun, nil},
		{"a file without a hash", usher.CheckInput{Evidence: []usher.EvidenceFile{nameless}, Recognise: nobody}, usher.NotRun, nil},
		{"known to nobody", usher.CheckInput{Details: named, Recognise: nobody}, usher.Clear, nil},
		{"a file that cannot be opened", usher.CheckInput{Evidence: []usher.EvidenceFile{lost}, Recognise: nobody}, usher.NotRun, away},
		{"an engine that is away", usher.CheckInput{Details: named, Recognise: func(context.Context, []usher.Trait) ([]usher.Sighting, error) { return nil, away }}, usher.NotRun, away},
	}
	for _, tt := range tests {
		got, err := duplicate.New(duplicate.Config{}).Check(t.Context(), tt.in)
		if !errors.Is(err, tt.err) || got.Outcome != tt.want {
			t.Errorf("%s: %s, %v; want %s, %v", tt.name, got.Outcome, err, tt.want, tt.err)
		}
		if got.Outcome == usher.NotRun && got.Assurance != "" {
			t.Errorf("%s: not run, but %s", tt.name, got.Assurance)
		}
	}
}

// FuzzTraits gives names, numbers and fields in any shape: they must become traits or nothing.
func FuzzTraits(f *testing.F) {
	f.Add("Erika", "Müller", "1964-08-12", "640812-1234")
	f.Add("\xff", "\u0308", "<", "٣٤٥٦٧")
	f.Fuzz(func(t *testing.T, first, last, born, number string) {
		in := usher.CheckInput{
			Details: usher.Details{FirstName: first, LastName: last, DateOfBirth: usher.Date(born), NationalID: number},
			Recognise: func(_ context.Context, traits []usher.Trait) ([]usher.Sighting, error) {
				for _, trait := range traits {
					if trait.Value == "" {
						return nil, fmt.Errorf("a trait of kind %s without a value", trait.Kind)
					}
				}
				return nil, nil
			},
		}
		if _, err := duplicate.New(duplicate.Config{}).Check(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	})
}
