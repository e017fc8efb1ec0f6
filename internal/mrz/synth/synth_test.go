package synth_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/usher-kyc/usher/internal/mrz"
	"github.com/usher-kyc/usher/internal/mrz/synth"
)

func TestDrawIsSeeded(t *testing.T) {
	t.Parallel()
	o := synth.Options{Format: mrz.TD1, Level: synth.Small, Seed: 5}
	a, err := synth.Draw(o)
	if err != nil {
		t.Fatal(err)
	}
	b, err := synth.Draw(o)
	if err != nil || !bytes.Equal(a.Pix, b.Pix) {
		t.Errorf("two pictures of one seed differ (%v)", err)
	}
	o.Seed++
	if c, _ := synth.Draw(o); bytes.Equal(a.Pix, c.Pix) {
		t.Error("two seeds gave one picture")
	}
}

func TestDump(t *testing.T) {
	dir := os.Getenv("DUMP")
	if dir == "" {
		t.Skip()
	}
	for i, f := range []mrz.Format{mrz.TD1, mrz.TD2, mrz.TD3} {
		for _, l := range []synth.Level{synth.Clean, synth.Mild, synth.Hard, synth.Small} {
			p, err := synth.Draw(synth.Options{Format: f, Level: l, Seed: uint64(i)})
			if err != nil {
				t.Fatal(err)
			}
			b, _ := p.JPEG(85)
			os.WriteFile(dir+"/"+string(f)+l.Name+".jpg", b, 0o644)
		}
	}
}
