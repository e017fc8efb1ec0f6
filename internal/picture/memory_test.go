package picture_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/usher-kyc/usher/internal/picture"
)

// asCrowd makes the test's program take in ten large pictures at once and tell the most memory it held, in kB.
const asCrowd = "USHER_PICTURE_CROWD"

func TestMain(m *testing.M) {
	if os.Getenv(asCrowd) == "" {
		os.Exit(m.Run())
	}
	if err := crowd(os.Getenv(asCrowd)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// crowd decodes, measures and copies ten pictures made of one file.
func crowd(file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	intake := picture.New(picture.Config{Timeout: time.Hour}) // what it holds is in question, not how fast this machine is
	errs := make([]error, 10)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			// A byte behind the end makes each a picture of its own.
			own := append(slices.Clone(data), byte(i))
			img, _, err := intake.Decode(context.Background(), own)
			if err == nil {
				picture.Measure(img)
				_, _, err = intake.Copy(context.Background(), own, picture.CopyConfig{})
			}
			errs[i] = err
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	count, _, _ := strings.Cut(rest, "kB")
	fmt.Println(strings.TrimSpace(count))
	return nil
}

// Ten photographs of 12 megapixels at once stay far below 400 MB: what else a server holds must find room as well.
func TestTenLargePicturesAtOnce(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("decodes 240 megapixels: run without -short, as scripts/test.sh does beside the race detector")
	}
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("the system does not tell what a process holds")
	}
	photo := image.NewYCbCr(image.Rect(0, 0, 4000, 3000), image.YCbCrSubsampleRatio420)
	r := rand.New(rand.NewPCG(1, 1))
	for i := range photo.Y {
		photo.Y[i] = byte(100 + r.IntN(12) + 80*(i/40%2))
	}
	file := t.TempDir() + "/photo.jpg"
	if err := os.WriteFile(file, jpegBytes(t, photo), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), asCrowd+"="+file)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, complaints.String())
	}
	kilobytes, err := strconv.Atoi(strings.TrimSpace(string(out)))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d MB", kilobytes>>10)
	if kilobytes>>10 > 250 {
		t.Errorf("held %d MB, want at most 250", kilobytes>>10)
	}
}
