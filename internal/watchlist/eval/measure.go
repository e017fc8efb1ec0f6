package eval

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/usher-kyc/usher/internal/watchlist"
)

// lowest is the threshold at which scores are taken: everything the figures are read from lies above it.
const lowest = 0.5

// Accuracy says what share of the drawn cases is found at one threshold, and what share of clean customers is hit at the same threshold.
type Accuracy struct {
	Threshold       float64 `json:"threshold"`
	RecallMisspelt  float64 `json:"recall_misspelt"`
	RecallEveryWord float64 `json:"recall_every_word"`
	RecallAlias     float64 `json:"recall_alias"`
	CleanHitRate    float64 `json:"clean_hit_rate"`
	Cases           int     `json:"cases"` // of each kind of listed name
	Clean           int     `json:"clean"` // clean customers
}

// Measure draws cases from a seed (half as many left-out aliases, for those need an index of their own) and takes all figures at the default
// threshold for a possible hit. aliases is the id of the list whose aliases are left out.
func Measure(entities []watchlist.Entity, aliases string, cases, clean int, seed uint64) (Accuracy, error) {
	a := Accuracy{Threshold: watchlist.PossibleDefault, Clean: clean}
	ix, err := watchlist.Build(slices.Values(entities), nil)
	if err != nil {
		return a, fmt.Errorf("build: %w", err)
	}
	leftOut, without := LeftOut(entities, aliases, (cases+1)/2, seed)
	short, err := watchlist.Build(slices.Values(without), nil)
	if err != nil {
		return a, fmt.Errorf("build without aliases: %w", err)
	}
	misspelt := Misspelt(entities, cases, seed)
	a.Cases = len(misspelt)
	for _, m := range []struct {
		ix    *watchlist.Index
		cases []Case
		share *float64
	}{
		{ix, misspelt, &a.RecallMisspelt},
		{ix, EveryWord(entities, cases, seed), &a.RecallEveryWord},
		{short, leftOut, &a.RecallAlias},
		{ix, Clean(clean, seed), &a.CleanHitRate},
	} {
		scores, err := Scores(m.ix, m.cases)
		if err != nil {
			return a, err
		}
		*m.share = Share(scores, a.Threshold)
	}
	return a, nil
}

// Scores gives, case by case, the score of the record that should be found, or the highest score of any record for a clean customer; 0 is below the
// lowest threshold that is looked at (0.5).
func Scores(ix *watchlist.Index, cases []Case) ([]float64, error) {
	s := ix.NewSearcher()
	scores := make([]float64, len(cases))
	for i, c := range cases {
		a, err := s.Search(c.Query, watchlist.Options{Possible: lowest, Match: 1, Limit: -1})
		if err != nil {
			return nil, fmt.Errorf("case %d: %w", i, err)
		}
		for _, h := range a.Hits {
			if c.Key == "" || h.Key() == c.Key {
				scores[i] = max(scores[i], h.Score)
			}
		}
	}
	return scores, nil
}

// Share gives the share of scores that reach a threshold.
func Share(scores []float64, threshold float64) float64 {
	n := 0
	for _, s := range scores {
		if s >= threshold {
			n++
		}
	}
	return float64(n) / float64(max(len(scores), 1))
}

// ThresholdFor gives the lowest threshold (in steps of a ten-thousandth) at which at most a share of clean customers is hit.
func ThresholdFor(clean []float64, share float64) float64 {
	s := slices.Clone(clean)
	slices.Sort(s)
	allowed := int(share * float64(len(s)))
	if allowed >= len(s) {
		return 0
	}
	return s[len(s)-1-allowed] + 0.0001
}

// Batch searches all cases in one goroutine and gives names per second of processor time.
func Batch(ix *watchlist.Index, cases []Case) (float64, error) {
	s := ix.NewSearcher()
	before := processorTime()
	for i, c := range cases {
		if _, err := s.Search(c.Query, watchlist.Options{}); err != nil {
			return 0, fmt.Errorf("case %d: %w", i, err)
		}
	}
	return float64(len(cases)) / (processorTime() - before).Seconds(), nil
}

// Snapshots gives how long an index takes to build, to save in dir and to open again, in seconds.
type Snapshots struct {
	Build float64 `json:"build_s"`
	Save  float64 `json:"save_s"`
	Open  float64 `json:"open_s"`
	Bytes int64   `json:"bytes"`
}

// MeasureSnapshots builds, saves and opens an index of the records. What it writes to dir it removes.
func MeasureSnapshots(entities []watchlist.Entity, dir string) (m Snapshots, err error) {
	path := filepath.Join(dir, "eval.snapshot")
	start := time.Now()
	ix, err := watchlist.Build(slices.Values(entities), nil)
	if err != nil {
		return m, fmt.Errorf("build: %w", err)
	}
	m.Build, start = time.Since(start).Seconds(), time.Now()
	if err := ix.Save(path); err != nil {
		return m, fmt.Errorf("save: %w", err)
	}
	defer os.Remove(path)
	m.Save, start = time.Since(start).Seconds(), time.Now()
	if _, err := watchlist.Open(path); err != nil {
		return m, fmt.Errorf("open: %w", err)
	}
	m.Open = time.Since(start).Seconds()
	info, err := os.Stat(path)
	if err != nil {
		return m, fmt.Errorf("look at the snapshot: %w", err)
	}
	m.Bytes = info.Size()
	return m, nil
}

// Changed gives the records of after that are not in before or say something else there.
func Changed(before, after []watchlist.Entity) (changed []watchlist.Entity, err error) {
	had := map[string]string{}
	for _, e := range before {
		if had[e.Key()], err = e.Hash(); err != nil {
			return nil, err
		}
	}
	for _, e := range after {
		hash, err := e.Hash()
		if err != nil {
			return nil, err
		}
		if had[e.Key()] != hash {
			changed = append(changed, e)
		}
	}
	return changed, nil
}

// Delta says how a run of all applicants against the changed records alone compares with a run against all records.
type Delta struct {
	Applicants   int     `json:"applicants"`
	Records      int     `json:"changed_records"`
	Hits         int     `json:"hits"`
	Seconds      float64 `json:"delta_s"`     // with all processors
	CPUSeconds   float64 `json:"delta_cpu_s"` // processor time
	FullSeconds  float64 `json:"full_s"`
	Missed       int     `json:"missed"` // hits on changed records that only the full run has
	Extra        int     `json:"extra"`  // hits, or scores, that only the run against the changed records has
	BytesPerHead float64 `json:"bytes_per_applicant"`
}

// Applicants draws n customers in the form kept for monitoring. Every thousandth bears the name of one of the records with a slip, so that there is
// something to find.
func Applicants(records []watchlist.Entity, n int, seed uint64) ([][]byte, error) {
	cases := Clean(n, seed)
	for i, c := range Misspelt(records, (n+999)/1000, seed) {
		if i*1000 < len(cases) {
			cases[i*1000] = c
		}
	}
	kept := make([][]byte, len(cases))
	var p watchlist.Prepared
	for i, c := range cases {
		if err := p.Set(c.Query); err != nil {
			return nil, fmt.Errorf("applicant %d: %w", i, err)
		}
		b, err := p.MarshalBinary()
		if err != nil {
			return nil, fmt.Errorf("applicant %d: %w", i, err)
		}
		kept[i] = b
	}
	return kept, nil
}

// MeasureDelta runs all applicants against an index of the changed records and against one of all records (which contain the changed ones), and
// compares every hit on a changed record with its score.
func MeasureDelta(all, changed []watchlist.Entity, applicants [][]byte) (Delta, error) {
	d := Delta{Applicants: len(applicants), Records: len(changed)}
	for _, b := range applicants {
		d.BytesPerHead += float64(len(b)) / float64(len(applicants))
	}
	few, err := watchlist.Build(slices.Values(changed), nil)
	if err != nil {
		return d, fmt.Errorf("build of changed records: %w", err)
	}
	full, err := watchlist.Build(slices.Values(all), nil)
	if err != nil {
		return d, fmt.Errorf("build of all records: %w", err)
	}
	wanted := map[string]bool{}
	for _, e := range changed {
		wanted[e.Key()] = true
	}
	start, processor := time.Now(), processorTime()
	found, err := runAll(few, applicants, wanted)
	if err != nil {
		return d, err
	}
	d.Seconds, d.CPUSeconds = time.Since(start).Seconds(), (processorTime() - processor).Seconds()
	start = time.Now()
	expected, err := runAll(full, applicants, wanted)
	if err != nil {
		return d, err
	}
	d.FullSeconds = time.Since(start).Seconds()
	d.Hits = len(found)
	for hit := range expected {
		if !found[hit] {
			d.Missed++
		}
	}
	for hit := range found {
		if !expected[hit] {
			d.Extra++
		}
	}
	return d, nil
}

// applicantHit is a hit of one applicant on one record with its score.
type applicantHit struct {
	applicant int
	key       string
	score     float64
}

// runAll searches all applicants with all processors and gives the hits on the wanted records.
func runAll(ix *watchlist.Index, applicants [][]byte, wanted map[string]bool) (map[applicantHit]bool, error) {
	var (
		mu    sync.Mutex
		group sync.WaitGroup
		first error
		found = map[applicantHit]bool{}
	)
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		group.Go(func() {
			s := ix.NewSearcher()
			var p watchlist.Prepared
			for i := w; i < len(applicants); i += workers {
				err := p.UnmarshalBinary(applicants[i])
				var a watchlist.Answer
				if err == nil {
					a, err = s.SearchPrepared(&p, watchlist.Options{Limit: -1})
				}
				if err == nil && len(a.Hits) == 0 {
					continue
				}
				mu.Lock()
				if err != nil && first == nil {
					first = fmt.Errorf("applicant %d: %w", i, err)
				}
				for _, h := range a.Hits {
					if wanted[h.Key()] {
						found[applicantHit{i, h.Key(), h.Score}] = true
					}
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	return found, first
}
