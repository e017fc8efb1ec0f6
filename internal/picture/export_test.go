package picture

import "context"

// Orientation is the EXIF reader, for its fuzz test.
var Orientation = orientation

// Occupy takes a decoding slot of an Intake until the returned function is called.
func Occupy(ctx context.Context, in *Intake) (func(), error) { return in.acquire(ctx) }
