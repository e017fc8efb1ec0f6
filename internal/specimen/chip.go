package specimen

import "image"

// PassportZone gives the two lines of the person's passport, which its chip holds as well.
func PassportZone(p Person) ([]string, error) { return p.withDefaults().td3() }

// Portrait draws the picture in the person's documents by itself, 420 × 540 pixels, as a chip holds it.
func Portrait(p Person) image.Image { return p.withDefaults().portrait(420, 540) }
