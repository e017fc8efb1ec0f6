package specimen

import (
	"image"
	"image/color"
	"math"
	"strings"
	"time"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomedium"
	"golang.org/x/image/font/gofont/goregular"
)

func labelFont() []byte { return goregular.TTF }
func valueFont() []byte { return gomedium.TTF }
func boldFont() []byte  { return gobold.TTF }

func labelInk() color.Color { return color.RGBA{R: 60, G: 78, B: 110, A: 255} }
func valueInk() color.Color { return color.RGBA{R: 24, G: 24, B: 30, A: 255} }
func titleInk() color.Color { return color.RGBA{R: 30, G: 52, B: 104, A: 255} }

// The sizes of the documents in millimetres (ICAO Doc 9303 part 3, section 2; ISO/IEC 7810 ID-3 and ID-1).
const (
	passportWide, passportHigh = 125.0, 88.0
	cardWide, cardHigh         = 85.6, 53.98
)

// Passport draws the data page of a passport, flat, 1500 × 1056 pixels (TD3, ICAO Doc 9303 part 4).
func Passport(p Person) (image.Image, error) {
	p = p.withDefaults()
	lines, err := p.td3()
	if err != nil {
		return nil, err
	}
	s := newSheet(passportWide, passportHigh)
	s.paper(rgb{0.965, 0.955, 0.925}, rgb{0.72, 0.82, 0.86}, passportHigh-23.2)
	s.text(5, 8.2, 3.4, boldFont(), titleInk(), "UTOPIA")
	s.text(29, 8.2, 1.9, labelFont(), titleInk(), "PASSPORT · PASSEPORT")
	s.text(5, 12.2, 1.15, boldFont(), color.RGBA{R: 170, G: 30, B: 40, A: 255}, "SPECIMEN · NOT A DOCUMENT · DRAWN BY A PROGRAM · NOBODY REAL")

	face := p.portrait(420, 540)
	s.picture(5, 15.5, 35, 45, 1, face)
	s.picture(103, 36, 14, 18, 0.22, face)

	s.field(44, 15.5, "Type / Type", "P")
	s.field(58, 15.5, "Code / Code", p.Issuer)
	s.field(76, 15.5, "Passport No. / No du passeport", p.Number)
	s.field(44, 23, "Surname / Nom", strings.ToUpper(p.LastName))
	s.field(44, 30.5, "Given names / Prénoms", strings.ToUpper(p.FirstNames))
	s.field(44, 38, "Nationality / Nationalité", nationality(p.Nationality))
	s.field(44, 45.5, "Date of birth / Date de naissance", printed(p.BirthDate))
	s.field(80, 45.5, "Sex / Sexe", p.Sex)
	s.field(44, 53, "Place of birth / Lieu de naissance", strings.ToUpper(p.BirthPlace))
	s.field(80, 53, "Date of issue / Délivré le", printed(p.Issued))
	s.field(103, 58.5, "Expires / Expire", printed(p.Expiry))
	s.signature(47, 63.6, 26, p.FirstNames+p.LastName)

	s.across(80, 40, 10.5, 0.42, 0.17, rgb{0.75, 0.10, 0.15}, "SPECIMEN")
	s.mrz(6.6, passportHigh-14.2, lines)
	return s.img, s.err
}

// IDCardFront draws the front of an identity card, flat, 1027 × 647 pixels (TD1, ICAO Doc 9303 part 5).
func IDCardFront(p Person) (image.Image, error) {
	p = p.withDefaults()
	s := newSheet(cardWide, cardHigh)
	s.paper(rgb{0.95, 0.96, 0.95}, rgb{0.70, 0.84, 0.74}, cardHigh)
	s.box(0, 0, cardWide, 8, color.RGBA{R: 24, G: 70, B: 60, A: 255})
	s.text(4, 5.5, 2.6, boldFont(), color.White, "UTOPIA")
	s.text(25, 5.4, 1.7, labelFont(), color.White, "IDENTITY CARD · CARTE D'IDENTITÉ")
	s.picture(4, 11, 25, 32, 1, p.portrait(420, 540))

	s.field(32, 12.5, "Surname / Nom", strings.ToUpper(p.LastName))
	s.field(32, 20, "Given names / Prénoms", strings.ToUpper(p.FirstNames))
	s.field(32, 27.5, "Date of birth / Né(e) le", printed(p.BirthDate))
	s.field(58, 27.5, "Sex / Sexe", p.Sex)
	s.field(68, 27.5, "Nationality", p.Nationality)
	s.field(32, 35, "Card No. / No de carte", p.Number)
	s.field(58, 35, "Expires / Expire", printed(p.Expiry))
	s.signature(33, 45.2, 20, p.FirstNames+p.LastName)
	s.text(4, 51.3, 1.15, boldFont(), color.RGBA{R: 170, G: 30, B: 40, A: 255}, "SPECIMEN · NOT A DOCUMENT · DRAWN BY A PROGRAM · NOBODY REAL")
	s.across(56, 29, 6.6, 0.42, 0.16, rgb{0.75, 0.10, 0.15}, "SPECIMEN")
	return s.img, s.err
}

// IDCardBack draws the back of the identity card with its three machine readable lines, flat, 1027 × 647 pixels.
func IDCardBack(p Person) (image.Image, error) {
	p = p.withDefaults()
	lines, err := p.td1()
	if err != nil {
		return nil, err
	}
	s := newSheet(cardWide, cardHigh)
	s.paper(rgb{0.95, 0.96, 0.95}, rgb{0.70, 0.84, 0.74}, cardHigh-23.2)
	s.field(5, 6, "Place of birth / Lieu de naissance", strings.ToUpper(p.BirthPlace))
	s.field(48, 6, "Date of issue / Délivrée le", printed(p.Issued))
	s.field(5, 14, "Authority / Autorité", "PASSPORT OFFICE OF UTOPIA")
	s.field(48, 20, "Personal No. / No personnel", p.PersonalNumber)
	s.text(5, 28.5, 1.15, boldFont(), color.RGBA{R: 170, G: 30, B: 40, A: 255}, "SPECIMEN · NOT A DOCUMENT · DRAWN BY A PROGRAM · NOBODY REAL")
	s.across(42, 15, 8, 0.15, 0.16, rgb{0.75, 0.10, 0.15}, "SPECIMEN")
	s.mrz(4.7, cardHigh-17.2, lines)
	return s.img, s.err
}

// Selfie draws the person as a phone would see them at arm's length, 960 × 1280 pixels.
func Selfie(p Person) image.Image {
	p = p.withDefaults()
	look := p.look()
	look.clothes = look.clothes.mix(rgb{0.75, 0.72, 0.66}, 0.6) // not the day the passport picture was taken
	room := func(u, v float64) rgb {
		wall := rgb{0.74, 0.71, 0.66}.mix(rgb{0.52, 0.50, 0.48}, 0.6*u+0.2*v)
		// A window and a shelf, out of focus.
		wall = wall.mix(rgb{0.93, 0.95, 0.97}, 0.8*step(min(0.10-math.Abs(u-0.10), 0.20-math.Abs(v-0.22)), 0.03))
		return wall.mix(rgb{0.36, 0.27, 0.20}, 0.7*step(min(0.02-math.Abs(v-0.40), u-0.80), 0.012))
	}
	clean := paintPortrait(look, scene{centreX: 0.505, centreY: 0.465, size: 0.245, tilt: 0.02, light: -0.75, strength: 1.02, background: room}, 960, 1280)
	return grain(clean, p.Face, 3)
}

// portrait is the picture in the document: straight, evenly lit, before a plain wall (Doc 9303 part 3, section 3.9).
func (p Person) portrait(w, h int) image.Image {
	wall := func(_, v float64) rgb { return rgb{0.83, 0.86, 0.89}.times(1 - 0.06*v) }
	return paintPortrait(p.look(), scene{centreX: 0.5, centreY: 0.49, size: 0.345, light: -0.7, strength: 1, background: wall}, w, h)
}

func printed(t time.Time) string { return strings.ToUpper(t.Format("02 Jan 2006")) }

func nationality(code string) string {
	if code == Utopia {
		return "UTOPIAN"
	}
	return code
}
