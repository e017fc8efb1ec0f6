package picture

import (
	"context"
	"crypto/sha256"
	"image"
	"runtime"
	"sync"
	"weak"
)

// shelf lets those who need the same picture at the same time share one decoded copy. It keeps nothing alive: a picture that
// nobody holds any more goes with the next garbage collection, so no face lies in memory longer than it is looked at.
type shelf struct {
	mu      sync.Mutex
	held    map[sum]held
	running map[sum]*decoding
}

// sum is what a file is known by: two files of one hash are one picture.
type sum [sha256.Size]byte

// held is a picture that somebody may still hold. get returns nil once it is gone.
type held struct {
	get func() image.Image
}

// decoding is one decoding in flight. done is closed when img and err are set.
type decoding struct {
	done chan struct{}
	img  image.Image
	err  error
}

func newShelf() *shelf { return &shelf{held: map[sum]held{}, running: map[sum]*decoding{}} }

// fetch returns the picture that is held, joins the decoding in flight, or decodes. Those who joined one that failed decode
// themselves, because it may have failed by the other's deadline.
func (s *shelf) fetch(ctx context.Context, data []byte, decode func() (image.Image, error)) (image.Image, error) {
	key := sum(sha256.Sum256(data))
	s.mu.Lock()
	if h, ok := s.held[key]; ok {
		if img := h.get(); img != nil {
			s.mu.Unlock()
			return img, nil
		}
	}
	if other := s.running[key]; other != nil {
		s.mu.Unlock()
		select {
		case <-other.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if other.err == nil {
			return other.img, nil
		}
		return decode()
	}
	mine := &decoding{done: make(chan struct{}), err: context.Canceled}
	s.running[key] = mine
	s.mu.Unlock()
	// Also after a panic below, so that nobody waits for a picture that does not come.
	defer func() {
		s.mu.Lock()
		delete(s.running, key)
		if mine.err == nil {
			s.put(key, mine.img)
		}
		s.mu.Unlock()
		close(mine.done)
	}()
	mine.img, mine.err = decode()
	return mine.img, mine.err
}

// put notes a picture without keeping it, and forgets the note when the picture goes. The caller holds mu.
func (s *shelf) put(key sum, img image.Image) {
	switch p := img.(type) {
	case *image.YCbCr:
		s.held[key] = note(s, key, p)
	case *image.RGBA:
		s.held[key] = note(s, key, p)
	case *image.Gray:
		s.held[key] = note(s, key, p)
	}
}

func note[T any, P interface {
	*T
	image.Image
}](s *shelf, key sum, p P,
) held {
	pointer := weak.Make((*T)(p))
	runtime.AddCleanup((*T)(p), s.forget, key)
	return held{get: func() image.Image {
		if img := pointer.Value(); img != nil {
			return P(img)
		}
		return nil
	}}
}

// forget drops the note on a picture that is gone, unless another has taken its place.
func (s *shelf) forget(key sum) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h, ok := s.held[key]; ok && h.get() == nil {
		delete(s.held, key)
	}
}
