package crashtest_test

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/usher-kyc/usher/internal/servertest"
)

// atOnce is how many tests run side by side, whatever the machine has in cores: they wait for servers, pauses and time limits.
const atOnce = "6"

func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", atOnce); err != nil { // what the command line says comes later
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	os.Exit(servertest.Main(m))
}
