package chip

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/check/document"
	"github.com/usher-kyc/usher/internal/emrtd"
	"github.com/usher-kyc/usher/internal/mrz"
)

// endOfDayEverywhere is how long after midnight UTC a day still lasts somewhere (UTC−12).
const endOfDayEverywhere = 12 * time.Hour

// contents looks at what the signed data say, and compares it with the picture and the details.
func (c *Checker) contents(ctx context.Context, v *verdict, s *signed) error {
	v.certificates(s)
	v.portrait(s)
	dg1, ok := s.files[1]
	if !ok {
		if _, sent := v.in.Find(usher.ChipDG1); !sent {
			v.ground(usher.Consider, usher.ChipMissing, string(usher.ChipDG1))
		}
		v.result.NotExamined = append(v.result.NotExamined, "given_details", "mrz_of_document")
		return nil
	}
	lines, err := emrtd.MRZ(dg1)
	var zone mrz.Document
	if err == nil {
		zone, err = mrz.Parse(lines, v.in.Now)
	}
	if err != nil {
		v.ground(usher.Consider, usher.ChipUnreadable, string(usher.ChipDG1))
		v.result.NotExamined = append(v.result.NotExamined, "given_details", "mrz_of_document")
		return nil
	}
	v.result.Fields = document.ZoneFields(zone, lines)
	v.expiry(zone)
	v.details(s)
	return c.picture(ctx, v)
}

// certificates says what is odd about certificates that are in order otherwise.
func (v *verdict) certificates(s *signed) {
	var issued time.Time
	if said, err := emrtd.Details(s.files[12]); err == nil {
		issued = usher.Date(said["date_of_issue"]).Time()
	}
	doubts := s.proof.Doubts(issued, v.in.Now)
	var words []string
	for _, d := range doubts {
		words = append(words, strings.ReplaceAll(string(d), "_", " "))
	}
	read := "signer valid until " + s.proof.Signer.NotAfter.Format(time.DateOnly)
	if len(words) > 0 {
		read = strings.Join(words, ", ")
		v.ground(usher.Consider, usher.ChipUnsure, "certificates")
	}
	v.finding("chip_validity", read, len(words) == 0)
}

// portrait says whether the chip's portrait can be shown and compared.
func (v *verdict) portrait(s *signed) {
	dg2, ok := s.files[2]
	if !ok {
		return
	}
	p, err := emrtd.PortraitOf(dg2)
	switch {
	case err != nil:
		v.finding("chip_portrait", "cannot be read", false)
		v.ground(usher.Consider, usher.ChipUnreadable, string(usher.ChipDG2))
	case p.Format == emrtd.JPEG2000:
		v.finding("chip_portrait", "JPEG 2000, which is kept but cannot be shown or compared here", true)
	default:
		v.finding("chip_portrait", "JPEG", true)
	}
}

// expiry refuses a document whose last day has passed.
func (v *verdict) expiry(zone mrz.Document) {
	last, complete := zone.Expiry.Time()
	expired := complete && v.in.Now.After(last.AddDate(0, 0, 1).Add(endOfDayEverywhere))
	v.finding("expiry", zone.Expiry.String(), complete && !expired)
	switch {
	case !complete:
		v.ground(usher.Consider, usher.ChipUnsure, document.FieldExpiry)
	case expired:
		v.ground(usher.Refuse, usher.DocumentExpired, document.FieldExpiry)
	}
}

// details compares the chip with the details that were given.
func (v *verdict) details(s *signed) {
	findings, reasons := document.Compare(v.in.Details, v.result.Fields)
	if said, err := emrtd.Details(s.files[11]); err == nil && said["personal_number"] != "" && v.in.Details.NationalID != "" {
		same := bare(said["personal_number"]) == bare(v.in.Details.NationalID)
		findings = append(findings, usher.Finding{Name: "personal_number", Given: v.in.Details.NationalID, Read: said["personal_number"], OK: same})
		if !same {
			reasons = append(reasons, usher.Reason{Code: usher.NumberMismatch, Field: "personal_number"})
		}
	}
	v.result.Findings = append(v.result.Findings, findings...)
	for _, r := range reasons {
		v.ground(usher.Consider, r.Code, r.Field)
	}
	if len(findings) > 0 {
		v.result.Examined = append(v.result.Examined, "given_details")
	} else {
		v.result.NotExamined = append(v.result.NotExamined, "given_details")
	}
}

// bare is a number without what only divides it.
func bare(number string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '.' || r == '/' {
			return -1
		}
		return r
	}, strings.ToUpper(number))
}

// picture compares the chip's zone with the one that was read from the picture of the document: they are the same lines,
// printed and stored.
func (c *Checker) picture(ctx context.Context, v *verdict) error {
	const examined = "mrz_of_document"
	if c.config.Document == nil {
		v.result.NotExamined = append(v.result.NotExamined, examined)
		return nil
	}
	read, err := c.config.Document.Check(ctx, v.in)
	if err != nil {
		return fmt.Errorf("read the document: %w", err)
	}
	if read.Fields[document.FieldZone] == "" {
		v.result.NotExamined = append(v.result.NotExamined, examined)
		return nil
	}
	v.result.Examined = append(v.result.Examined, examined)
	for _, field := range []string{
		document.FieldNumber, document.FieldBirthDate, document.FieldExpiry, document.FieldIssuer, document.FieldLastName, document.FieldFirstName,
	} {
		printed, stored := read.Fields[field], v.result.Fields[field]
		same := printed == stored
		v.result.Findings = append(v.result.Findings, usher.Finding{Name: "picture_" + field, Given: printed, Read: stored, OK: same})
		switch {
		case same:
		case field == document.FieldNumber:
			v.ground(usher.Consider, usher.NumberMismatch, field)
		default:
			v.ground(usher.Consider, usher.SidesMismatch, field)
		}
	}
	return nil
}

// Reference gives the chip's portrait as a picture to compare faces with, in place of the photograph of the document's
// front: a JPEG out of DG2, and only where the signature over it holds and leads to a known issuer. ok is false when
// there is none. An error means that a file could not be fetched.
func (c *Checker) Reference(ctx context.Context, in usher.CheckInput) (picture usher.EvidenceFile, ok bool, err error) {
	dg2, sent := in.Find(usher.ChipDG2)
	if !sent {
		return usher.EvidenceFile{}, false, nil
	}
	p, err := c.portrait(ctx, in)
	switch {
	case errors.Is(err, errNoPortrait) || (err == nil && p.Format != emrtd.JPEG):
		return usher.EvidenceFile{}, false, nil
	case err != nil:
		return usher.EvidenceFile{}, false, err
	}
	picture = dg2
	picture.Kind, picture.ContentType, picture.Size = usher.DocumentFront, "image/jpeg", int64(len(p.Data))
	picture.Open = func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(p.Data)), nil }
	return picture, true, nil
}
