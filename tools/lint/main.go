// Command lint finds what go vet and staticcheck do not: errors that nobody looks
// at or that are compared with ==, and answer bodies left open.
//
// It is run as go vet -vettool, so that go's build cache remembers what has been
// looked at; scripts/lint.sh does so. docs/decisions/0001 says why these.
package main

import (
	"github.com/kisielk/errcheck/errcheck"
	"github.com/polyfloyd/go-errorlint/errorlint"
	"github.com/timakin/bodyclose/passes/bodyclose"
	"golang.org/x/tools/go/analysis/unitchecker"
)

func main() {
	unitchecker.Main(bodyclose.Analyzer, errcheck.Analyzer, errorlint.NewAnalyzer())
}
