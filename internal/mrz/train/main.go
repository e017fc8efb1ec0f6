// Command train makes the weights of package glyphnet, from nothing but the
// OCR-B font and a seed: strips of random characters are drawn (strip.go),
// scratched and worn (damage.go), bent, slanted and brought to the size of a
// picture (spoil.go), exposed as paper, light, camera and JPEG do (expose.go),
// cut into cells and learnt with Adam (learn.go, adam.go, multiply.go). The same
// seed on the same kind of machine gives the same file. It then prints how many
// held-out cells it gets right, which are made as badly as those it learns from.
//
//	GOEXPERIMENT=simd go run ./internal/mrz/train -o internal/mrz/glyphnet/weights.bin
package main

import (
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"time"

	"github.com/usher-kyc/usher/internal/mrz/glyphnet"
	"github.com/usher-kyc/usher/internal/mrz/ocrb"
)

func main() {
	log.SetFlags(0)
	output := flag.String("o", "weights.bin", "file to write")
	seed := flag.Uint64("seed", 1, "seed of everything random")
	strips := flag.Int("strips", 7000, "strips of 20 characters to learn from")
	epochs := flag.Int("epochs", 9, "times to go through them")
	flag.Parse()
	if err := run(*output, *seed, *strips, *epochs, flag.Args()); err != nil {
		log.Fatal(err)
	}
}

// run trains and writes; further arguments are font files, cuts of OCR-B to
// be tried afterwards and never learnt from.
func run(output string, seed uint64, strips, epochs int, otherFonts []string) error {
	start := time.Now()
	learn, err := printCells(ocrb.TTF(), seed, strips)
	if err != nil {
		return err
	}
	held, err := printCells(ocrb.TTF(), seed+1, strips/20+1)
	if err != nil {
		return err
	}
	fmt.Printf("%d cells to learn, %d held out, %.0f s\n", len(learn), len(held), time.Since(start).Seconds())

	random := rand.New(rand.NewPCG(seed, 0))
	net := newNet(random, 8, 16, 64)
	trainer := newTrainer(net)
	for epoch := range epochs {
		loss := trainer.epoch(random, learn, epoch, epochs)
		fmt.Printf("epoch %2d  loss %.4f  held out %s  %.0f s\n", epoch+1, loss, score(net, held), time.Since(start).Seconds())
	}
	file := net.Encode()
	if err := os.WriteFile(output, file, 0o644); err != nil {
		return fmt.Errorf("write weights: %w", err)
	}
	rounded, err := glyphnet.Decode(file)
	if err != nil {
		return err
	}
	fmt.Printf("rounded to bytes: held out %s\n", score(rounded, held))
	for _, name := range otherFonts {
		b, err := os.ReadFile(name)
		if err != nil {
			return fmt.Errorf("read font: %w", err)
		}
		cells, err := printCells(b, seed+1, strips/20+1)
		if err != nil {
			return fmt.Errorf("read font %s: %w", name, err)
		}
		fmt.Printf("%s: %s\n", name, score(rounded, cells))
	}
	return nil
}

// score is the share of right answers among characters, and that among Junk.
func score(net *glyphnet.Net, cells []cell) string {
	var right, all [2]int
	for i := range cells {
		var c glyphnet.Cell
		cells[i].unpack(&c)
		s := net.Classify(&c)
		best := 0
		for c := range s {
			if s[c] > s[best] {
				best = c
			}
		}
		kind := 0
		if cells[i].class == glyphnet.Junk {
			kind = 1
		}
		all[kind]++
		if best == cells[i].class {
			right[kind]++
		}
	}
	return fmt.Sprintf("%.2f %% (junk %.2f %%)", 100*float64(right[0])/float64(all[0]), 100*float64(right[1])/float64(max(all[1], 1)))
}
