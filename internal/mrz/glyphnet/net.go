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

// Layer takes a picture of Rows by Columns by In values, the values of one
// place side by side, to one of Out values in each place that it looks at.
// With a Kernel it is a convolution: it looks at every Stride-th place, at a
// square of Kernel by Kernel around it, zero beyond the edge. With Kernel 0 it
// is dense: one place that sees everything.
type Layer struct {
	Rows, Columns, In int
	Kernel, Stride    int
	Out               int
	// Weights is one row of Reach values for each of Out, in the order of the
	// picture; Bias is one value for each of Out.
	Weights []float32
	Bias    []float32
}

// Places is how many rows and columns the layer's result has.
func (l *Layer) Places() (rows, columns int) {
	if l.Kernel == 0 {
		return 1, 1
	}
	return (l.Rows + l.Stride - 1) / l.Stride, (l.Columns + l.Stride - 1) / l.Stride
}

// Reach is how many values of the picture one place sees.
func (l *Layer) Reach() int {
	if l.Kernel == 0 {
		return l.Rows * l.Columns * l.In
	}
	return l.Kernel * l.Kernel * l.In
}

// Gather copies what the place at a row and column of the result sees.
func (l *Layer) Gather(into, picture []float32, row, column int) {
	if l.Kernel == 0 {
		copy(into, picture)
		return
	}
	top, left := row*l.Stride-l.Kernel/2, column*l.Stride-l.Kernel/2
	from, to := max(left, 0), min(left+l.Kernel, l.Columns)
	for y := top; y < top+l.Kernel; y++ {
		part := into[:l.Kernel*l.In]
		into = into[l.Kernel*l.In:]
		if y < 0 || y >= l.Rows || from > left || to < left+l.Kernel {
			clear(part)
		}
		if y >= 0 && y < l.Rows {
			copy(part[(from-left)*l.In:], picture[(y*l.Columns+from)*l.In:(y*l.Columns+to)*l.In])
		}
	}
}

// Net is a stack of layers from a Cell to Classes. It is only read while
// classifying, so many goroutines may share one.
type Net struct {
	Layers []Layer
}

//go:embed weights.bin
var weights []byte

// Default returns the net that is embedded in the binary.
var Default = sync.OnceValues(func() (*Net, error) { return Decode(weights) })

// largest is how many values a layer's result may have, and its reach.
const largest = 1024

// Classify returns the probability of each class for an evened cell.
func (n *Net) Classify(c *Cell) Scores {
	var a, b, reach [largest]float32
	in, out, next := c[:], a[:], b[:]
	for i := range n.Layers {
		l := &n.Layers[i]
		rows, columns := l.Places()
		seen := reach[:l.Reach()]
		for at := range rows * columns {
			l.Gather(seen, in, at/columns, at%columns)
			l.forward(seen, out[at*l.Out:(at+1)*l.Out])
		}
		in = out[:rows*columns*l.Out]
		if i < len(n.Layers)-1 {
			for j, v := range in {
				if v < 0 {
					in[j] = v * leak
				}
			}
		}
		out, next = next, out
	}
	var s Scores
	softmax(in, s[:])
	return s
}

func (l *Layer) forward(in, out []float32) {
	n := len(in)
	o := 0
	for ; o+4 <= len(out); o += 4 {
		w := l.Weights[o*n:][:4*n]
		b := l.Bias[o:][:4]
		s0, s1, s2, s3 := dot4(w[:n], w[n:2*n], w[2*n:3*n], w[3*n:], in)
		out[o], out[o+1], out[o+2], out[o+3] = s0+b[0], s1+b[1], s2+b[2], s3+b[3]
	}
	for ; o < len(out); o++ {
		row := l.Weights[o*n : (o+1)*n]
		out[o] = l.Bias[o]
		for i, v := range in {
			out[o] += row[i] * v
		}
	}
}

// dot4 is four dot products at once: each value is fetched once for all four,
// and the processor need not wait for one addition before it begins another.
func dot4(a, b, c, d, in []float32) (s0, s1, s2, s3 float32) {
	n := len(in)
	a, b, c, d = a[:n], b[:n], c[:n], d[:n]
	for i, v := range in {
		s0 += a[i] * v
		s1 += b[i] * v
		s2 += c[i] * v
		s3 += d[i] * v
	}
	return s0, s1, s2, s3
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
// layers in one byte: kernel, stride (a byte each) and out (uint16), then per
// output a scale and a bias (float32 each) and its weights of one signed byte.
// Little-endian.
const magic = "OCRB2"

// Encode returns the net as a weights file, each weight rounded to one byte.
func (n *Net) Encode() []byte {
	var w bytes.Buffer
	w.WriteString(magic)
	w.WriteByte(byte(len(n.Layers)))
	for i := range n.Layers {
		l := &n.Layers[i]
		w.Write([]byte{byte(l.Kernel), byte(l.Stride)})
		w.Write(binary.LittleEndian.AppendUint16(nil, uint16(l.Out)))
		for o := range l.Out {
			row := l.Weights[o*l.Reach() : (o+1)*l.Reach()]
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
	rows, columns, values := Height, Width, 1
	for range count {
		l := Layer{Rows: rows, Columns: columns, In: values}
		var err error
		if rest, err = l.decode(rest); err != nil {
			return nil, err
		}
		n.Layers = append(n.Layers, l)
		rows, columns = l.Places()
		values = l.Out
	}
	if rows*columns*values != Classes || rows != 1 || len(rest) != 0 {
		return nil, errWeights
	}
	return n, nil
}

// decode reads one layer, whose picture is known, and returns what is left.
func (l *Layer) decode(file []byte) ([]byte, error) {
	if len(file) < 4 {
		return nil, errWeights
	}
	l.Kernel, l.Stride, l.Out = int(file[0]), int(file[1]), int(binary.LittleEndian.Uint16(file[2:]))
	file = file[4:]
	if l.Kernel > 9 || l.Kernel > 0 && (l.Kernel%2 == 0 || l.Stride < 1 || l.Stride > 4) {
		return nil, fmt.Errorf("%w: kernel %d, stride %d", errWeights, l.Kernel, l.Stride)
	}
	rows, columns := l.Places()
	reach := l.Reach()
	if l.Out < 1 || l.Out*rows*columns > largest || reach > largest || len(file) < l.Out*(reach+8) {
		return nil, fmt.Errorf("%w: layer of %d", errWeights, l.Out)
	}
	for range l.Out {
		scale := math.Float32frombits(binary.LittleEndian.Uint32(file))
		l.Bias = append(l.Bias, math.Float32frombits(binary.LittleEndian.Uint32(file[4:])))
		for _, b := range file[8 : 8+reach] {
			l.Weights = append(l.Weights, float32(int8(b))*scale)
		}
		file = file[8+reach:]
	}
	return file, nil
}
