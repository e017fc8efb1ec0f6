package storetest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

var begins = regexp.MustCompile(`^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\s`)

// Statement is one that stands in the source.
type Statement struct{ Place, Text string }

// NeverRun gives the statements in the source of a folder of which no run text has anything: the suite has no test that runs them, so whoever looks at
// plans must look at these as well. texts are the statements that were run.
func NeverRun(folder string, texts map[string]bool) (left []Statement, err error) {
	var all strings.Builder
	for text := range texts {
		all.WriteString(strings.Join(strings.Fields(text), " "))
		all.WriteByte('\n')
	}
	ran := all.String()
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return nil, fmt.Errorf("find the source of the store: %w", err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		set := token.NewFileSet()
		tree, err := parser.ParseFile(set, file, nil, 0)
		if err != nil {
			return nil, fmt.Errorf("read the source of the store: %w", err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			literal, ok := n.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(literal.Value)
			if err == nil && begins.MatchString(text) && !strings.Contains(ran, strings.Join(strings.Fields(text), " ")) {
				left = append(left, Statement{fmt.Sprintf("%s:%d", filepath.Base(file), set.Position(literal.Pos()).Line), text})
			}
			return true
		})
	}
	return left, nil
}
