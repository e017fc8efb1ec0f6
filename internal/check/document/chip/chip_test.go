package chip_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/check/document/chip"
	"github.com/usher-kyc/usher/internal/emrtd"
	"github.com/usher-kyc/usher/internal/emrtd/synth"
)

var now = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

var zone = []string{"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F3204157ZE184226B<<<<<14"}

// passport is a made-up chip and what is sent of it.
type passport struct {
	list  *emrtd.List
	in    usher.CheckInput
	files map[usher.EvidenceKind][]byte
	read  map[string]string // off the picture
}

func made(t *testing.T) *passport {
	t.Helper()
	p := &passport{list: &emrtd.List{}}
	groups := map[int][]byte{
		1: synth.DG1(zone...), 2: synth.DG2([]byte("\xff\xd8\xff picture")), 11: synth.DG11("ERIKSSON<<ANNA<MARIA", "19740812-2384", "19740812", ""),
		12: synth.DG12("UTOPIA", "20260205"),
	}
	c, err := synth.New(rand.Reader, now, groups)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.list.Add(c.CSCA); err != nil {
		t.Fatal(err)
	}
	p.files = map[usher.EvidenceKind][]byte{
		usher.ChipSOD: c.SOD, usher.ChipDG1: groups[1], usher.ChipDG2: groups[2], usher.ChipDG11: groups[11], usher.ChipDG12: groups[12],
	}
	p.in = usher.CheckInput{Now: now, Details: usher.Details{
		FirstName: "Anna Maria", LastName: "Eriksson", DateOfBirth: "1974-08-12", NationalID: "197408122384",
	}}
	p.read = map[string]string{
		"mrz": strings.Join(zone, "\n"), "number": "L898902C3", "date_of_birth": "1974-08-12", "expiry": "2032-04-15", "issuer": "UTO",
		"last_name": "ERIKSSON", "first_name": "ANNA MARIA",
	}
	return p
}

// Kind and Check make the passport the check of its own picture.
func (p *passport) Kind() usher.CheckKind { return usher.CheckDocument }

func (p *passport) Check(context.Context, usher.CheckInput) (usher.CheckResult, error) {
	return usher.CheckResult{Kind: usher.CheckDocument, Fields: p.read}, nil
}

func (p *passport) input() usher.CheckInput {
	in := p.in
	for kind, raw := range p.files {
		in.Evidence = append(in.Evidence, usher.EvidenceFile{
			Evidence: usher.Evidence{ID: string(kind), Kind: kind},
			Open:     func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(raw)), nil },
		})
	}
	return in
}

func (p *passport) judge(t *testing.T) usher.CheckResult {
	t.Helper()
	r, err := chip.New(chip.Config{List: p.list, Document: p}).Check(context.Background(), p.input())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestCheck(t *testing.T) {
	t.Parallel()
	type want struct {
		outcome   usher.Outcome
		assurance usher.Assurance
		reasons   []string // code field
	}
	clear := want{usher.Clear, usher.Verified, nil}
	flip := func(b []byte, at int) []byte {
		b = bytes.Clone(b)
		b[at] ^= 1
		return b
	}
	for name, tt := range map[string]struct {
		change func(p *passport)
		want   want
	}{
		"in order":             {func(*passport) {}, clear},
		"security object only": {func(p *passport) { keep(p, usher.ChipSOD) }, want{usher.Consider, usher.Verified, []string{"chip_missing chip_dg1"}}},
		"zone only":            {func(p *passport) { keep(p, usher.ChipDG1) }, want{usher.Consider, usher.Assisted, []string{"chip_missing chip_sod"}}},
		"nothing sent":         {func(p *passport) { keep(p) }, want{usher.NotRun, "", []string{"chip_missing "}}},
		"no list":              {func(p *passport) { p.list = nil }, want{usher.NotRun, "", []string{"chip_not_examined "}}},
		"unknown issuer": {func(p *passport) {
			p.list = &emrtd.List{}
			other, _ := synth.New(rand.Reader, now, p.groups())
			_ = p.list.Add(other.CSCA)
		}, want{usher.Consider, usher.Assisted, []string{"chip_issuer_unknown chip_sod"}}},
		"zone changed": {func(p *passport) { p.files[usher.ChipDG1] = flip(p.files[usher.ChipDG1], 20) }, want{usher.Refuse, usher.Verified, []string{"chip_altered chip_dg1"}}},
		"portrait replaced": {
			func(p *passport) { p.files[usher.ChipDG2] = synth.DG2([]byte("\xff\xd8\xff another")) },
			want{usher.Refuse, usher.Verified, []string{"chip_altered chip_dg2"}},
		},
		"signature changed": {
			func(p *passport) {
				p.files[usher.ChipSOD] = flip(p.files[usher.ChipSOD], len(p.files[usher.ChipSOD])-3)
			},
			want{usher.Refuse, usher.Verified, []string{"chip_altered chip_sod"}},
		},
		"not a security object": {func(p *passport) { p.files[usher.ChipSOD] = []byte("\x77\x03abc") }, want{usher.Consider, usher.Assisted, []string{"chip_unreadable chip_sod"}}},
		"a group nobody signed": {func(p *passport) { p.files[usher.ChipDG15] = []byte{0x6f, 0} }, want{usher.Consider, usher.Verified, []string{"chip_unsure chip_dg15"}}},
		"another person's details": {
			func(p *passport) { p.in.Details.LastName, p.in.Details.DateOfBirth = "Berg", "1980-01-01" },
			want{usher.Consider, usher.Verified, []string{"name_mismatch last_name", "birth_date_mismatch date_of_birth"}},
		},
		"another personal number": {func(p *passport) { p.in.Details.NationalID = "197408122392" }, want{usher.Consider, usher.Verified, []string{"number_mismatch personal_number"}}},
		"another document in the picture": {
			func(p *passport) { p.read["number"], p.read["expiry"] = "L898902C8", "2031-04-15" },
			want{usher.Consider, usher.Verified, []string{"number_mismatch number", "sides_mismatch expiry"}},
		},
		"picture not read": {func(p *passport) { p.read = nil }, clear},
		"expired":          {func(p *passport) { p.in.Now = now.AddDate(7, 0, 0) }, want{usher.Refuse, usher.Verified, []string{"document_expired expiry"}}},
		"JPEG 2000": {func(p *passport) {
			g := p.groups()
			g[2] = synth.DG2([]byte("\x00\x00\x00\x0cjP  \r\n"))
			p.sign(g)
		}, clear},
		"signed before the signer was": {func(p *passport) {
			c, _ := synth.New(rand.Reader, now.AddDate(30, 0, 0), p.groups())
			p.list = &emrtd.List{}
			_ = p.list.Add(c.CSCA)
			p.files[usher.ChipSOD] = c.SOD
		}, clear}, // it says itself when it was signed: in thirty years
		"a zone that is none": {func(p *passport) {
			g := p.groups()
			g[1] = synth.DG1("P<UTO")
			p.sign(g)
		}, want{usher.Consider, usher.Verified, []string{"chip_unreadable chip_dg1"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := made(t)
			tt.change(p)
			r := p.judge(t)
			got := want{r.Outcome, r.Assurance, nil}
			for _, why := range r.Reasons {
				got.reasons = append(got.reasons, string(why.Code)+" "+why.Field)
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Error(diff)
			}
			if !slices.Contains(r.NotExamined, "chip_clone") || !slices.Contains(r.NotExamined, "authenticity") {
				t.Error("what was not examined must be said")
			}
			if r.Outcome == usher.Clear && (r.Fields["number"] != "L898902C3" || r.Score != 1 || !slices.Contains(r.Examined, "chip_issuer")) {
				t.Errorf("%+v", r)
			}
		})
	}
}

func keep(p *passport, kinds ...usher.EvidenceKind) {
	for kind := range p.files {
		if !slices.Contains(kinds, kind) {
			delete(p.files, kind)
		}
	}
}

// groups gives the data groups that are sent.
func (p *passport) groups() map[int][]byte {
	return map[int][]byte{1: p.files[usher.ChipDG1], 2: p.files[usher.ChipDG2], 11: p.files[usher.ChipDG11], 12: p.files[usher.ChipDG12]}
}

// sign makes another chip of other groups, and trusts who signed it.
func (p *passport) sign(groups map[int][]byte) {
	c, _ := synth.New(rand.Reader, now, groups)
	p.list = &emrtd.List{}
	_ = p.list.Add(c.CSCA)
	p.files[usher.ChipSOD], p.files[usher.ChipDG1], p.files[usher.ChipDG2] = c.SOD, groups[1], groups[2]
}

func TestReference(t *testing.T) {
	t.Parallel()
	ask := func(p *passport) (usher.EvidenceFile, bool, error) {
		return chip.New(chip.Config{List: p.list}).Reference(context.Background(), p.input())
	}
	p := made(t)
	file, ok, err := ask(p)
	if err != nil || !ok || file.Kind != usher.DocumentFront || file.ID != string(usher.ChipDG2) {
		t.Fatalf("%+v %v %v", file, ok, err)
	}
	body, _ := file.Open(context.Background())
	if raw, _ := io.ReadAll(body); string(raw) != "\xff\xd8\xff picture" {
		t.Errorf("%q", raw)
	}
	for name, spoil := range map[string]func(p *passport){
		"no list":       func(p *passport) { p.list = nil },
		"not signed":    func(p *passport) { p.files[usher.ChipDG2] = synth.DG2([]byte("\xff\xd8\xff another")) },
		"no portrait":   func(p *passport) { delete(p.files, usher.ChipDG2) },
		"no signature":  func(p *passport) { delete(p.files, usher.ChipSOD) },
		"a JPEG 2000":   func(p *passport) { g := p.groups(); g[2] = synth.DG2([]byte("\xff\x4f\xff\x51")); p.sign(g) },
		"not a picture": func(p *passport) { g := p.groups(); g[2] = synth.DG2([]byte("BM")); p.sign(g) },
	} {
		p := made(t)
		spoil(p)
		if _, ok, err := ask(p); ok || err != nil {
			t.Errorf("%s: %v %v", name, ok, err)
		}
	}
}

func TestAccept(t *testing.T) {
	t.Parallel()
	p := made(t)
	for kind, raw := range p.files {
		if err := chip.Accept(kind, raw); err != nil || !chip.Is(kind) {
			t.Errorf("%s: %v", kind, err)
		}
	}
	if got := chip.ContentType(usher.ChipDG2, p.files[usher.ChipDG2]); got != usher.PortraitFile {
		t.Error(got)
	}
	for kind, raw := range map[usher.EvidenceKind][]byte{usher.ChipDG2: synth.DG2([]byte("\xff\x4f\xff\x51")), usher.ChipDG1: p.files[usher.ChipDG2]} {
		if got := chip.ContentType(kind, raw); got != "application/octet-stream" {
			t.Errorf("%s: %s", kind, got)
		}
	}
	if chip.Is(usher.DocumentFront) {
		t.Error("a picture is no file of a chip")
	}
	for name, tt := range map[string]struct {
		kind usher.EvidenceKind
		raw  []byte
		code usher.Code
	}{
		"nothing":        {usher.ChipSOD, nil, usher.CodeInvalid},
		"a picture":      {usher.ChipDG2, []byte("\xff\xd8\xff"), usher.CodeInvalid},
		"another group":  {usher.ChipDG1, p.files[usher.ChipDG2], usher.CodeInvalid},
		"a huge object":  {usher.ChipSOD, append([]byte{0x77}, make([]byte, emrtd.MaxSOD)...), usher.CodeLimited},
		"a huge picture": {usher.ChipDG2, append([]byte{0x75}, make([]byte, chip.MaxFile)...), usher.CodeLimited},
	} {
		var e *usher.Error
		if err := chip.Accept(tt.kind, tt.raw); !errors.As(err, &e) || e.Code != tt.code {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFileThatCannotBeFetched(t *testing.T) {
	t.Parallel()
	p := made(t)
	in := p.input()
	for i := range in.Evidence {
		in.Evidence[i].Open = func(context.Context) (io.ReadCloser, error) { return nil, errors.New("the disk is gone") }
	}
	if _, err := chip.New(chip.Config{List: p.list}).Check(context.Background(), in); err == nil {
		t.Error("a file that cannot be fetched is not the applicant's fault")
	}
}
