package usher_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The rules of the house that a machine can hold; CONTRIBUTING.md has them in
// words. Each rule takes what it looks at as a value, so that TestHouseRulesCanFail
// can show it something bad.

const module = "github.com/usher-kyc/usher"

// goPackage is one package as the rules see it.
type goPackage struct {
	Path        string   // below the module; "." is the root
	Imports     []string // of the non-test files
	TestImports []string
	Files       []goFile
}

// goFile is one parsed source file.
type goFile struct {
	Name  string // below the module
	Test  bool
	Lines int
	Set   *token.FileSet
	AST   *ast.File
}

// at gives the place of a node for a message.
func (f goFile) at(n ast.Node) string {
	return fmt.Sprintf("%s:%d", f.Name, f.Set.Position(n.Pos()).Line)
}

// parse reads one source file for the rules.
func parse(name string, src []byte) (goFile, error) {
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, name, src, parser.ParseComments)
	if err != nil {
		return goFile{}, fmt.Errorf("parse %s: %w", name, err)
	}
	return goFile{
		Name: name, Test: strings.HasSuffix(name, "_test.go"),
		Lines: bytes.Count(src, []byte("\n")), Set: set, AST: tree,
	}, nil
}

// house reads every package of the module.
func house(t *testing.T) []goPackage {
	t.Helper()
	list := exec.Command("go", "list", "-json=ImportPath,Dir,GoFiles,CgoFiles,TestGoFiles,XTestGoFiles,Imports,TestImports,XTestImports", "./...")
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []goPackage
	for decoder := json.NewDecoder(bytes.NewReader(out)); decoder.More(); {
		var l struct {
			ImportPath, Dir                              string
			GoFiles, CgoFiles, TestGoFiles, XTestGoFiles []string
			Imports, TestImports, XTestImports           []string
		}
		if err := decoder.Decode(&l); err != nil {
			t.Fatalf("read go list: %v", err)
		}
		p := goPackage{Path: below(l.ImportPath), Imports: l.Imports, TestImports: slices.Concat(l.TestImports, l.XTestImports)}
		for _, name := range slices.Concat(l.GoFiles, l.CgoFiles, l.TestGoFiles, l.XTestGoFiles) {
			src, err := os.ReadFile(filepath.Join(l.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			file, err := parse(filepath.ToSlash(filepath.Join(p.Path, name)), src)
			if err != nil {
				t.Fatal(err)
			}
			p.Files = append(p.Files, file)
		}
		packages = append(packages, p)
	}
	return packages
}

// below gives a package's path below the module, "." for the root, or "" for a
// package that is not ours.
func below(path string) string {
	if path == module {
		return "."
	}
	inside, ok := strings.CutPrefix(path, module+"/")
	if !ok {
		return ""
	}
	return inside
}

// perPackage makes a rule about one package a rule about all.
func perPackage(rule func(goPackage) []string) func([]goPackage) []string {
	return func(packages []goPackage) (broken []string) {
		for _, p := range packages {
			broken = append(broken, rule(p)...)
		}
		return broken
	}
}

// houseRules are the rules, by the words that a failure should say.
func houseRules() map[string]func([]goPackage) []string {
	return map[string]func([]goPackage) []string{
		"imports go down the floors":            importFloors,
		"the root is pure":                      perPackage(rootIsPure),
		"packages say what they are":            perPackage(packageComments),
		"exported names are explained":          perPackage(docComments),
		"files and functions are short":         perPackage(shortEnough),
		"names say something":                   perPackage(tellingNames),
		"nothing is left to do":                 perPackage(nothingLeftToDo),
		"no state outlives a value":             perPackage(noGlobalState),
		"test packages stay out of the program": testOnly,
	}
}

func TestHouse(t *testing.T) {
	t.Parallel()
	packages := house(t)
	for name, rule := range houseRules() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, broken := range rule(packages) {
				t.Error(broken)
			}
		})
	}
	for _, p := range packages {
		for _, f := range p.Files {
			for _, wish := range longerThan(f, 400, 60) {
				t.Log("could be shorter: " + wish)
			}
		}
	}
}

func TestDependenciesAreExplained(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("docs/DEPENDENCIES.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"go.mod", "tools/go.mod", "tools/s3/go.mod"} {
		out, err := exec.Command("go", "mod", "edit", "-json", file).Output()
		if err != nil {
			t.Fatalf("read %s: %v", file, err)
		}
		var mod modFile
		if err := json.Unmarshal(out, &mod); err != nil {
			t.Fatalf("read %s: %v", file, err)
		}
		for _, broken := range unexplained(mod, string(page)) {
			t.Errorf("%s: %s", file, broken)
		}
	}
}

// modFile is what go mod edit -json tells of a go.mod.
type modFile struct {
	Require []struct {
		Path, Version string
		Indirect      bool
	}
	Tool []struct{ Path string }
}

// unexplained gives the modules that a go.mod asks for directly, or takes a tool
// from, and that no line of page names with their version.
func unexplained(mod modFile, page string) (broken []string) {
	lines := strings.Split(page, "\n")
	for _, r := range mod.Require {
		isTool := slices.ContainsFunc(mod.Tool, func(t struct{ Path string }) bool {
			return t.Path == r.Path || strings.HasPrefix(t.Path, r.Path+"/")
		})
		if r.Indirect && !isTool {
			continue
		}
		if !slices.ContainsFunc(lines, func(l string) bool {
			return strings.Contains(l, "`"+r.Path+"`") && strings.Contains(l, r.Version)
		}) {
			broken = append(broken, fmt.Sprintf("docs/DEPENDENCIES.md has no line for %s %s", r.Path, r.Version))
		}
	}
	return broken
}
