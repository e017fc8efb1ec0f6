package specimen

import (
	"fmt"
	"time"

	"github.com/usher-kyc/usher/internal/mrz"
)

// td3 returns the two lines of the person's passport.
func (p Person) td3() ([]string, error) {
	d := p.zone(mrz.TD3, "P")
	d.Optional1 = p.PersonalNumber
	return build(d)
}

// td1 returns the three lines of the person's card.
func (p Person) td1() ([]string, error) {
	d := p.zone(mrz.TD1, "I")
	d.Optional1 = p.PersonalNumber
	return build(d)
}

func (p Person) zone(format mrz.Format, code string) mrz.Document {
	return mrz.Document{
		Format: format, DocumentCode: code, Issuer: p.Issuer, Nationality: p.Nationality, Number: p.Number,
		BirthDate: date(p.BirthDate), Expiry: date(p.Expiry), Sex: p.Sex, Surname: p.LastName, GivenNames: p.FirstNames,
	}
}

func date(t time.Time) mrz.Date {
	return mrz.Date{Raw: t.Format("060102"), Year: t.Year(), Month: int(t.Month()), Day: t.Day()}
}

func build(d mrz.Document) ([]string, error) {
	lines, err := mrz.Build(d)
	if err != nil {
		return nil, fmt.Errorf("draw specimen: %w", err)
	}
	return lines, nil
}
