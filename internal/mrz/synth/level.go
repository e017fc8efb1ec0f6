package synth

import "github.com/usher-kyc/usher/internal/mrz"

// Level is how badly a document was printed and photographed.
type Level struct {
	Name        string
	Degrees     float64 // turned at most so much either way
	Perspective float64 // each corner off by at most this part of the card's width
	Blur        float64 // standard deviation, pixels of a 1,600 pixel wide picture; of a smaller one its own pixels
	Noise       float64 // standard deviation, grey levels
	Shade       float64 // light lost across the picture, 0..1
	Glare       float64 // how often a bright spot lies on the card, 0..1
	Curl        float64 // the card's middle bent up by at most this part of its width
	Motion      float64 // the hand moves by at most so many pixels of a 1,600 pixel wide picture
	Ink         float64 // strokes thicker or thinner by at most this part of the pitch
	Ragged      float64 // how far the edges of strokes wander, part of the pitch
	Ground      float64 // how often a picture or strong pattern lies under the print, 0..1
	Shine       float64 // how often a see-through hologram lies over the card, 0..1
	Stamp       float64 // how often a word is printed across the card, zone and all, 0..1
	Foreign     float64 // how often the zone is set in a typeface that is no OCR-B, 0..1
	Quality     [2]int  // of the JPEG file, from and to
	AnyWayUp    bool    // held at any quarter turn
	Fill        float64 // the card takes at least this part of the picture's width (default 0.62)
	Width       int     // of the picture in pixels, height is three quarters
}

// The levels that reading is measured on: the first four have bars, Wild and Rough show where reading ends.
var (
	Clean = Level{Name: "clean", Degrees: 1, Noise: 2, Shade: 0.05, Ink: 0.008, Quality: [2]int{90, 96}, Width: 1600}
	Mild  = Level{Name: "mild", Degrees: 5, Perspective: 0.012, Blur: 0.8, Noise: 6, Shade: 0.25, Ink: 0.012, Ragged: 0.005, Quality: [2]int{82, 95}, Width: 1600}
	Small = Level{Name: "small", Degrees: 2, Perspective: 0.005, Blur: 0.4, Noise: 4, Shade: 0.15, Ink: 0.010, Quality: [2]int{85, 95}, Fill: 0.8, Width: 640}
	Hard  = Level{Name: "hard", Degrees: 12, Perspective: 0.03, Blur: 1.6, Noise: 12, Shade: 0.5, Ink: 0.015, Ragged: 0.01, Quality: [2]int{75, 92}, Width: 1600}
	Wild  = Level{
		Name: "wild", Degrees: 9, Perspective: 0.02, Blur: 1.1, Noise: 9, Shade: 0.45, Glare: 0.35, Curl: 0.012, Motion: 2.5,
		Ink: 0.03, Ragged: 0.02, Ground: 0.6, Shine: 0.35, Stamp: 0.25, Foreign: 0.08,
		Quality: [2]int{30, 80}, AnyWayUp: true, Width: 1600,
	}
	Rough = Level{
		Name: "rough", Degrees: 17, Perspective: 0.05, Blur: 2.4, Noise: 20, Shade: 0.65, Glare: 0.7, Curl: 0.015, Ink: 0.03,
		Ragged: 0.02, Ground: 0.6, Shine: 0.5, Quality: [2]int{30, 60}, Width: 1600,
	}
)

// Levels returns every level, the easiest first.
func Levels() []Level { return []Level{Clean, Mild, Small, Hard, Wild, Rough} }

// Formats returns the formats that can be drawn.
func Formats() []mrz.Format { return []mrz.Format{mrz.TD1, mrz.TD2, mrz.TD3, mrz.MRVA, mrz.MRVB} }
