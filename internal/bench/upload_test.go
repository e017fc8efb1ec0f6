package bench_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/mrz"
	"github.com/usher-kyc/usher/internal/mrz/synth"
	"github.com/usher-kyc/usher/internal/servertest"
)

// BenchmarkUploadMemory has ten people upload a photograph of 12 megapixels each at once, then has them all checked, and reports the
// most memory that the server ever held (resident), after either. Run it with -benchtime 1x: the most is of the whole process.
func BenchmarkUploadMemory(b *testing.B) {
	const people, width = 10, 4000
	drawn, err := synth.Draw(synth.Options{Format: mrz.TD3, Level: synth.Mild, Seed: 1, Width: width})
	if err != nil {
		b.Fatal(err)
	}
	file, err := drawn.JPEG(90)
	if err != nil {
		b.Fatal(err)
	}
	x := open(b)
	all := func(do func(context.Context, int) error) {
		var group sync.WaitGroup
		for i := range people {
			group.Go(func() {
				if err := do(b.Context(), i); err != nil {
					b.Error(err)
				}
			})
		}
		group.Wait()
	}
	for b.Loop() {
		sessions := make([]servertest.Session, people)
		all(func(ctx context.Context, i int) (err error) {
			sessions[i], err = x.begin(ctx)
			return err
		})
		all(func(ctx context.Context, i int) error {
			// A byte behind the end makes each a picture of its own.
			_, _, err := x.Upload(ctx, sessions[i].ID, "document_front", append(slices.Clone(file), byte(i)))
			return err
		})
		b.ReportMetric(float64(x.server.Peak()>>20), "uploads-MB")
		all(func(ctx context.Context, i int) error {
			if _, _, err := x.Upload(ctx, sessions[i].ID, "selfie", append(slices.Clone(file), byte(people+i))); err != nil {
				return err
			}
			submit := fields{"consent": fields{"face": true}, "document": fields{"type": "passport"}}
			if err := x.Post(ctx, "/v1/sessions/"+sessions[i].ID+"/submit", submit, &sessions[i]); err != nil {
				return err
			}
			return x.hooks.wait(sessions[i].ID, usher.SessionReviewRequested)
		})
		b.ReportMetric(float64(x.server.Peak()>>20), "checks-MB")
		b.ReportMetric(float64(len(file))/1024, "kB")
	}
}
