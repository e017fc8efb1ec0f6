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
