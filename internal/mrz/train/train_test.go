package main

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/usher-kyc/usher/internal/mrz/glyphnet"
	"github.com/usher-kyc/usher/internal/mrz/ocrb"
)

// A few strips must be enough to see the loss fall, and the same seed must
// give the same weights: otherwise the file could not be made again.
func TestTrainingLearnsAndRepeats(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes seconds")
	}
	train := func() (first, last float64, file []byte) {
		p, err := newPress(ocrb.TTF())
		if err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(7, 0))
		cells := p.cells(r, 40)
		net := newNet(r, 32)
		trainer := newTrainer(net)
		first = trainer.epoch(r, cells, 0, 4)
		for epoch := 1; epoch < 4; epoch++ {
			last = trainer.epoch(r, cells, epoch, 4)
		}
		return first, last, net.Encode()
	}
	first, last, file := train()
	if last > first*0.8 {
		t.Errorf("loss went from %.3f to %.3f only", first, last)
	}
	if _, _, again := train(); !slices.Equal(file, again) {
		t.Error("the same seed gave other weights")
	}
}

func TestStripHasEveryKind(t *testing.T) {
	t.Parallel()
	p, err := newPress(ocrb.TTF())
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int]int{}
	for _, c := range p.cells(rand.New(rand.NewPCG(3, 0)), 60) {
		seen[c.class]++
	}
	if len(seen) != glyphnet.Classes || seen[glyphnet.Junk] < 100 {
		t.Errorf("got %d classes, %d cells of junk", len(seen), seen[glyphnet.Junk])
	}
}
