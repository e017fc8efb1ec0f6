package bench_test

import (
	"os"
	"testing"

	"github.com/usher-kyc/usher/internal/servertest"
)

func TestMain(m *testing.M) { os.Exit(servertest.Main(m)) }
