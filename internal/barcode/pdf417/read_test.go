package pdf417_test

import (
	"context"
	"fmt"
	"image"
	"math/rand/v2"
	"strings"
	"testing"

	encoder "github.com/boombuler/barcode/pdf417"

	"github.com/usher-kyc/usher/internal/barcode/pdf417"
	"github.com/usher-kyc/usher/internal/barcode/synth"
)

// licence is a payload as on the back of a driving licence, of about 330 bytes.
func licence(r *rand.Rand) string {
	digits := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteByte(byte('0' + r.IntN(10)))
		}
		return b.String()
	}
	elements := []string{
		"DAQ" + digits(9), "DCSSPECIMEN", "DDEN", "DACALEX", "DDFN", "DADJORDAN", "DDGN", "DCAD", "DCBNONE", "DCDNONE",
		"DBD0604" + digits(4), "DBB0110" + digits(4), "DBA0110" + digits(4), "DBC1", "DAU070 in", "DAYBRO", "DAG" + digits(4) + " EXAMPLE STREET",
		"DAISPRINGFIELD", "DAJUT", "DAK" + digits(9) + "  ", "DCF" + digits(16), "DCGUSA", "DDAF", "DDB0604" + digits(4), "DAW180", "DDK1",
		"DAZBRO", "DCK" + digits(20), "DDD0", "DDH0110" + digits(4), "DDL1",
	}
	body := "DL" + strings.Join(elements, "\n") + "\r"
	return fmt.Sprintf("@\n\x1e\rANSI 636000080001DL%04d%04d%s", 31, len(body), body)
}

func draw(t testing.TB, text string, level byte, s synth.Shot) *image.Gray {
	t.Helper()
	code, err := encoder.Encode(text, level)
	if err != nil {
		t.Fatal(err)
	}
	return synth.Photo(code, s)
}

func TestReadClean(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 1))
	for _, degrees := range []float64{0, 90, 180, 270} {
		text := licence(r)
		s, err := pdf417.Read(context.Background(), draw(t, text, 5, synth.Shot{Degrees: degrees}))
		if err != nil || string(s.Bytes) != text {
			t.Errorf("%v degrees: got %q, %v", degrees, s.Bytes, err)
		}
	}
}

// taken is how the pictures of a set are taken.
type taken struct {
	name                                    string
	module, blur, noise, perspective, shade float64
}

var sets = []taken{
	{"sharp", 3, 0, 2, 0, 0},
	{"mild, module 4", 4, 0.8, 6, 0.01, 0.25},
	{"mild, module 3", 3, 1, 8, 0.01, 0.25},
	{"poor, module 3", 3, 1.2, 10, 0.02, 0.25},
	{"small, module 2", 2, 0.8, 6, 0.01, 0.25},
}

// share reads n pictures of a set at -12 to 12 degrees and returns how many were read right, and what became of the others.
func share(t testing.TB, set taken, n int) (right int, others map[string]int) {
	r := rand.New(rand.NewPCG(2, 2))
	others = map[string]int{}
	for i := range n {
		text := licence(r)
		m := draw(t, text, 5, synth.Shot{
			Module: set.module, Blur: set.blur, Noise: set.noise, Perspective: set.perspective, Shade: set.shade, Degrees: 24*r.Float64() - 12, Seed: uint64(i),
		})
		s, err := pdf417.Read(context.Background(), m)
		switch {
		case err != nil:
			others[err.Error()]++
		case string(s.Bytes) != text:
			others["read wrong"]++
		default:
			right++
		}
	}
	return right, others
}

// A few of the pictures that BenchmarkRead reads.
func TestReadPhotographs(t *testing.T) {
	t.Parallel()
	for _, set := range sets {
		t.Run(set.name, func(t *testing.T) {
			t.Parallel()
			if right, others := share(t, set, 5); right != 5 {
				t.Errorf("read %d of 5; %v", right, others)
			}
		})
	}
}

// BenchmarkRead says how many of 200 pictures of each set are read right, in per cent, and the time for one.
func BenchmarkRead(b *testing.B) {
	const n = 200
	for _, set := range sets {
		b.Run(set.name, func(b *testing.B) {
			for b.Loop() {
				right, others := share(b, set, n)
				b.ReportMetric(float64(right)*100/n, "%read")
				if len(others) > 0 {
					b.Log(others)
				}
			}
		})
	}
}
