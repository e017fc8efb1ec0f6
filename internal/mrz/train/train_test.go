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
		cells, err := printCells(ocrb.TTF(), 7, 20)
		if err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(7, 0))
		net := newNet(r, 4, 8, 32)
		trainer := newTrainer(net)
		first = trainer.epoch(r, cells, 0, 4)
		for epoch := 1; epoch < 4; epoch++ {
			last = trainer.epoch(r, cells, epoch, 4)
		}
		return first, last, net.Encode()
	}
	first, last, file := train()
	if last > first*0.9 {
		t.Errorf("loss went from %.3f to %.3f only", first, last)
	}
	if _, _, again := train(); !slices.Equal(file, again) {
		t.Error("the same seed gave other weights")
	}
}

func TestStripHasEveryKind(t *testing.T) {
	t.Parallel()
	cells, err := printCells(ocrb.TTF(), 3, 60)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int]int{}
	for _, c := range cells {
		seen[c.class]++
	}
	if len(seen) != glyphnet.Classes || seen[glyphnet.Junk] < 100 {
		t.Errorf("got %d classes, %d cells of junk", len(seen), seen[glyphnet.Junk])
	}
}

// What a layer hands down must be the slope of its loss: a little more of one
// input changes the loss by as much as its delta says.
func TestBackwardIsTheSlope(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 0))
	l := glyphnet.Layer{Rows: 5, Columns: 4, In: 2, Kernel: 3, Stride: 2, Out: 3}
	l.Weights, l.Bias = make([]float32, l.Reach()*l.Out), make([]float32, l.Out)
	for i := range l.Weights {
		l.Weights[i] = float32(r.NormFloat64())
	}
	learner := newLearner(&l)
	picture := make([]float32, 5*4*2)
	for i := range picture {
		picture[i] = float32(r.NormFloat64())
	}
	loss := func() (sum float64) {
		for i, v := range learner.forward(picture, 1, true) {
			sum += float64(v) * float64(i+1)
		}
		return sum
	}
	before := loss()
	for i := range learner.places * l.Out {
		learner.delta[i] = float32(i + 1)
	}
	below := make([]float32, len(picture))
	learner.backward(below, 1)
	for i := range picture {
		const little = 0.125
		picture[i] += little
		if got, want := (loss()-before)/little, float64(below[i]); got-want > 1e-3 || want-got > 1e-3 {
			t.Errorf("input %d: loss changes by %.4f, delta is %.4f", i, got, want)
		}
		picture[i] -= little
	}
}
