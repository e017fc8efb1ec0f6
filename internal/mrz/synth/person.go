package synth

import (
	"math/rand/v2"
	"time"

	"github.com/usher-kyc/usher/internal/mrz"
)

// epoch is the day on which every drawn document is looked at; a fixed one, so
// that pictures stay the same.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

var (
	surnames = []string{
		"ERIKSSON", "NORDQVIST", "OLIVEIRA", "VAN DER BERG", "KOWALCZYK", "GARCIA LOPEZ", "WU", "JOHANSSON", "MUELLER",
		"QUISPE", "ZHELYAZKOVA", "FITZGERALD", "XAVIER", "HAKKINEN", "DUPONT", "YILMAZ", "BUI", "STEVENSON", "O",
		"WOJCIECHOWSKA", "DE LA FUENTE Y MARTINEZ", "JIJI", "ILLIIL", "BBABDAD", "OQODQO", "SZCZEPANSKI", "VAINIOKAINEN",
		"KRISHNAMURTHY", "THORGEIRSDOTTIR", "NGUYEN", "AL FARSI", "MBEKI", "WHITTINGTON SMYTHE",
	}
	givenNames = []string{
		"ANNA MARIA", "PETER", "JOAO", "INGRID", "KAROLINA", "JUAN CARLOS", "LI", "MAX", "ZOE", "FREJA", "GUSTAV ADOLF",
		"QUENTIN", "WILHELMINA", "BJOERN", "XIMENA", "TOVE", "EMIL", "HUGO VIKTOR", "", "I", "MAKSYMILIAN KAZIMIERZ JAN",
		"ALEXANDRINA VICTORIA", "YUKI", "VLADYSLAV", "FATIMA ZAHRA", "OLUWASEUN", "JEAN PIERRE",
	}
	states = []string{
		"UTO", "D", "SWE", "BRA", "POL", "ESP", "NLD", "FIN", "PRT", "MEX", "LTU", "EST", "GBR", "CHE", "JPN", "ZAF", "IND", "KOR", "TUR",
		"UKR", "IRL", "ISL", "COL", "PER", "ARG", "GRC", "HRV", "AUT", "BEL", "DNK", "NOR", "LVA", "MAR", "EGY", "NGA", "KEN", "VNM", "PHL",
	}
)

// person draws the lots for a document of the format.
func person(r *rand.Rand, format mrz.Format) mrz.Document {
	pick := func(from []string) string { return from[r.IntN(len(from))] }
	state := pick(states)
	d := mrz.Document{
		Format:       format,
		DocumentCode: "I",
		Issuer:       state,
		Nationality:  state,
		Number:       code(r, 9),
		Sex:          pick([]string{"M", "F", "F", "M", "X"}),
		Surname:      pick(surnames),
		GivenNames:   pick(givenNames),
		BirthDate:    date(epoch.AddDate(0, 0, -6600-r.IntN(22000))),
		Expiry:       date(epoch.AddDate(0, 0, r.IntN(3600))),
	}
	if r.IntN(8) == 0 {
		d.Nationality = pick(states)
	}
	if r.IntN(5) == 0 {
		d.Number = code(r, 7+r.IntN(2))
	}
	switch format {
	case mrz.TD3:
		d.DocumentCode = pick([]string{"P", "P", "P", "PD", "PO"})
	case mrz.MRVA, mrz.MRVB:
		d.DocumentCode = pick([]string{"V", "V", "VB"})
	case mrz.TD1:
		d.DocumentCode = pick([]string{"I", "ID", "AC", "IR", "C"})
		if r.IntN(4) == 0 {
			d.Number = code(r, 12)
		}
	}
	if r.IntN(2) == 0 && len(d.Number) <= 9 {
		d.Optional1 = code(r, 5+r.IntN(3))
	}
	if format == mrz.TD1 && r.IntN(3) == 0 {
		d.Optional2 = code(r, 4+r.IntN(7))
	}
	return d
}

// code is a document number: mostly digits, with letters at the beginning.
func code(r *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = '0' + byte(r.IntN(10))
		if i < 2 && r.IntN(2) == 0 || r.IntN(8) == 0 {
			b[i] = 'A' + byte(r.IntN(26))
		}
	}
	return string(b)
}

func date(t time.Time) mrz.Date {
	return mrz.Date{Raw: t.Format("060102"), Year: t.Year(), Month: int(t.Month()), Day: t.Day()}
}
