package mrz_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/usher-kyc/usher/internal/mrz"
	"github.com/usher-kyc/usher/internal/mrz/synth"
)

// benchmark runs read over the pictures in turn on one core and reports the
// median and the 95th part in milliseconds, as a mean would hide retries.
func benchmark(b *testing.B, pictures int, read func(i int) (mrz.Reading, error)) {
	b.Helper()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var took []time.Duration
	i := 0
	for b.Loop() {
		start := time.Now()
		if _, err := read(i % pictures); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(start))
		i++
	}
	slices.Sort(took)
	ms := func(part int) float64 { return float64(took[len(took)*part/100].Microseconds()) / 1000 }
	b.ReportMetric(ms(50), "p50-ms")
	b.ReportMetric(ms(95), "p95-ms")
}

// BenchmarkRead2MP reads photographs of 1600 by 1200 pixels, level mild, all
// formats, already decoded.
func BenchmarkRead2MP(b *testing.B) {
	var pictures []image.Image
	for i := range 10 {
		_, m := photo(b, synth.Options{Format: allFormats[i%len(allFormats)], Level: synth.Mild, Seed: uint64(i)})
		pictures = append(pictures, m)
	}
	benchmark(b, len(pictures), func(i int) (mrz.Reading, error) { return read(pictures[i]) })
}

// BenchmarkRead12MPJPEG decodes and reads JPEG files of 4000 by 3000 pixels.
func BenchmarkRead12MPJPEG(b *testing.B) {
	var files [][]byte
	for i := range 5 {
		p, err := synth.Draw(synth.Options{Format: allFormats[i%len(allFormats)], Level: synth.Mild, Seed: uint64(i), Width: 4000})
		if err != nil {
			b.Fatal(err)
		}
		file, err := p.JPEG(90)
		if err != nil {
			b.Fatal(err)
		}
		files = append(files, file)
	}
	benchmark(b, len(files), func(i int) (mrz.Reading, error) {
		m, err := jpeg.Decode(bytes.NewReader(files[i]))
		if err != nil {
			return mrz.Reading{}, err
		}
		return read(m)
	})
}

// BenchmarkReadNothing is a page without a zone, which takes every retry.
func BenchmarkReadNothing(b *testing.B) {
	m, err := synth.Page(1, synth.Mild)
	if err != nil {
		b.Fatal(err)
	}
	benchmark(b, 1, func(int) (mrz.Reading, error) {
		_, err := read(m)
		if err == nil {
			b.Fatal("found a zone on a page without one")
		}
		return mrz.Reading{}, nil
	})
}
