package document_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/draw"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/check/document"
	"github.com/usher-kyc/usher/internal/picture"
	"github.com/usher-kyc/usher/internal/specimen"
)

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func file(kind usher.EvidenceKind, data []byte) usher.EvidenceFile {
	return usher.EvidenceFile{
		Evidence: usher.Evidence{ID: "ev_" + string(kind), Kind: kind},
		Open: func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(data)), nil
		},
	}
}

func front(t testing.TB, img image.Image) usher.EvidenceFile {
	t.Helper()
	return file(usher.DocumentFront, must[[]byte](t)(specimen.JPEG(img)))
}

func back(t testing.TB, img image.Image) usher.EvidenceFile {
	t.Helper()
	return file(usher.DocumentBack, must[[]byte](t)(specimen.JPEG(img)))
}

func passport(t testing.TB, p specimen.Person) image.Image {
	t.Helper()
	return must[image.Image](t)(specimen.Passport(p))
}

func cardFront(t testing.TB, p specimen.Person) image.Image {
	t.Helper()
	return must[image.Image](t)(specimen.IDCardFront(p))
}

func cardBack(t testing.TB, p specimen.Person) image.Image {
	t.Helper()
	return must[image.Image](t)(specimen.IDCardBack(p))
}

// anna is what the holder of the specimens says of herself.
func anna() usher.Details {
	return usher.Details{FirstName: "Anna Maria", LastName: "Eriksson", DateOfBirth: "1974-08-12"}
}

func flow(checks ...usher.CheckKind) usher.Flow {
	return usher.Flow{Steps: []usher.Step{
		{Kind: usher.StepDocument, Accept: []usher.DocumentType{usher.Passport, usher.IDCard, usher.DrivingLicence}},
		{Kind: usher.StepRun, Checks: checks},
	}}
}

// given makes the input of a check in a sandbox tenant on a fixed day.
func given(files []usher.EvidenceFile, change ...func(*usher.CheckInput)) usher.CheckInput {
	in := usher.CheckInput{
		Session: usher.Session{ID: "s1", TenantID: "t1", Flow: flow(usher.CheckDocument)},
		Details: anna(), Mode: usher.Sandbox, Evidence: files, Now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC),
	}
	for _, c := range change {
		c(&in)
	}
	return in
}

func choose(kind usher.DocumentType, country string) func(*usher.CheckInput) {
	return func(in *usher.CheckInput) {
		in.Session.Steps = []usher.StepStatus{{Kind: usher.StepDocument, Document: &usher.DocumentChoice{Type: kind, Country: country}}}
	}
}

func details(change func(*usher.Details)) func(*usher.CheckInput) {
	return func(in *usher.CheckInput) { change(&in.Details) }
}

func live(in *usher.CheckInput) { in.Mode = usher.Live }

// wrongDigit prints into one passport the check digit that belongs to another number.
func wrongDigit(t testing.TB) image.Image {
	t.Helper()
	const x, wide = 353, 31 // the tenth place of a line: 12 pixels per millimetre, 6.6 mm from the left, 2.54 mm each
	page := passport(t, specimen.Person{})
	other := passport(t, specimen.Person{Number: "L898902C4"})
	out := image.NewRGBA(page.Bounds())
	draw.Draw(out, out.Rect, page, image.Point{}, draw.Src)
	place := image.Rect(x, 900, x+wide, 990)
	draw.Draw(out, place, other, place.Min, draw.Src)
	return out
}

func codes(r usher.CheckResult) []string {
	var list []string
	for _, reason := range r.Reasons {
		text := string(reason.Code)
		if reason.Field != "" {
			text += " " + reason.Field
		}
		list = append(list, text)
	}
	slices.Sort(list)
	return list
}

func TestCheck(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("reads many pictures: run without -short, as scripts/test.sh does beside the race detector")
	}
	p := passport(t, specimen.Person{})
	swedish := passport(t, specimen.Person{Issuer: "SWE", Nationality: "SWE", Number: "87654321"})
	f, b := cardFront(t, specimen.Person{}), cardBack(t, specimen.Person{})
	otherCard := cardBack(t, specimen.Person{Number: "X77777777"})
	expired := passport(t, specimen.Person{Expiry: time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)})
	lastDay := passport(t, specimen.Person{Expiry: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)})
	list := func(files ...usher.EvidenceFile) []usher.EvidenceFile { return files }

	tests := []struct {
		name      string
		in        usher.CheckInput
		outcome   usher.Outcome
		assurance usher.Assurance
		reasons   []string
	}{
		{"passport of the person", given(list(front(t, specimen.Photo(p, 1)))), usher.Clear, usher.Verified, nil},
		{"passport lying on its head", given(list(front(t, picture.Upright(specimen.Photo(p, 2), 3)))), usher.Clear, usher.Verified, nil},
		{"card of the person", given(list(front(t, f), back(t, specimen.Photo(b, 1))), choose(usher.IDCard, "")), usher.Clear, usher.Verified, nil},
		{"real country, live", given(list(front(t, swedish)), live, choose(usher.Passport, "SE"), details(func(d *usher.Details) { d.Nationality = "SE" })), usher.Clear, usher.Verified, nil},
		{"specimen in a live tenant", given(list(front(t, p)), live), usher.Refuse, usher.Verified, []string{"document_specimen issuer"}},
		{"expired", given(list(front(t, expired))), usher.Refuse, usher.Verified, []string{"document_expired expiry"}},
		{"on its last day", given(list(front(t, lastDay))), usher.Clear, usher.Verified, nil},
		{"country that does not exist", given(list(front(t, passport(t, specimen.Person{Issuer: "QQQ"})))), usher.Consider, usher.Verified, []string{"document_no_such_country issuer"}},
		{"other country than chosen", given(list(front(t, swedish)), choose(usher.Passport, "NO")), usher.Consider, usher.Verified, []string{"document_wrong_type issuer"}},
		{"passport where a card was chosen", given(list(front(t, p), back(t, b)), choose(usher.IDCard, "")), usher.Consider, usher.Verified, []string{"document_wrong_type document_type"}},
		{"type the flow does not accept", given(list(front(t, p)), func(in *usher.CheckInput) { in.Session.Flow.Steps[0].Accept = []usher.DocumentType{usher.IDCard} }), usher.Consider, usher.Verified, []string{"document_wrong_type document_type"}},
		{"back of the card missing", given(list(front(t, b)), choose(usher.IDCard, "")), usher.Consider, usher.Verified, []string{"document_side_missing document_back"}},
		{"front of the card missing", given(list(back(t, b)), choose(usher.IDCard, "")), usher.Consider, usher.Verified, []string{"document_side_missing document_front"}},
		{"sides of two cards", given(list(front(t, otherCard), back(t, b)), choose(usher.IDCard, "")), usher.Consider, usher.Verified, []string{"sides_mismatch"}},
		{"another name", given(list(front(t, p)), details(func(d *usher.Details) { d.LastName = "Svensson" })), usher.Consider, usher.Verified, []string{"name_mismatch last_name"}},
		{"another birth date", given(list(front(t, p)), details(func(d *usher.Details) { d.DateOfBirth = "1974-08-13" })), usher.Consider, usher.Verified, []string{"birth_date_mismatch date_of_birth"}},
		{"another nationality", given(list(front(t, swedish)), details(func(d *usher.Details) { d.Nationality = "FI" })), usher.Consider, usher.Verified, []string{"nationality_mismatch nationality"}},
		{"name in a script without a rule", given(list(front(t, p)), details(func(d *usher.Details) { d.FirstName, d.LastName = "安娜", "埃里克森" })), usher.Consider, usher.Verified, []string{"document_unsure first_name", "document_unsure last_name"}},
		{"consistency is another check's matter", given(list(front(t, p)), func(in *usher.CheckInput) {
			in.Session.Flow = flow(usher.CheckDocument, usher.CheckConsistency)
			in.Details.LastName = "Svensson"
		}), usher.Clear, usher.Verified, nil},
		{"check digit fails", given(list(front(t, wrongDigit(t)))), usher.Consider, usher.Assisted, []string{"document_digits_fail composite", "document_digits_fail number", "document_unsure number"}},
		{"nothing", given(nil), usher.NotRun, "", []string{"document_side_missing"}},
		{"bare table", given(list(front(t, specimen.Shoot(nil, specimen.Shot{Noise: 3})))), usher.Consider, usher.Assisted, []string{"document_blurred document_front", "document_unreadable document_front"}},
		{"front only, no zone", given(list(front(t, f))), usher.Consider, usher.Assisted, []string{"document_unreadable document_front"}},
		{"blurred beyond reading", given(list(front(t, specimen.Shoot(p, specimen.Shot{Blur: 9})))), usher.Consider, usher.Assisted, []string{"document_blurred document_front", "document_unreadable document_front"}},
		{"driving licence, one picture for both sides", given(list(front(t, f), back(t, f)), choose(usher.DrivingLicence, "")), usher.Consider, usher.Assisted, []string{"document_not_supported driving_licence", "document_same_picture document_back"}},
		{"text as a picture", given(list(file(usher.DocumentFront, []byte("hello")))), usher.Consider, usher.Assisted, []string{"document_not_a_picture document_front"}},
		{"cut off", given(list(file(usher.DocumentFront, must[[]byte](t)(specimen.JPEG(p))[:40_000]))), usher.Consider, usher.Assisted, []string{"document_not_a_picture document_front"}},
	}
	checker := document.New(document.Config{PictureTime: time.Hour})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			result := must[usher.CheckResult](t)(checker.Check(t.Context(), tt.in))
			if result.Outcome != tt.outcome || result.Assurance != tt.assurance {
				t.Errorf("%s %s, want %s %s", result.Outcome, result.Assurance, tt.outcome, tt.assurance)
			}
			if diff := cmp.Diff(tt.reasons, codes(result)); diff != "" {
				t.Errorf("reasons (-want +got):\n%s", diff)
				for _, f := range result.Findings {
					t.Logf("%+v", f)
				}
				t.Log(result.Fields["mrz"])
			}
			if !slices.Contains(result.NotExamined, "authenticity") {
				t.Error("the result does not say that authenticity was not examined")
			}
			if result.Score < 0 || result.Score > 1 {
				t.Errorf("score %v", result.Score)
			}
		})
	}
}

func TestFields(t *testing.T) {
	t.Parallel()
	swedish := specimen.Person{Issuer: "SWE", Nationality: "SWE", LastName: "Åström", FirstNames: "Örjan", Sex: "M"}
	result := must[usher.CheckResult](t)(document.New(document.Config{PictureTime: time.Hour}).Check(t.Context(), given([]usher.EvidenceFile{front(t, passport(t, swedish))})))
	want := map[string]string{
		"first_name": "OERJAN", "last_name": "AASTROEM", "date_of_birth": "1974-08-12", "nationality": "SE", "issuing_country": "SE",
		"issuer": "SWE", "number": "L898902C3", "expiry": "2034-12-31", "sex": "M", "document_code": "P", "format": "TD3",
		"document_type": "passport", "optional_1": "ZE184226B",
		"mrz": "P<SWEAASTROEM<<OERJAN<<<<<<<<<<<<<<<<<<<<<<<\nL898902C36SWE7408122M3412318ZE184226B<<<<<18",
	}
	if diff := cmp.Diff(want, result.Fields); diff != "" {
		t.Error(diff)
	}
}

func TestStoreErrorIsNoVerdict(t *testing.T) {
	t.Parallel()
	lost := errors.New("store is away")
	f := file(usher.DocumentFront, nil)
	f.Open = func(context.Context) (io.ReadCloser, error) { return nil, lost }
	if _, err := document.New(document.Config{PictureTime: time.Hour}).Check(t.Context(), given([]usher.EvidenceFile{f})); !errors.Is(err, lost) {
		t.Errorf("error %v, want the store's", err)
	}
}

func TestCancelledIsNoVerdict(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	in := given([]usher.EvidenceFile{front(t, passport(t, specimen.Person{}))})
	cancel()
	if _, err := document.New(document.Config{PictureTime: time.Hour}).Check(ctx, in); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want the context's", err)
	}
}

// FuzzCheck feeds whatever is not a document: the check must answer, with a reason, and never clear.
func FuzzCheck(f *testing.F) {
	page := must[[]byte](f)(specimen.JPEG(specimen.Shoot(nil, specimen.Shot{Width: 120, Height: 80})))
	f.Add(page)
	f.Add(page[:len(page)/2])
	f.Add([]byte("%PDF-1.7"))
	checker := document.New(document.Config{PictureTime: time.Hour, Intake: picture.New(picture.Config{MaxPixels: 200_000})})
	f.Fuzz(func(t *testing.T, data []byte) {
		result, err := checker.Check(t.Context(), given([]usher.EvidenceFile{file(usher.DocumentFront, data)}))
		if err != nil || result.Outcome == usher.Clear || len(result.Reasons) == 0 {
			t.Fatalf("%+v, %v", result, err)
		}
	})
}

func benchmark(b *testing.B, width, height int) {
	img := specimen.Shoot(passport(b, specimen.Person{}), specimen.Shot{Width: width, Height: height, Rotation: 1.5, Perspective: 0.01, Blur: 0.7, Noise: 3, Shade: 0.2})
	in := given([]usher.EvidenceFile{front(b, img)})
	checker := document.New(document.Config{PictureTime: time.Hour})
	for b.Loop() {
		result, err := checker.Check(b.Context(), in)
		if err != nil || result.Outcome != usher.Clear {
			b.Fatalf("%v %v", result, err)
		}
	}
}

func BenchmarkCheck2MP(b *testing.B) { benchmark(b, 1800, 1200) }

func BenchmarkCheck12MP(b *testing.B) { benchmark(b, 4240, 2830) }

// BenchmarkCheckNoZone12MP is the slow case: everything is tried before a picture counts as unreadable.
func BenchmarkCheckNoZone12MP(b *testing.B) {
	img := specimen.Shoot(nil, specimen.Shot{Width: 4240, Height: 2830, Noise: 4})
	in := given([]usher.EvidenceFile{front(b, img)})
	checker := document.New(document.Config{PictureTime: time.Hour})
	for b.Loop() {
		if _, err := checker.Check(b.Context(), in); err != nil {
			b.Fatal(err)
		}
	}
}
