package eval

import (
	"fmt"
	"slices"

	"github.com/usher-kyc/usher/internal/watchlist"
)

// lowest is the threshold at which scores are taken: everything the figures are read from lies above it.
const lowest = 0.5

// Scores gives, case by case, the score of the record that should be found, or the highest score of any record for a clean customer; 0 is below the
// lowest threshold that is looked at (0.5).
func Scores(ix *watchlist.Index, cases []Case) ([]float64, error) {
	s := ix.NewSearcher()
	scores := make([]float64, len(cases))
	for i, c := range cases {
		a, err := s.Search(c.Query, watchlist.Options{Possible: lowest, Limit: -1})
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
