package picture

import (
	"errors"
	"io"
)

// piece is the room that Gather makes at once, in bytes.
const piece = 256 << 10

// Gather reads until the end, as io.ReadAll does, into pieces that it joins once. A buffer that grows leaves several times
// the size of a large file behind for the garbage collector, and ten uploads at a time would feel that.
func Gather(r io.Reader) ([]byte, error) {
	var full [][]byte
	size := 0
	room := make([]byte, 0, piece)
	for {
		if len(room) == cap(room) {
			full, size, room = append(full, room), size+len(room), make([]byte, 0, piece)
		}
		n, err := r.Read(room[len(room):cap(room)])
		room = room[:len(room)+n]
		if err == nil {
			continue
		}
		if errors.Is(err, io.EOF) {
			err = nil
		}
		if len(full) == 0 {
			return room, err
		}
		whole := make([]byte, 0, size+len(room))
		for _, p := range append(full, room) {
			whole = append(whole, p...)
		}
		return whole, err
	}
}
