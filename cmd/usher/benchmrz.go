package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/usher-kyc/usher/internal/mrz/eval"
	"github.com/usher-kyc/usher/internal/mrz/synth"
)

// benchMRZ reads every picture of a folder and compares, or makes such a folder.
func benchMRZ(ctx context.Context, c console, args []string) error {
	fs := flag.NewFlagSet("usher bench mrz", flag.ContinueOnError)
	fs.SetOutput(c.err)
	dir := fs.String("dir", "", "folder with manifest.json and images/")
	asJSON := fs.Bool("json", false, "answer as JSON: times are of reading the decoded picture")
	wrong := fs.Bool("wrong", false, "list what was not read exactly, with the lines")
	folder := fs.String("make", "", "draw pictures into this folder instead, with their manifest")
	level := fs.String("level", synth.Mild.Name, "of the pictures that are drawn: "+strings.Join(levelNames(), ", "))
	count := fs.Int("count", 200, "how many are drawn")
	seed := fs.Uint64("seed", 1, "what they are drawn from")
	width := fs.Int("width", 0, "of the pictures that are drawn, in pixels (default: the level's)")
	if err := fs.Parse(args); err != nil {
		return usageError{err}
	}
	switch {
	case fs.NArg() > 0 || (*dir == "") == (*folder == ""):
		return usageError{errors.New("needs --dir FOLDER to read or --make FOLDER to draw")}
	case *folder != "":
		return makeZones(c, *folder, *level, synth.FolderOptions{Count: *count, Seed: *seed, Width: *width})
	}
	outcomes, err := readZones(ctx, *dir)
	if err != nil {
		return err
	}
	if *asJSON {
		return json.NewEncoder(c.out).Encode(eval.Summarise(outcomes))
	}
	if *wrong {
		printWrong(c.out, outcomes)
	}
	return printZones(c.out, outcomes)
}

// levelNames lists what can be drawn; none are sheets without a zone.
func levelNames() []string {
	var names []string
	for _, l := range synth.Levels() {
		names = append(names, l.Name)
	}
	return append(names, eval.None)
}

// makeZones draws pictures into a folder.
func makeZones(c console, folder, level string, o synth.FolderOptions) error {
	names := levelNames()
	i := slices.Index(names, level)
	if i < 0 {
		return usageError{fmt.Errorf("there is no level %q: one of %s", level, strings.Join(names, ", "))}
	}
	if o.Pages = level == eval.None; !o.Pages {
		o.Level = synth.Levels()[i]
	}
	if o.Count < 1 || o.Width < 0 || o.Width > largestDrawing {
		return usageError{fmt.Errorf("draws at least one picture, at most %d pixels wide", largestDrawing)}
	}
	press, err := synth.NewPress()
	if err != nil {
		return err
	}
	if err := press.Make(folder, o); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, "%d pictures in %s\n", o.Count, folder)
	return err
}

// largestDrawing is in pixels; more is refused when it is read.
const largestDrawing = 7000

// readZones reads the pictures of a folder one after the other. It keeps to one core, so that times can be compared.
func readZones(ctx context.Context, dir string) ([]eval.Outcome, error) {
	folder := os.DirFS(dir)
	cases, err := eval.Load(folder)
	if err != nil {
		return nil, err
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var outcomes []eval.Outcome
	runner := eval.Runner{Processor: processorTime}
	// The first picture is read twice: what is made once in a process belongs to no picture.
	if err := runner.Run(ctx, folder, cases[:1], func(eval.Outcome) {}); err != nil {
		return nil, err
	}
	err = runner.Run(ctx, folder, cases, func(o eval.Outcome) { outcomes = append(outcomes, o) })
	return outcomes, err
}

// printWrong lists the pictures that were not read as they stand.
func printWrong(w io.Writer, outcomes []eval.Outcome) {
	for _, o := range outcomes {
		if o.Exact || (o.Case.Kind == eval.None && !o.FalseFind) {
			continue
		}
		fmt.Fprintf(w, "%s %s%s\n", o.Case.File, o.Case.Kind, map[bool]string{true: "  silent", false: ""}[o.SilentWrong])
		switch {
		case o.Refused != "":
			fmt.Fprintln(w, "  refused:", o.Refused)
		case o.Read == nil:
			fmt.Fprintln(w, "  nothing found")
		}
		for i := range max(len(o.Case.Lines), len(o.Read)) {
			for _, lines := range [][]string{o.Case.Lines, o.Read} {
				if i < len(lines) {
					fmt.Fprintln(w, "  "+lines[i])
				}
			}
		}
	}
}

// printZones writes a line for each kind of zone and one for all.
func printZones(w io.Writer, outcomes []eval.Outcome) error {
	byKind := map[string][]eval.Outcome{}
	refused := 0
	for _, o := range outcomes {
		byKind[o.Case.Kind] = append(byKind[o.Case.Kind], o)
		if o.Refused != "" {
			refused++
		}
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "kind\tpictures\tkey right\texact\tfalse finds\tcharacters wrong\tsilently wrong\tread p50 ms\tp95\tdecode and read p50\tp95\tread, processor p50\t")
	row := func(kind string, of []eval.Outcome) {
		f := eval.Summarise(of)
		both := func(o eval.Outcome) time.Duration { return o.Decode + o.Reading }
		processor := func(o eval.Outcome) time.Duration { return o.ReadingProcessor }
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%.2f %%\t%d\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t\n", kind, f.Pictures, f.KeyRight, f.Exact, f.FalseFinds,
			100*f.CharError, f.SilentWrong, f.P50MS, f.P95MS, eval.Percentile(of, 50, both), eval.Percentile(of, 95, both), eval.Percentile(of, 50, processor))
	}
	for _, kind := range eval.Kinds() {
		if len(byKind[kind]) > 0 {
			row(kind, byKind[kind])
		}
	}
	row("all", outcomes)
	if err := t.Flush(); err != nil {
		return fmt.Errorf("write figures: %w", err)
	}
	notes := []string{"One core. Times are by the clock; the last column is what the processor spent, which tells more where other programs run as well."}
	if refused > 0 {
		notes = append(notes, fmt.Sprintf("%d pictures were refused and count as not read.", refused))
	}
	_, err := fmt.Fprintln(w, strings.Join(notes, "\n"))
	return err
}
