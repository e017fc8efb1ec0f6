package glyphnet

import (
	"bytes"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sync"
)

// Alphabet is the characters of the classes 0 to 36; class Junk follows them.
const (
	Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<"
	Junk     = len(Alphabet)
	Classes  = Junk + 1
)

// Scores is a probability for each class; they sum to 1.
type Scores [Classes]float32

// leak is the slope of the leaky ReLU below zero.
const leak = 0.1

// Layer is a dense layer: out values from in values, weights row by row.
type Layer struct {
	In, Out int
	Weights []float32
	Bias    []float32
}

// Net is a stack of dense layers from a Cell to Classes. It is only read
// while classifying, so many goroutines may share one.
type Net struct {
	Layers []Layer
}

//go:embed weights.bin
var weights []byte

// Default returns the net that is embedded in the binary.
var Default = sync.OnceValues(func() (*Net, error) { return Decode(weights) })

// Classify returns the probability of each class for an evened cell.
func (n *Net) Classify(c *Cell) Scores {
	var a, b [256]float32
	in := c[:]
	out, next := a[:], b[:]
	for i := range n.Layers {
		l := &n.Layers[i]
		out = out[:l.Out]
		l.forward(in, out)
		if i < len(n.Layers)-1 {
			for j, v := range out {
				if v < 0 {
					out[j] = v * leak
				}
			}
		}
		in, out, next = out, next, out[:cap(out)]
	}
	var s Scores
	softmax(in, s[:])
	return s
}

func (l *Layer) forward(in, out []float32) {
	for o := range out {
		row := l.Weights[o*l.In : (o+1)*l.In]
		out[o] = l.Bias[o] + dot(row, in)
	}
}

// dot keeps four sums so that the processor need not wait for each addition.
func dot(a, b []float32) float32 {
	var s0, s1, s2, s3 float32
	b = b[:len(a)]
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

func softmax(in, out []float32) {
	top := in[0]
	for _, v := range in {
		top = max(top, v)
	}
	var sum float32
	for i, v := range in {
		out[i] = float32(math.Exp(float64(v - top)))
		sum += out[i]
	}
	for i := range out {
		out[i] /= sum
	}
}

// magic begins a weights file; the layout that follows is, for the number of
// layers in one byte: in and out (uint16 each), then per output row a scale
// and a bias (float32 each) and in weights of one signed byte. Little-endian.
const magic = "OCRB1"

// Encode returns the net as a weights file, each weight rounded to one byte.
func (n *Net) Encode() []byte {
	var w bytes.Buffer
	w.WriteString(magic)
	w.WriteByte(byte(len(n.Layers)))
	for _, l := range n.Layers {
		w.Write(binary.LittleEndian.AppendUint16(nil, uint16(l.In)))
		w.Write(binary.LittleEndian.AppendUint16(nil, uint16(l.Out)))
		for o := range l.Out {
			row := l.Weights[o*l.In : (o+1)*l.In]
			var top float32
			for _, v := range row {
				top = max(top, v, -v)
			}
			scale := max(top/127, 1e-9)
			w.Write(binary.LittleEndian.AppendUint32(nil, math.Float32bits(scale)))
			w.Write(binary.LittleEndian.AppendUint32(nil, math.Float32bits(l.Bias[o])))
			for _, v := range row {
				w.WriteByte(byte(int8(math.Round(float64(v / scale)))))
			}
		}
	}
	return w.Bytes()
}

var errWeights = errors.New("glyphnet: not a weights file")

// Decode reads a weights file. It fails when the file is cut short, too long
// or does not lead from a Cell to Classes.
func Decode(file []byte) (*Net, error) {
	rest, ok := bytes.CutPrefix(file, []byte(magic))
	if !ok || len(rest) < 1 {
		return nil, errWeights
	}
	count := int(rest[0])
	rest = rest[1:]
	n := &Net{}
	width := Width * Height
	for range count {
		if len(rest) < 4 {
			return nil, errWeights
		}
		in, out := int(binary.LittleEndian.Uint16(rest)), int(binary.LittleEndian.Uint16(rest[2:]))
		rest = rest[4:]
		if in != width || out < 1 || out > 256 || len(rest) < out*(in+8) {
			return nil, fmt.Errorf("%w: layer %d×%d", errWeights, in, out)
		}
		l := Layer{In: in, Out: out, Weights: make([]float32, 0, in*out), Bias: make([]float32, out)}
		for o := range out {
			scale := math.Float32frombits(binary.LittleEndian.Uint32(rest))
			l.Bias[o] = math.Float32frombits(binary.LittleEndian.Uint32(rest[4:]))
			for _, b := range rest[8 : 8+in] {
				l.Weights = append(l.Weights, float32(int8(b))*scale)
			}
			rest = rest[8+in:]
		}
		n.Layers = append(n.Layers, l)
		width = out
	}
	if width != Classes || len(rest) != 0 {
		return nil, errWeights
	}
	return n, nil
}
