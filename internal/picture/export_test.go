package picture

import "context"

// Orientation is the EXIF reader, for its fuzz test.
var Orientation = orientation

// Occupy takes a decoding slot of an Intake until the returned function is called.
func Occupy(ctx context.Context, in *Intake) (func(), error) { return in.acquire(ctx) }

// Held is how many pictures an Intake has notes of.
func Held(in *Intake) int {
	in.shelf.mu.Lock()
	defer in.shelf.mu.Unlock()
	return len(in.shelf.held)
}
