package document_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	encoder "github.com/boombuler/barcode/pdf417"
	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/barcode/synth"
	"github.com/usher-kyc/usher/internal/check/document"
	"github.com/usher-kyc/usher/internal/picture"
	"github.com/usher-kyc/usher/internal/specimen"
	"github.com/usher-kyc/usher/web"
)

// licence draws the barcode of an American driving licence.
func licence(t *testing.T, elements ...string) image.Image {
	t.Helper()
	body := "DL" + strings.Join(elements, "\n") + "\r"
	const header = 21 + 10
	text := fmt.Sprintf("@\n\x1e\rANSI 636040080001DL%04d%04d%s", header, len(body), body)
	code, err := encoder.Encode(text, 3)
	if err != nil {
		t.Fatal(err)
	}
	return synth.Photo(code, synth.Shot{Noise: 2})
}

// pdf gives a PDF417 code of any text.
func pdf(text string) (image.Image, error) { return encoder.Encode(text, 3) }

// jane is what the licence says; elements of the same letters take the place of its own.
func jane(t *testing.T, changed ...string) image.Image {
	t.Helper()
	elements := []string{
		"DAQ012345678", "DCSSAMPLE", "DACJANE", "DADMARIE", "DBD06012021", "DBB01151990", "DBA01152029", "DBC2", "DAJUT", "DCGUSA",
	}
	for _, c := range changed {
		for i, e := range elements {
			if e[:3] == c[:3] {
				elements[i] = c
			}
		}
	}
	return licence(t, elements...)
}

// with gives evidence as it came in: its source, and its hash.
func with(f usher.EvidenceFile, source usher.EvidenceSource, sha string, attempt int) usher.EvidenceFile {
	f.Source, f.SHA256, f.Attempt = source, sha, attempt
	return f
}

// edited puts the name of a program into a JPEG file, as EXIF does.
func edited(t *testing.T, img image.Image, program string) []byte {
	t.Helper()
	raw := must[[]byte](t)(specimen.JPEG(img))
	body := "Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08" + program
	segment := binary.BigEndian.AppendUint16([]byte{0xFF, 0xE1}, uint16(len(body)+2))
	return slices.Concat(raw[:2], segment, []byte(body), raw[2:])
}

// pasted gives a picture that was saved, cut and saved again.
func pasted(t *testing.T, img image.Image) image.Image {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 40}); err != nil {
		t.Fatal(err)
	}
	once := must[image.Image](t)(jpeg.Decode(&b))
	out := image.NewRGBA(image.Rect(0, 0, img.Bounds().Dx()-3, img.Bounds().Dy()-6))
	draw.Draw(out, out.Rect, once, image.Pt(3, 6), draw.Src)
	return out
}

// TestFindings walks what the check looks at beside the zone.
func TestFindings(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("reads many pictures: run without -short, as scripts/test.sh does beside the race detector")
	}
	small := func(img image.Image) image.Image { return picture.Shrink(img, 1000) }
	swede := specimen.Person{Issuer: "SWE", Nationality: "SWE", Number: "87654321"}
	page := small(passport(t, swede))
	odd, unknown := swede, swede
	odd.Number, unknown.Issuer = "ABC654321", "ITA"
	sample := specimen.Person{Issuer: "CAN", Nationality: "CAN", Number: "ZE000509", LastName: "Martin", FirstNames: "Sarah"}
	said := func(first, last, born string) func(*usher.CheckInput) {
		return details(func(d *usher.Details) { d.FirstName, d.LastName, d.DateOfBirth = first, last, usher.Date(born) })
	}
	janes := said("Jane Marie", "Sample", "1990-01-15")
	driving := choose(usher.DrivingLicence, "")
	card := small(cardFront(t, specimen.Person{}))
	both := func(a, b image.Image) []usher.EvidenceFile { return []usher.EvidenceFile{front(t, a), back(t, b)} }
	earlier := func(f usher.EvidenceFile) func(*usher.CheckInput) {
		return func(in *usher.CheckInput) {
			f.ID, f.Attempt = "earlier", 1
			in.Session.Evidence, in.Replaced = []usher.Evidence{f.Evidence}, []usher.EvidenceFile{f}
		}
	}
	page70 := must[[]byte](t)(specimen.JPEG(picture.Shrink(page, 700)))
	const consider, clear, refuse = usher.Consider, usher.Clear, usher.Refuse
	tests := []struct {
		name      string
		in        usher.CheckInput
		outcome   usher.Outcome
		assurance usher.Assurance
		reasons   []string
		findings  []string // that must be there
	}{
		{"from the camera", given([]usher.EvidenceFile{with(front(t, page), usher.FromCamera, "1", 1)}), clear, usher.Verified, nil, []string{"document_front_source camera +", "number_format 87654321 +", "age 52 +"}},
		{"number of another form", given([]usher.EvidenceFile{front(t, small(passport(t, odd)))}), consider, usher.Verified, []string{"document_number_unusual number"}, []string{"number_format ABC654321 -"}},
		{"number of a sample, live", given([]usher.EvidenceFile{front(t, small(passport(t, sample)))}, live, said("Sarah", "Martin", "1974-08-12")), consider, usher.Verified, []string{"document_specimen number"}, []string{"specimen ZE000509 -"}},
		{"number of a sample, sandbox", given([]usher.EvidenceFile{front(t, small(passport(t, sample)))}, said("Sarah", "Martin", "1974-08-12")), clear, usher.Verified, nil, []string{"specimen ZE000509 -"}},
		{"edited", given([]usher.EvidenceFile{file(usher.DocumentFront, edited(t, page, "GIMP 2.10"))}), consider, usher.Assisted, []string{"document_edited document_front"}, []string{"document_front_editors GIMP -"}},
		{"something behind the picture", given([]usher.EvidenceFile{file(usher.DocumentFront, append(must[[]byte](t)(specimen.JPEG(page)), "PK\x03\x04 more"...))}), clear, usher.Verified, nil, []string{"document_front_after_end 9 bytes (zip) +"}},
		{"edited and expired", given([]usher.EvidenceFile{file(usher.DocumentFront, edited(t, page, "GIMP 2.10"))}, func(in *usher.CheckInput) { in.Now = in.Now.AddDate(9, 0, 0) }), refuse, usher.Verified, []string{"document_edited document_front", "document_expired expiry"}, nil},
		{"saved, cut and saved, uploaded", given([]usher.EvidenceFile{with(front(t, pasted(t, page)), usher.FromUpload, "1", 1)}), consider, usher.Assisted, []string{"document_edited document_front"}, nil},
		{"the same from a camera", given([]usher.EvidenceFile{with(front(t, pasted(t, page)), usher.FromCamera, "1", 1)}), clear, usher.Verified, nil, nil},
		{"one picture for both sides", given(both(page, picture.Shrink(page, 900))), consider, usher.Verified, []string{"document_same_picture document_back"}, []string{"sides_picture document_back -"}},
		{"the same file again", given([]usher.EvidenceFile{with(front(t, page), usher.FromUpload, "aa", 2)}, earlier(with(front(t, page), usher.FromUpload, "aa", 1))), consider, usher.Verified, []string{"document_same_picture document_front"}, []string{"document_front_sent_before document_front, 1 -"}},
		{"the same picture saved again", given([]usher.EvidenceFile{with(file(usher.DocumentFront, page70), usher.FromUpload, "aa", 2)}, earlier(with(front(t, page), usher.FromUpload, "bb", 1))), consider, usher.Verified, []string{"document_same_picture document_front"}, []string{"document_front_sent_before document_front, 1 -"}},
		{"another picture than before", given([]usher.EvidenceFile{with(front(t, page), usher.FromUpload, "aa", 2)}, earlier(with(front(t, card), usher.FromUpload, "bb", 1))), clear, usher.Verified, nil, nil},
		{"barcode of a licence", given(both(card, jane(t)), driving, janes), clear, usher.Assisted, nil, []string{"document_type DL +", "issuer USA +", "expiry 2029-01-15 +", "issued 2021-06-01 +", "last_name SAMPLE +"}},
		{"barcode, expired", given(both(card, jane(t, "DBA01152024")), driving, janes), consider, usher.Assisted, []string{"document_expired expiry"}, nil},
		{"barcode, not valid yet", given(both(card, jane(t, "DBD12012026")), driving, janes), consider, usher.Assisted, []string{"document_not_yet_valid issued"}, []string{"issued 2026-12-01 -"}},
		{"barcode of something else", given(both(card, synth.Photo(must[image.Image](t)(pdf("PUBDSK_1 04312")), synth.Shot{Noise: 2, Width: 900, Height: 600})), choose(usher.IDCard, "")), consider, usher.Assisted, []string{"document_unreadable document_back"}, []string{"document_back_barcode not_understood +"}},
		{"barcode of somebody else", given(both(card, jane(t, "DCSOTHER")), driving, janes), consider, usher.Assisted, []string{"name_mismatch last_name"}, nil},
		{"barcode of a licence where a card was chosen", given(both(card, jane(t)), choose(usher.IDCard, ""), janes), consider, usher.Assisted, []string{"document_wrong_type document_type"}, nil},
		{"zone and barcode of two documents", given(both(page, jane(t, "DBA12312034"))), consider, usher.Verified, []string{"sides_mismatch"}, []string{"sides_number 012345678 -", "sides_expiry 2034-12-31 +"}},
	}
	words := deskWords(t)
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
			}
			var found []string
			for _, f := range result.Findings {
				found = append(found, fmt.Sprintf("%s %s %s", f.Name, f.Read, map[bool]string{true: "+", false: "-"}[f.OK]))
			}
			for _, want := range tt.findings {
				if !slices.Contains(found, want) {
					t.Errorf("no finding %q in %q", want, found)
				}
			}
			inWords(t, words, result)
			for _, r := range result.Reasons {
				if (r.Field == "document_front" || r.Field == "document_back") != (r.Evidence != "") {
					t.Errorf("the reason %s for %s names the file %q", r.Code, r.Field, r.Evidence)
				}
			}
		})
	}
}

// deskWords gives the reviewer's texts, by language.
func deskWords(t *testing.T) map[string]map[string]string {
	t.Helper()
	all := map[string]map[string]string{}
	for _, lang := range []string{"en", "sv"} {
		raw := must[[]byte](t)(web.Files.ReadFile("locales/desk." + lang + ".json"))
		texts := map[string]string{}
		if err := json.Unmarshal(raw, &texts); err != nil {
			t.Fatal(err)
		}
		all[lang] = texts
	}
	return all
}

// inWords holds that a reviewer reads words for everything that a result says.
func inWords(t *testing.T, words map[string]map[string]string, r usher.CheckResult) {
	t.Helper()
	var keys []string
	for _, f := range r.Findings {
		keys = append(keys, "desk.field."+f.Name)
	}
	for _, id := range slices.Concat(r.Examined, r.NotExamined) {
		keys = append(keys, "desk.examined."+id)
	}
	for _, reason := range r.Reasons {
		keys = append(keys, "desk.reason."+string(reason.Code))
	}
	for lang, texts := range words {
		for _, key := range keys {
			if texts[key] == "" {
				t.Errorf("there are no words in %s for %s", lang, key)
			}
		}
	}
}

func TestSlowPicture(t *testing.T) {
	t.Parallel()
	f := file(usher.DocumentFront, nil)
	f.Open = func(ctx context.Context) (io.ReadCloser, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	result := must[usher.CheckResult](t)(document.New(document.Config{PictureTime: time.Millisecond}).Check(t.Context(), given([]usher.EvidenceFile{f})))
	if diff := cmp.Diff([]string{"document_unreadable document_front"}, codes(result)); diff != "" || result.Outcome != usher.Consider {
		t.Errorf("%s: %s", result.Outcome, diff)
	}
}
