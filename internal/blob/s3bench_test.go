package blob_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/usher-kyc/usher/internal/blob"
	"github.com/usher-kyc/usher/internal/blobtest"
)

// BenchmarkS3 measures whole Puts and Opens in a bucket in turn with the same bytes put and read in clear by the same client on the same server, which is
// the limit, and the time to a kilobyte late in the file.
func BenchmarkS3(b *testing.B) {
	server := blobtest.StartS3(b)
	if _, err := server.Bucket("plain"); err != nil {
		b.Fatal(err)
	}
	core, err := minio.NewCore(server.Addr, &minio.Options{Creds: credentials.NewStaticV4(blobtest.AccessKey, blobtest.SecretKey, ""), Region: "us-east-1"})
	if err != nil {
		b.Fatal(err)
	}
	cfg, err := server.Bucket("sealed")
	if err != nil {
		b.Fatal(err)
	}
	cfg.Keys = newKeyring(b).sealer
	s, err := blob.OpenS3(b.Context(), cfg)
	if err != nil {
		b.Fatal(err)
	}
	for _, size := range []int{200 << 10, 4 << 20, 32 << 20} {
		content, name := noise(size), fmt.Sprintf("%dKB", size>>10)
		var last blob.Info
		b.Run(name+"/put", func(b *testing.B) {
			inTurn(b, size, func(int) error {
				_, err := core.PutObject(b.Context(), "plain", fmt.Sprint(size), bytes.NewReader(content), int64(size), "", "", minio.PutObjectOptions{})
				return err
			}, func(n int) (err error) {
				binary.BigEndian.PutUint64(content, uint64(n))
				last, err = s.Put(b.Context(), blob.Object{Tenant: "t1", Applicant: "a1"}, bytes.NewReader(content))
				return err
			})
		})
		b.Run(name+"/open", func(b *testing.B) {
			inTurn(b, size, func(int) error {
				r, _, _, err := core.GetObject(b.Context(), "plain", fmt.Sprint(size), minio.GetObjectOptions{})
				return drained(r, err)
			}, func(int) error {
				return drained(s.Open(b.Context(), last.Ref, blob.Range{}))
			})
		})
		b.Run(name+"/open-1KB-late", func(b *testing.B) {
			for b.Loop() {
				if err := drained(s.Open(b.Context(), last.Ref, blob.Range{Offset: int64(size) - 2000, Length: 1000})); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// inTurn runs the limit and ours one after the other, so that both have the same neighbours, and reports both and their ratio.
func inTurn(b *testing.B, size int, limit, ours func(n int) error) {
	b.Helper()
	var took [2]time.Duration
	rounds := 0
	for ; b.Loop(); rounds++ {
		for i, do := range []func(int) error{limit, ours} {
			began := time.Now()
			if err := do(rounds); err != nil {
				b.Fatal(err)
			}
			took[i] += time.Since(began)
		}
	}
	bytes := float64(size) * float64(rounds) / 1e6
	b.ReportMetric(bytes/took[0].Seconds(), "limit-MB/s")
	b.ReportMetric(bytes/took[1].Seconds(), "MB/s")
	b.ReportMetric(took[0].Seconds()/took[1].Seconds(), "of-limit")
}

func drained(r io.ReadCloser, err error) error {
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, r)
	return errors.Join(err, r.Close())
}
