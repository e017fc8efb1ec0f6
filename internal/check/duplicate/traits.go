package duplicate

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/picture"
	"github.com/usher-kyc/usher/internal/watchlist/roman"
)

// shortestNumber is how many letters and digits a number must have to stand for one person or document.
const shortestNumber = 5

// shortestOptional is how long the optional data of a zone must be to be taken for a number of the person.
const shortestOptional = 8

// traitsOf gives what the applicant can be known again by.
func (c *Checker) traitsOf(ctx context.Context, in usher.CheckInput, document usher.CheckResult) ([]usher.Trait, error) {
	var traits []usher.Trait
	add := func(kind usher.TraitKind, value string) {
		t := usher.Trait{Kind: kind, Value: value}
		if value != "" && !slices.ContainsFunc(traits, func(o usher.Trait) bool { return o.Kind == kind && o.Value == value }) {
			traits = append(traits, t)
		}
	}
	f, born := document.Fields, string(in.Details.DateOfBirth)
	if !unsure(document, "number") {
		add(usher.TraitDocument, number(f["number"], f["issuer"]))
	}
	add(usher.TraitNational, number(in.Details.NationalID, ""))
	// What an issuer adds to the zone is the number of the person in many countries, and outlives the document.
	for _, more := range []string{f["optional_1"], f["optional_2"]} {
		if born := f["date_of_birth"]; len(more) >= shortestOptional && born != "" {
			add(usher.TraitNational, number(more, f["issuer"]+"/"+born))
		}
	}
	add(usher.TraitPerson, person(in.Details.FirstName, in.Details.LastName, born))
	if !unsure(document, "date_of_birth") && !unsure(document, "last_name") {
		add(usher.TraitPerson, person(f["first_name"], f["last_name"], f["date_of_birth"]))
	}
	for _, file := range in.Evidence {
		if file.IsSimulated() || !shown(file.Kind) {
			continue
		}
		if file.SHA256 != "" {
			traits = append(traits, usher.Trait{Kind: usher.TraitPicture, Evidence: file.ID, Value: file.SHA256})
		}
		look, err := c.look(ctx, file)
		if err != nil {
			return nil, err
		}
		if look != nil {
			traits = append(traits, *look)
		}
	}
	return traits, nil
}

// unsure tells whether the document check had doubts about a field: a number that was misread is another's.
func unsure(document usher.CheckResult, field string) bool {
	return slices.ContainsFunc(document.Reasons, func(r usher.Reason) bool {
		return r.Field == field && (r.Code == usher.DocumentUnsure || r.Code == usher.DocumentDigitsFail)
	})
}

// shown tells whether evidence of a kind is a picture of the person or their document. A bill that two people of one house send is no duplicate.
func shown(kind usher.EvidenceKind) bool {
	return slices.Contains([]usher.EvidenceKind{usher.DocumentFront, usher.DocumentBack, usher.Selfie}, kind)
}

// look gives how a picture looks, or nil when it cannot be told: what is wrong with a picture is for other checks to say.
func (c *Checker) look(ctx context.Context, file usher.EvidenceFile) (*usher.Trait, error) {
	img, _, err := c.config.Intake.DecodeFrom(ctx, file.Open)
	if picture.CodeOf(err) != "" {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look at %s: %w", file.Kind, err)
	}
	l, ok := picture.LikenessOf(img)
	if !ok {
		return nil, nil
	}
	return &usher.Trait{Kind: usher.TraitLook, Evidence: file.ID, Bands: l.Bands(), Detail: l.Bytes()}, nil
}

// number brings a number into one form, before it where it counts; "" when it is too short to stand for anybody.
func number(value, where string) string {
	plain := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToUpper(r)
		}
		return -1
	}, value)
	if len(plain) < shortestNumber || strings.Trim(plain, plain[:1]) == "" {
		return ""
	}
	return where + "/" + plain
}

// person brings a name and a birth date into one form: the family name and the first of the given names, in either order, in Latin letters, with
// Ü, UE and U as one. It is "" unless the whole birth date and both names are known.
func person(first, last, born string) string {
	firsts, lasts := plainWords(first), plainWords(last)
	if len(born) != len("2006-01-02") || len(firsts) == 0 || len(lasts) == 0 {
		return ""
	}
	parts := []string{firsts[0], strings.Join(lasts, "")}
	slices.Sort(parts)
	return strings.Join(parts, "/") + "/" + born
}

// plainWords gives the words of a name in capitals A to Z, in a form that is the same for the spellings of one name.
func plainWords(name string) []string {
	readings := roman.Read(name)
	if len(readings) == 0 {
		return nil
	}
	fold := strings.NewReplacer("AE", "A", "OE", "O", "UE", "U", "AA", "A", "SS", "S", "'", "", "’", "")
	return strings.FieldsFunc(fold.Replace(strings.ToUpper(readings[0].Text)), func(r rune) bool { return r < 'A' || r > 'Z' })
}
