package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/check/document"
	"github.com/usher-kyc/usher/internal/mrz/eval"
	"github.com/usher-kyc/usher/internal/mrz/synth"
)

// benchChecking is the word by which the measurement starts this program a second time, to check one picture and tell the most memory it held.
const benchChecking = "checking"

// documentBench is one run of `usher bench document`.
type documentBench struct {
	dir                            string
	count, pages, large, wide, all int // all overrides the width of what is not large
	seed                           uint64
	press                          *synth.Press
	say                            func(format string, args ...any)
	rows                           []documentRow
	agreed, silent                 int
}

// documentRow is a figure and the bar that it is held against; no bar for what is told only.
type documentRow struct{ measure, figure, bar, verdict string }

// benchDocument draws documents and sheets, reads them, and holds what comes out against the bars.
func benchDocument(ctx context.Context, c console, args []string) error {
	if len(args) == 2 && args[0] == benchChecking {
		return checkOnce(ctx, c, args[1])
	}
	fs := flag.NewFlagSet("usher bench document", flag.ContinueOnError)
	fs.SetOutput(c.err)
	b := documentBench{say: func(format string, args ...any) { fmt.Fprintf(c.err, format+"\n", args...) }}
	fs.StringVar(&b.dir, "dir", "", "keep the pictures in this folder, and take those that are there (default: a temporary one)")
	fs.IntVar(&b.count, "count", 200, "documents of each level")
	fs.IntVar(&b.pages, "pages", 500, "sheets without a zone")
	fs.IntVar(&b.large, "large", 20, "large documents")
	fs.IntVar(&b.wide, "large-width", 4000, "width of the large documents, in pixels")
	fs.IntVar(&b.all, "width", 0, "width of all others, in pixels (default: their level's)")
	fs.Uint64Var(&b.seed, "seed", 5000, "what everything is drawn from")
	if err := fs.Parse(args); err != nil {
		return usageError{err}
	}
	if fs.NArg() > 0 || b.count < 1 || b.all < 0 || b.pages < 1 || b.large < 1 || b.wide < 1 || b.wide > largestDrawing {
		return usageError{errors.New("draws at least one picture of each sort")}
	}
	if b.dir == "" {
		temp, err := os.MkdirTemp("", "usher-bench")
		if err != nil {
			return fmt.Errorf("make folder: %w", err)
		}
		defer os.RemoveAll(temp) // a temporary folder; what is left of it the system removes
		b.dir = temp
	}
	if err := b.run(ctx); err != nil {
		return err
	}
	return b.print(c.out)
}

func (b *documentBench) run(ctx context.Context) (err error) {
	if b.press, err = synth.NewPress(); err != nil {
		return err
	}
	for _, level := range []struct {
		synth.Level

		bar float64 // share of pictures read exactly, 0 for none
	}{{synth.Clean, 0.99}, {synth.Mild, 0.99}, {synth.Small, 0.99}, {synth.Hard, 0.80}, {synth.Wild, 0}} {
		outcomes, err := b.read(ctx, level.Name, synth.FolderOptions{Level: level.Level, Count: b.count, Width: b.all})
		if err != nil {
			return err
		}
		f := eval.Summarise(outcomes)
		b.atLeast(level.Name+": all lines exact", float64(f.Exact)/float64(f.Pictures), level.bar)
		if level.Name == synth.Mild.Name {
			b.within("2 megapixels, read", outcomes, 50, 30, reading)
			b.within("2 megapixels, read", outcomes, 95, 90, reading)
		}
	}
	pages, err := b.read(ctx, eval.None, synth.FolderOptions{Pages: true, Count: b.pages, Width: b.all})
	if err != nil {
		return err
	}
	f := eval.Summarise(pages)
	b.atMost(fmt.Sprintf("false finds on %d sheets without a zone", f.Pictures), float64(f.FalseFinds), 0, "")
	b.within("sheet without a zone, read", pages, 50, -1, reading)
	b.atMost("every digit right, a wrong character not marked", 100*float64(b.silent)/float64(max(b.agreed, 1)), 1, "%")
	large, err := b.read(ctx, "large", synth.FolderOptions{Level: synth.Mild, Count: b.large, Width: b.wide})
	if err != nil {
		return err
	}
	both := func(o eval.Outcome) (clock, processor time.Duration) {
		return o.Decode + o.Reading, o.DecodeProcessor + o.ReadingProcessor
	}
	b.within(fmt.Sprintf("%d megapixels, decode and read", b.wide*b.wide*3/4/1_000_000), large, 50, 250, both)
	return b.memory(ctx, filepath.Join(b.dir, "large", large[0].Case.File))
}

// read draws a set, unless it is there, and reads it.
func (b *documentBench) read(ctx context.Context, name string, o synth.FolderOptions) ([]eval.Outcome, error) {
	folder := filepath.Join(b.dir, name)
	if _, err := os.Stat(filepath.Join(folder, "manifest.json")); errors.Is(err, os.ErrNotExist) {
		b.say("drawing %d pictures: %s", o.Count, name)
		o.Seed = b.seed
		if err := b.press.Make(folder, o); err != nil {
			return nil, err
		}
	}
	b.say("reading: %s", name)
	outcomes, err := readZones(ctx, folder)
	for _, of := range outcomes {
		if of.Agreed {
			b.agreed++
		}
		if of.SilentWrong {
			b.silent++
		}
	}
	return outcomes, err
}

// memory checks one large picture in a process of its own.
func (b *documentBench) memory(ctx context.Context, file string) error {
	b.say("checking one large picture")
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	cmd := exec.CommandContext(ctx, program, "bench", "document", benchChecking, file)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("check one picture: %w: %s", err, complaints.String())
	}
	mb, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	if err != nil {
		return fmt.Errorf("check one picture: %w", err)
	}
	b.atMost("most memory of one document check of that size", mb, 150, "MB")
	return nil
}

// checkOnce runs the document check over one picture and prints the most memory that this process held, in MB.
func checkOnce(ctx context.Context, c console, file string) error {
	checker := document.New(document.Config{})
	result, err := checker.Check(ctx, usher.CheckInput{Now: time.Now(), Evidence: []usher.EvidenceFile{{
		Evidence: usher.Evidence{ID: "1", Kind: usher.DocumentFront},
		Open:     func(context.Context) (io.ReadCloser, error) { return os.Open(file) },
	}}})
	if err != nil {
		return err
	}
	if result.Fields["mrz"] == "" {
		return errors.New("the picture was not read")
	}
	_, err = fmt.Fprintln(c.out, memoryMB(os.Getpid(), "VmHWM"))
	return err
}

func (b *documentBench) atLeast(measure string, share, bar float64) {
	row := documentRow{measure: measure, figure: fmt.Sprintf("%.1f %%", 100*share)}
	if bar > 0 {
		row.bar, row.verdict = fmt.Sprintf("≥ %.0f %%", 100*bar), verdictOf(share >= bar)
	}
	b.rows = append(b.rows, row)
}

// reading is what a picture took once it was decoded.
func reading(o eval.Outcome) (clock, processor time.Duration) { return o.Reading, o.ReadingProcessor }

// within notes a time by the clock, and beside it the processor's, which other programs do not lengthen as much.
func (b *documentBench) within(measure string, outcomes []eval.Outcome, percent int, bar float64, of func(eval.Outcome) (clock, processor time.Duration)) {
	clock := func(o eval.Outcome) time.Duration { c, _ := of(o); return c }
	processor := func(o eval.Outcome) time.Duration { _, p := of(o); return p }
	b.atMost(fmt.Sprintf("%s, p%d", measure, percent), eval.Percentile(outcomes, percent, clock), bar, "ms")
	row := &b.rows[len(b.rows)-1]
	spent := eval.Percentile(outcomes, percent, processor)
	row.figure += fmt.Sprintf(" (processor %.1f)", spent)
	if row.verdict == verdictOf(false) && spent > 0 && spent <= bar {
		row.verdict = "missed by the clock, met by the processor's time: other programs ran"
	}
}

// atMost notes a figure that should be low; a bar below 0 is none.
func (b *documentBench) atMost(measure string, figure, bar float64, unit string) {
	row := documentRow{measure: measure, figure: strings.TrimSpace(strconv.FormatFloat(figure, 'f', 1, 64) + " " + unit)}
	if bar >= 0 {
		row.bar, row.verdict = strings.TrimSpace(fmt.Sprintf("≤ %g %s", bar, unit)), verdictOf(figure <= bar)
	}
	b.rows = append(b.rows, row)
}

func verdictOf(met bool) string {
	if met {
		return "met"
	}
	return "missed"
}

func (b *documentBench) print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "measure\tfigure\tbar\t")
	for _, r := range b.rows {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", r.measure, r.figure, r.bar, r.verdict)
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("write figures: %w", err)
	}
	return nil
}
