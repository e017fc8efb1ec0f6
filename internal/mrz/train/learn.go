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

// newNet has random weights after He: two convolutions, which make the same
// stroke count wherever it stands, and dense layers.
func newNet(r *rand.Rand, first, second, hidden int) *glyphnet.Net {
	n := &glyphnet.Net{}
	rows, columns, values := glyphnet.Height, glyphnet.Width, 1
	for _, s := range [][3]int{{5, 2, first}, {3, 2, second}, {0, 0, hidden}, {0, 0, glyphnet.Classes}} {
		l := glyphnet.Layer{Rows: rows, Columns: columns, In: values, Kernel: s[0], Stride: s[1], Out: s[2]}
		l.Weights, l.Bias = make([]float32, l.Reach()*l.Out), make([]float32, l.Out)
		for i := range l.Weights {
			l.Weights[i] = float32(r.NormFloat64() * math.Sqrt(2/float64(l.Reach())))
		}
		n.Layers = append(n.Layers, l)
		rows, columns = l.Places()
		values = l.Out
	}
	return n
}

// learner is a layer while it learns, with room for one batch.
type learner struct {
	*glyphnet.Layer
	places  int
	columns int
	weight  adam // Reach rows of Out
	bias    adam

	seen   []float32 // batch·places rows of what each place sees
	result []float32 // batch·places rows of Out, after the ReLU
	delta  []float32 // the same, of the loss
	turned []float32 // scratch
	under  []float32 // delta of seen
}

func newLearner(l *glyphnet.Layer) *learner {
	rows, columns := l.Places()
	n := batch * rows * columns
	reach := l.Reach()
	return &learner{
		Layer: l, places: rows * columns, columns: columns,
		weight: newAdam(transposed(make([]float32, len(l.Weights)), l.Weights, l.Out, reach)),
		bias:   newAdam(l.Bias),
		seen:   make([]float32, n*reach), result: make([]float32, n*l.Out), delta: make([]float32, n*l.Out),
		turned: make([]float32, max(n, l.Out)*max(reach, l.Out)), under: make([]float32, n*reach),
	}
}

// forward takes count pictures, one after the other, through the layer.
func (l *learner) forward(pictures []float32, count int, last bool) []float32 {
	reach, size := l.Reach(), l.Rows*l.Columns*l.In
	for i := range count {
		for at := range l.places {
			l.Gather(l.seen[(i*l.places+at)*reach:][:reach], pictures[i*size:][:size], at/l.columns, at%l.columns)
		}
	}
	n := count * l.places
	for i := range n {
		copy(l.result[i*l.Out:(i+1)*l.Out], l.Bias)
	}
	multiply(l.result, l.seen, l.weight.value, n, reach, l.Out)
	if !last {
		for i, v := range l.result[:n*l.Out] {
			if v < 0 {
				l.result[i] = v * slope
			}
		}
	}
	return l.result[:n*l.Out]
}

// backward gathers the gradient from delta, and adds to below, unless it is
// nil, what the layer underneath should have given.
func (l *learner) backward(below []float32, count int) {
	reach, n := l.Reach(), count*l.places
	delta := l.delta[:n*l.Out]
	multiply(l.weight.gradient, transposed(l.turned, l.seen[:n*reach], n, reach), delta, reach, n, l.Out)
	for i := range n {
		for o, d := range delta[i*l.Out : (i+1)*l.Out] {
			l.bias.gradient[o] += d
		}
	}
	if below == nil {
		return
	}
	under := l.under[:n*reach]
	clear(under)
	multiply(under, delta, transposed(l.turned, l.weight.value, reach, l.Out), n, l.Out, reach)
	size := l.Rows * l.Columns * l.In
	clear(below[:count*size])
	for i := range count {
		for at := range l.places {
			l.scatter(below[i*size:][:size], under[(i*l.places+at)*reach:][:reach], at/l.columns, at%l.columns)
		}
	}
}

// scatter is the way back of Gather.
func (l *learner) scatter(picture, from []float32, row, column int) {
	if l.Kernel == 0 {
		for i, v := range from {
			picture[i] += v
		}
		return
	}
	for ky := range l.Kernel {
		for kx := range l.Kernel {
			y, x := row*l.Stride-l.Kernel/2+ky, column*l.Stride-l.Kernel/2+kx
			if y < 0 || y >= l.Rows || x < 0 || x >= l.Columns {
				continue
			}
			into := picture[(y*l.Columns+x)*l.In:][:l.In]
			for i, v := range from[(ky*l.Kernel+kx)*l.In:][:l.In] {
				into[i] += v
			}
		}
	}
}

// trainer takes a net through its lessons.
type trainer struct {
	layers []*learner
	input  []float32
	steps  int
}

func newTrainer(n *glyphnet.Net) *trainer {
	t := &trainer{input: make([]float32, batch*glyphnet.Width*glyphnet.Height)}
	for i := range n.Layers {
		t.layers = append(t.layers, newLearner(&n.Layers[i]))
	}
	return t
}

// epoch goes once through the cells in random order, each a little changed,
// and returns the mean loss.
func (t *trainer) epoch(r *rand.Rand, cells []cell, epoch, epochs int) float64 {
	order := r.Perm(len(cells))
	var loss float64
	for from := 0; from < len(order); from += batch {
		some := order[from:min(from+batch, len(order))]
		loss += t.lesson(r, cells, some)
		progress := (float64(epoch) + float64(from)/float64(len(order))) / float64(epochs)
		t.update(lastRate+(firstRate-lastRate)*(1+math.Cos(math.Pi*progress))/2, len(some))
	}
	t.store()
	return loss / float64(len(cells))
}

// lesson adds the gradients of some cells and returns their loss.
func (t *trainer) lesson(r *rand.Rand, cells []cell, some []int) float64 {
	const size = glyphnet.Width * glyphnet.Height
	for i, at := range some {
		cells[at].unpack((*glyphnet.Cell)(t.input[i*size:]))
		disturb(r, (*glyphnet.Cell)(t.input[i*size:]))
	}
	last := len(t.layers) - 1
	pictures := t.input
	for i, l := range t.layers {
		pictures = l.forward(pictures, len(some), i == last)
	}
	var loss float64
	for i, at := range some {
		from := i * glyphnet.Classes
		loss += crossEntropy(pictures[from:][:glyphnet.Classes], t.layers[last].delta[from:][:glyphnet.Classes], cells[at].class)
	}
	for i := last; i > 0; i-- {
		below := t.layers[i-1]
		t.layers[i].backward(below.delta, len(some))
		for j, v := range below.result[:len(some)*below.places*below.Out] {
			if v < 0 {
				below.delta[j] *= slope
			}
		}
	}
	t.layers[0].backward(nil, len(some))
	return loss
}

// store writes what was learnt into the net.
func (t *trainer) store() {
	for _, l := range t.layers {
		transposed(l.Weights, l.weight.value, l.Reach(), l.Out)
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
