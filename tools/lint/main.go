// Command lint finds what go vet and staticcheck do not: errors that nobody looks
// at or that are compared with ==, and answer bodies left open.
//
// It is run as go vet -vettool, so that go's build cache remembers what has been
// looked at; scripts/lint.sh does so. docs/decisions/0001 says why these.
package main

import (
	"strings"

	"github.com/kisielk/errcheck/errcheck"
	"github.com/polyfloyd/go-errorlint/errorlint"
	"github.com/timakin/bodyclose/passes/bodyclose"
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/unitchecker"
)

func main() {
	unitchecker.Main(outsideTests(bodyclose.Analyzer), errcheck.Analyzer, errorlint.NewAnalyzer())
}

// outsideTests keeps an analyzer to code that runs in production. bodyclose takes every test that makes or passes on an answer for one that
// leaves it open.
func outsideTests(a *analysis.Analyzer) *analysis.Analyzer {
	kept := *a
	kept.Run = func(pass *analysis.Pass) (any, error) {
		quieter := *pass
		quieter.Report = func(d analysis.Diagnostic) {
			if !strings.HasSuffix(pass.Fset.Position(d.Pos).Filename, "_test.go") {
				pass.Report(d)
			}
		}
		return a.Run(&quieter)
	}
	return &kept
}
