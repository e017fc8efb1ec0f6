package blob_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/usher-kyc/usher/internal/blob"
	"github.com/usher-kyc/usher/internal/blobtest"
)

// BenchmarkS3 measures whole Puts and Opens in a bucket beside the same bytes put and read in clear by the same client on the same server, which is the
// limit, and the first bytes of a range late in a large file.
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
		content := noise(size)
		name := fmt.Sprintf("%dKB", size>>10)
		plain := func(key string) error {
			_, err := core.PutObject(b.Context(), "plain", key, bytes.NewReader(content), int64(size), "", "", minio.PutObjectOptions{})
			return err
		}
		sealed := func() (blob.Info, error) {
			return s.Put(b.Context(), blob.Object{Tenant: "t1", Applicant: "a1"}, bytes.NewReader(content))
		}
		b.Run(name+"/plain-put", func(b *testing.B) {
			b.SetBytes(int64(size))
			for n := 0; b.Loop(); n++ {
				if err := plain(fmt.Sprint(size, "-", n)); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/Put", func(b *testing.B) {
			b.SetBytes(int64(size))
			for n := uint64(0); b.Loop(); n++ {
				binary.BigEndian.PutUint64(content, n)
				if _, err := sealed(); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/plain-get", func(b *testing.B) {
			if err := plain("get"); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(size))
			for b.Loop() {
				r, _, _, err := core.GetObject(b.Context(), "plain", "get", minio.GetObjectOptions{})
				if err != nil {
					b.Fatal(err)
				}
				drain(b, r)
			}
		})
		info, err := sealed()
		if err != nil {
			b.Fatal(err)
		}
		for part, at := range map[string]blob.Range{"Open": {}, "Open-1KB-late": {Offset: int64(size) - 2000, Length: 1000}} {
			b.Run(name+"/"+part, func(b *testing.B) {
				if b.SetBytes(at.Length); at.Length == 0 {
					b.SetBytes(int64(size))
				}
				for b.Loop() {
					r, err := s.Open(b.Context(), info.Ref, at)
					if err != nil {
						b.Fatal(err)
					}
					drain(b, r)
				}
			})
		}
	}
}

func drain(b *testing.B, r io.ReadCloser) {
	b.Helper()
	if _, err := io.Copy(io.Discard, r); err != nil {
		b.Fatal(err)
	}
	if err := r.Close(); err != nil {
		b.Fatal(err)
	}
}
