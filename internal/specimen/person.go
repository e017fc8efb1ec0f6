package specimen

import (
	"cmp"
	"hash/fnv"
	"time"
)

// Utopia is the country code that ICAO Doc 9303 keeps for specimens.
const Utopia = "UTO"

// Person is who a document is about. The zero value is Anna Maria Eriksson, the holder of the specimens in ICAO Doc
// 9303, with a document that is valid until the end of 2034; every empty field takes its value from her.
type Person struct {
	LastName, FirstNames string
	BirthDate            time.Time
	BirthPlace           string
	// Sex is "F", "M" or "X".
	Sex string
	// Nationality and Issuer are three-letter codes of Doc 9303 part 3.
	Nationality, Issuer string
	// Number is the document number, up to nine letters and digits.
	Number string
	// PersonalNumber is the optional number of the holder, up to 14 letters and digits.
	PersonalNumber string
	Issued, Expiry time.Time
	// Face picks a drawn face. 0 derives one from name and birth date, so that a person looks the same in every picture.
	Face uint64
}

func (p Person) withDefaults() Person {
	day := func(t time.Time, y int, m time.Month, d int) time.Time {
		if t.IsZero() {
			return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
		}
		return t
	}
	p.LastName = cmp.Or(p.LastName, "Eriksson")
	p.FirstNames = cmp.Or(p.FirstNames, "Anna Maria")
	p.BirthDate = day(p.BirthDate, 1974, time.August, 12)
	p.BirthPlace = cmp.Or(p.BirthPlace, "Zenith")
	p.Sex = cmp.Or(p.Sex, "F")
	p.Nationality = cmp.Or(p.Nationality, Utopia)
	p.Issuer = cmp.Or(p.Issuer, Utopia)
	p.Number = cmp.Or(p.Number, "L898902C3")
	p.PersonalNumber = cmp.Or(p.PersonalNumber, "ZE184226B")
	p.Issued = day(p.Issued, 2025, time.January, 1)
	p.Expiry = day(p.Expiry, 2034, time.December, 31)
	if p.Face == 0 {
		h := fnv.New64a()
		// A hash never fails to write.
		_, _ = h.Write([]byte(p.LastName + "\x00" + p.FirstNames + "\x00" + p.BirthDate.Format(time.DateOnly)))
		p.Face = h.Sum64()
	}
	return p
}

// look is what tells one drawn face from another.
type look struct {
	skin, hairColour, iris, clothes rgb
	width                           float64 // of the face, about 1
	volume                          float64 // of the hair, 0..0.2
	brows                           float64 // thickness, about 1
	lashes                          float64 // darkness of the upper lid line, 0..1
	beard                           float64 // 0..1
	lips                            float64 // redness, 0..1
	long                            bool    // hair
}

// look derives a face from the person's seed.
func (p Person) look() look {
	seed := p.Face
	next := func(n int) int {
		// SplitMix64: a fixed recipe, so that a seed means the same face in every version of Go.
		seed += 0x9e3779b97f4a7c15
		z := seed
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		return int((z ^ z>>31) >> 33 % uint64(n))
	}
	skins := []rgb{{0.93, 0.76, 0.65}, {0.88, 0.69, 0.56}, {0.80, 0.60, 0.46}, {0.70, 0.50, 0.37}}
	hairs := []rgb{{0.16, 0.11, 0.08}, {0.33, 0.21, 0.12}, {0.55, 0.38, 0.20}, {0.50, 0.48, 0.47}, {0.42, 0.17, 0.09}}
	irises := []rgb{{0.32, 0.20, 0.11}, {0.28, 0.42, 0.52}, {0.30, 0.40, 0.26}}
	clothes := []rgb{{0.17, 0.24, 0.38}, {0.36, 0.16, 0.20}, {0.16, 0.32, 0.28}, {0.30, 0.30, 0.33}}
	l := look{
		skin: skins[next(len(skins))], hairColour: hairs[next(len(hairs))], iris: irises[next(len(irises))], clothes: clothes[next(len(clothes))],
		width:  0.94 + 0.03*float64(next(5)),
		volume: 0.02 + 0.03*float64(next(4)),
		brows:  0.85 + 0.12*float64(next(4)),
		lashes: 0.80,
		lips:   0.30,
	}
	switch {
	case p.Sex == "F", p.Sex == "X" && next(2) == 0:
		l.long, l.lashes, l.lips, l.volume = true, 0.95, 0.52, l.volume+0.05
	default:
		l.beard = []float64{0, 0, 0.35, 0.7}[next(4)]
	}
	return l
}
