package main

import (
	"math"
	"math/rand/v2"

	"github.com/usher-kyc/usher/internal/mrz/glyphnet"
)

// Settings of Adam and of the loss.
const (
	batch     = 64
	firstRate = 2e-3
	lastRate  = 1e-5
	momentum  = 0.9
	spread    = 0.999
	// softening is the probability given to the wrong classes together, so
	// that the net does not grow surer than its examples allow.
	softening = 0.01
	slope     = 0.1 // of the leaky ReLU, as in glyphnet
)

// newNet has the given hidden widths and random weights after He.
func newNet(r *rand.Rand, hidden ...int) *glyphnet.Net {
	n := &glyphnet.Net{}
	in := glyphnet.Width * glyphnet.Height
	for _, out := range append(hidden, glyphnet.Classes) {
		l := glyphnet.Layer{In: in, Out: out, Weights: make([]float32, in*out), Bias: make([]float32, out)}
		for i := range l.Weights {
			l.Weights[i] = float32(r.NormFloat64() * math.Sqrt(2/float64(in)))
		}
		n.Layers = append(n.Layers, l)
		in = out
	}
	return n
}

// adam keeps the running moments of one slice of parameters.
type adam struct {
	value, gradient, first, second []float32
}

// trainer holds what back propagation needs between examples.
type trainer struct {
	net         *glyphnet.Net
	weight      []adam
	bias        []adam
	activations [][]float32 // of each layer, after the ReLU
	deltas      [][]float32
	steps       int
}

func newTrainer(n *glyphnet.Net) *trainer {
	t := &trainer{net: n}
	moments := func(v []float32) adam {
		return adam{v, make([]float32, len(v)), make([]float32, len(v)), make([]float32, len(v))}
	}
	for _, l := range n.Layers {
		t.weight = append(t.weight, moments(l.Weights))
		t.bias = append(t.bias, moments(l.Bias))
		t.activations = append(t.activations, make([]float32, l.Out))
		t.deltas = append(t.deltas, make([]float32, l.Out))
	}
	return t
}

// epoch goes once through the cells in random order and returns the mean loss.
func (t *trainer) epoch(r *rand.Rand, cells []cell, epoch, epochs int) float64 {
	order := r.Perm(len(cells))
	var loss float64
	for i, at := range order {
		loss += t.example(&cells[at])
		if i%batch == batch-1 || i == len(order)-1 {
			progress := (float64(epoch) + float64(i)/float64(len(order))) / float64(epochs)
			t.update(lastRate + (firstRate-lastRate)*(1+math.Cos(math.Pi*progress))/2)
		}
	}
	return loss / float64(len(cells))
}

// example adds one cell's gradient and returns its loss.
func (t *trainer) example(c *cell) float64 {
	in := c.samples[:]
	last := len(t.net.Layers) - 1
	for i, l := range t.net.Layers {
		out := t.activations[i]
		for o := range out {
			sum := l.Bias[o] + dot(l.Weights[o*l.In:(o+1)*l.In], in)
			if sum < 0 && i < last {
				sum *= slope
			}
			out[o] = sum
		}
		in = out
	}
	loss := crossEntropy(t.activations[last], t.deltas[last], c.class)
	for i := last; i >= 0; i-- {
		below := c.samples[:]
		var under []float32
		if i > 0 {
			below, under = t.activations[i-1], t.deltas[i-1]
		}
		t.backward(i, below, under)
	}
	return loss
}

// dot keeps four sums so that the processor need not wait for each addition.
func dot(a, b []float32) float32 {
	var s0, s1, s2, s3 float32
	for len(a) >= 4 && len(b) >= 4 {
		s0 += a[0] * b[0]
		s1 += a[1] * b[1]
		s2 += a[2] * b[2]
		s3 += a[3] * b[3]
		a, b = a[4:], b[4:]
	}
	for i := range a {
		s0 += a[i] * b[i]
	}
	return s0 + s1 + s2 + s3
}

// backward adds the gradient of layer i and leaves the layer below its delta.
func (t *trainer) backward(i int, below, under []float32) {
	l := t.net.Layers[i]
	clear(under)
	for o, d := range t.deltas[i] {
		if d == 0 {
			continue
		}
		t.bias[i].gradient[o] += d
		gradient := t.weight[i].gradient[o*l.In : (o+1)*l.In]
		for j, v := range below {
			gradient[j] += d * v
		}
		if under == nil {
			continue
		}
		row := l.Weights[o*l.In : (o+1)*l.In]
		for j, w := range row {
			under[j] += d * w
		}
	}
	for j := range under {
		if below[j] < 0 {
			under[j] *= slope
		}
	}
}

// crossEntropy fills delta with softmax minus target and returns the loss.
func crossEntropy(out, delta []float32, class int) float64 {
	top := out[0]
	for _, v := range out {
		top = max(top, v)
	}
	var sum float64
	for _, v := range out {
		sum += math.Exp(float64(v - top))
	}
	for i, v := range out {
		delta[i] = float32(math.Exp(float64(v-top))/sum) - softening/float32(glyphnet.Classes)
	}
	delta[class] -= 1 - softening
	return math.Log(sum) - float64(out[class]-top)
}

func (t *trainer) update(rate float64) {
	t.steps++
	// Adam starts from zero moments; this undoes their bias.
	rate *= math.Sqrt(1-math.Pow(spread, float64(t.steps))) / (1 - math.Pow(momentum, float64(t.steps)))
	for i := range t.weight {
		t.weight[i].step(float32(rate))
		t.bias[i].step(float32(rate))
	}
}

func (a *adam) step(rate float32) {
	for i, g := range a.gradient {
		g /= batch
		a.first[i] += (1 - momentum) * (g - a.first[i])
		a.second[i] += (1 - spread) * (g*g - a.second[i])
		a.value[i] -= rate * a.first[i] / (float32(math.Sqrt(float64(a.second[i]))) + 1e-8)
		a.gradient[i] = 0
	}
}
