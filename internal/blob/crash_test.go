package blob_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/usher-kyc/usher/internal/blob"
	"github.com/usher-kyc/usher/internal/blobtest"
	"github.com/usher-kyc/usher/internal/vault"
)

// crashDir, when set in the environment, makes the test binary the server of TestKill instead of running tests.
const crashDir = "USHER_TEST_CRASH_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		fmt.Println(putForever(dir, os.Getenv(crashDir+"_KEYSET")))
		os.Exit(1)
	}
	os.Exit(withS3(m))
}

// The S3 server that all tests share, each with a bucket of its own; nil with the reason when there is none.
var (
	s3    *blobtest.S3
	s3Err error
)

func withS3(m *testing.M) int {
	dir, err := os.MkdirTemp("", "usher-s3-")
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer os.RemoveAll(dir)
	if s3, s3Err = blobtest.NewS3(dir); s3Err == nil {
		defer s3.Stop()
	}
	return m.Run()
}

// putForever puts files from several goroutines and says each reference on standard output once Put has returned. It
// returns only when something fails.
func putForever(dir, wrapped string) error {
	keys, err := fixedKeys(wrapped)
	if err != nil {
		return err
	}
	f, err := blob.OpenFolder(blob.FolderConfig{Dir: dir, Keys: keys})
	if err != nil {
		return err
	}
	failed := make(chan error)
	var out sync.Mutex
	for range 4 {
		go func() {
			for {
				info, err := f.Put(context.Background(), blob.Object{Tenant: "t1", Applicant: "a1"}, bytes.NewReader(crashPicture(rand.Uint64())))
				if err != nil {
					failed <- err
					return
				}
				out.Lock()
				fmt.Println(info.Ref, info.Size)
				out.Unlock()
			}
		}()
	}
	return <-failed
}

// crashPicture returns up to about 2 MB, so that a kill also falls between two segments.
func crashPicture(seed uint64) []byte {
	return bytes.Repeat(fmt.Appendf(nil, "picture %d ", seed), int(seed%100_000)+1)
}

func fixedKeys(wrapped string) (blob.Keys, error) {
	m, err := vault.ParseMaster("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=")
	if err != nil {
		return nil, err
	}
	raw, err := hex.DecodeString(wrapped)
	if err != nil {
		return nil, err
	}
	s, err := m.Unwrap("t1", "a1", raw)
	return func(context.Context, string, string) (blob.Sealer, error) { return s, nil }, err
}

// TestKill kills a server with SIGKILL in the middle of its uploads, several times, and then reads every file it had
// acknowledged, and finds no file under a name that is not whole.
func TestKill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	raw, err := newKeyring(t).master.NewKeyset("t1", "a1")
	if err != nil {
		t.Fatal(err)
	}
	wrapped := hex.EncodeToString(raw)
	acked := map[blob.Ref]int64{}
	for range 4 {
		killAfter(t, dir, wrapped, 5+rand.IntN(20), acked)
	}
	keys, err := fixedKeys(wrapped)
	if err != nil {
		t.Fatal(err)
	}
	f, err := blob.OpenFolder(blob.FolderConfig{Dir: dir, Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := bench{keeper: f, dir: dir}
	whole := 0
	for _, name := range b.files(t) {
		ref, err := blob.ParseRef(name)
		if err != nil {
			continue // a temporary file
		}
		got, err := b.read(t, ref, blob.Range{})
		if err != nil {
			t.Errorf("%v: %v", ref, err)
		}
		if size, ok := acked[ref]; ok {
			whole++
			if size != int64(len(got)) {
				t.Errorf("%v: %d bytes, acknowledged %d", ref, len(got), size)
			}
		}
	}
	if whole != len(acked) {
		t.Errorf("%d of %d acknowledged files are there", whole, len(acked))
	}
}

// killAfter starts the server, waits for n acknowledgements and kills it; what it says until its pipe breaks counts
// too.
func killAfter(t *testing.T, dir, wrapped string, n int, acked map[blob.Ref]int64) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), crashDir+"="+dir, crashDir+"_KEYSET="+wrapped)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for said := 0; lines.Scan(); said++ {
		var text string
		var size int64
		if _, err := fmt.Sscan(lines.Text(), &text, &size); err != nil {
			t.Fatalf("the server says: %s", lines.Text())
		}
		ref, err := blob.ParseRef(text)
		if err != nil {
			t.Fatal(err)
		}
		acked[ref] = size
		if said == n {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the server ended by itself")
	}
}
