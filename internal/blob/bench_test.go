package blob_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/usher-kyc/usher/internal/blob"
)

// BenchmarkPut measures a whole Put (encrypt, hash, write, fsync of file and folders) of pictures that all differ,
// beside encrypting and hashing alone, and the same bytes written to a file in clear and synced, in the same run.
func BenchmarkPut(b *testing.B) {
	for _, size := range []int{200 << 10, 4 << 20} {
		b.Run(fmt.Sprintf("%dKB/plain-file", size>>10), func(b *testing.B) {
			content, dir := picture(size), b.TempDir()
			b.SetBytes(int64(size))
			for n := 0; b.Loop(); n++ {
				writePlain(b, filepath.Join(dir, fmt.Sprint(n)), content)
			}
		})
		b.Run(fmt.Sprintf("%dKB/encrypt+hash", size>>10), func(b *testing.B) {
			content := picture(size)
			sealer, err := newKeyring(b).sealer(b.Context(), "t1", "a1")
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(size))
			for b.Loop() {
				w, err := sealer.EncryptingWriter(io.Discard, nil)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := io.Copy(io.MultiWriter(sha256.New(), w), io.LimitReader(bytes.NewReader(content), int64(size))); err != nil {
					b.Fatal(err)
				}
				if err := w.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("%dKB/Put", size>>10), func(b *testing.B) {
			s, content := newBench(b, blob.FolderConfig{}), picture(size)
			b.SetBytes(int64(size))
			for n := uint64(0); b.Loop(); n++ {
				binary.BigEndian.PutUint64(content, n)
				s.put(b, "t1", "a1", content)
			}
		})
		b.Run(fmt.Sprintf("%dKB/Open", size>>10), func(b *testing.B) {
			s := newBench(b, blob.FolderConfig{})
			ref := s.put(b, "t1", "a1", picture(size))
			b.SetBytes(int64(size))
			for b.Loop() {
				r, err := s.Open(b.Context(), ref, blob.Range{})
				if err != nil {
					b.Fatal(err)
				}
				if n, err := io.Copy(io.Discard, r); err != nil || n != int64(size) {
					b.Fatal(n, err)
				}
				r.Close()
			}
		})
	}
}

// BenchmarkPutParallel measures Puts of 200 KB from many goroutines, whose waits for the disk overlap.
func BenchmarkPutParallel(b *testing.B) {
	s := newBench(b, blob.FolderConfig{})
	b.SetBytes(200 << 10)
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		content := picture(200 << 10)
		for n := uint64(0); pb.Next(); n++ {
			binary.BigEndian.PutUint64(content, n)
			if _, err := s.Put(b.Context(), blob.Object{Tenant: "t1", Applicant: "a1"}, bytes.NewReader(content)); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

func writePlain(b *testing.B, name string, content []byte) {
	b.Helper()
	f, err := os.Create(name)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(content); err != nil {
		b.Fatal(err)
	}
	if err := f.Sync(); err != nil {
		b.Fatal(err)
	}
}
