package mrz

import (
	"slices"
	"testing"
	"time"

	"github.com/usher-kyc/usher/internal/mrz/glyphnet"
)

// scored gives the lines as a net would that is sure of them.
func scored(lines []string) [][]glyphnet.Scores {
	all := make([][]glyphnet.Scores, len(lines))
	for row, l := range lines {
		all[row] = make([]glyphnet.Scores, len(l))
		for i := range len(l) {
			for k := range all[row][i] {
				all[row][i][k] = 0.0001
			}
			all[row][i][classOf(l[i])] = 0.99
		}
	}
	return all
}

// doubt makes the net prefer one character where another stands.
func doubt(s *glyphnet.Scores, prefer, over byte) {
	s[classOf(prefer)], s[classOf(over)] = 0.7, 0.25
}

// It needs scores that no picture gives on demand, hence from inside.
func TestRepair(t *testing.T) {
	t.Parallel()
	td3 := []string{"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"}
	for _, tt := range []struct {
		name    string
		change  func(s [][]glyphnet.Scores)
		want    []string
		repairs int
		unsure  []Field
	}{
		{"nothing to do", func([][]glyphnet.Scores) {}, td3, 0, nil},
		{"one character of the number", func(s [][]glyphnet.Scores) { doubt(&s[1][1], 'B', '8') }, td3, 1, []Field{FieldNumber}},
		{
			"two dates", func(s [][]glyphnet.Scores) { doubt(&s[1][14], '9', '4'); doubt(&s[1][26], '6', '5') }, td3, 2,
			[]Field{FieldBirthDate, FieldExpiry},
		},
		{
			// No digit covers a name: the wrong letter stays, and is owned up to.
			"a name", func(s [][]glyphnet.Scores) { doubt(&s[0][5], 'F', 'E') },
			[]string{"P<UTOFRIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", td3[1]},
			0,
			[]Field{FieldSurname},
		},
		{
			"more than can be repaired", func(s [][]glyphnet.Scores) {
				for _, i := range []int{1, 14, 22} {
					doubt(&s[1][i], '3', td3[1][i])
				}
			},
			[]string{td3[0], "L398902C36UTO7308122F1304159ZE184226B<<<<<10"},
			0,
			[]Field{FieldBirthDate, FieldExpiry, FieldNumber},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			scores := scored(td3)
			tt.change(scores)
			l, _ := layoutOf(TD3)
			text := newText(l, scores)
			repaired := text.repair()
			r := text.reading(repaired, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
			if !slices.Equal(r.Lines, tt.want) || len(repaired) != tt.repairs {
				t.Errorf("got %q after %v, want %q", r.Lines, repaired, tt.want)
			}
			for _, f := range tt.unsure {
				if !slices.Contains(r.Unsure, f) {
					t.Errorf("unsure of %v, want %v among them", r.Unsure, f)
				}
			}
			if tt.unsure == nil && len(r.Unsure) > 0 {
				t.Errorf("unsure of %v, want none", r.Unsure)
			}
		})
	}
}
