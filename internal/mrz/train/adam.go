package main

import "math"

// adam keeps the running moments of one slice of parameters.
type adam struct {
	value, gradient, first, second []float32
}

func newAdam(v []float32) adam {
	return adam{v, make([]float32, len(v)), make([]float32, len(v)), make([]float32, len(v))}
}

func (t *trainer) update(rate float64, count int) {
	t.steps++
	// Adam starts from zero moments; this undoes their bias.
	rate *= math.Sqrt(1-math.Pow(spread, float64(t.steps))) / (1 - math.Pow(momentum, float64(t.steps)))
	for _, l := range t.layers {
		l.weight.step(float32(rate), float32(count))
		l.bias.step(float32(rate), float32(count))
	}
}

func (a *adam) step(rate, count float32) {
	for i, g := range a.gradient {
		g /= count
		a.first[i] += (1 - momentum) * (g - a.first[i])
		a.second[i] += (1 - spread) * (g*g - a.second[i])
		a.value[i] -= rate * a.first[i] / (float32(math.Sqrt(float64(a.second[i]))) + 1e-8)
		a.gradient[i] = 0
	}
}
