package bench_test

import (
	"os"
	"runtime"
	"testing"

	"github.com/usher-kyc/usher/internal/ops"
	"github.com/usher-kyc/usher/internal/servertest"
)

func TestMain(m *testing.M) {
	pace := ops.Pace() // as the program has it
	code := servertest.Main(m)
	runtime.KeepAlive(pace)
	os.Exit(code)
}
