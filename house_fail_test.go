package usher_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// sample makes packages from sources by path; the imports are those of the files.
func sample(t *testing.T, sources map[string]string) []goPackage {
	t.Helper()
	byPath := map[string]*goPackage{}
	for name, src := range sources {
		path := "."
		if i := strings.LastIndex(name, "/"); i >= 0 {
			path = name[:i]
		}
		p := byPath[path]
		if p == nil {
			p = &goPackage{Path: path}
			byPath[path] = p
		}
		file, err := parse(name, []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range file.AST.Imports {
			imported := strings.Trim(spec.Path.Value, `"`)
			if file.Test {
				p.TestImports = append(p.TestImports, imported)
			} else {
				p.Imports = append(p.Imports, imported)
			}
		}
		p.Files = append(p.Files, file)
	}
	var packages []goPackage
	for _, p := range byPath {
		packages = append(packages, *p)
	}
	return packages
}

func TestHouseRulesCanFail(t *testing.T) {
	t.Parallel()
	imports := func(path string) string { return "package p\nimport _ \"" + path + "\"" }
	ours := func(path string) string { return imports(module + "/" + path) }
	for _, tc := range []struct {
		rule    string
		sources map[string]string
		want    string // part of the one finding; none: the sample is good
	}{
		{"imports go down the floors", map[string]string{"internal/desk/d.go": ours("internal/web")}, ""},
		{"imports go down the floors", map[string]string{"internal/store/sqlite/s.go": ours("internal/store")}, ""},
		{"imports go down the floors", map[string]string{"internal/desk/d_test.go": ours("internal/engine")}, ""},
		{"imports go down the floors", map[string]string{"cmd/usher/m.go": ours("internal/desk")}, ""},
		{"imports go down the floors", map[string]string{"internal/misplaced/m.go": "package m"}, "stands on no floor"},
		{"imports go down the floors", map[string]string{"internal/check/c.go": "package c"}, "stands on no floor"},
		{"imports go down the floors", map[string]string{"r.go": imports("golang.org/x/text/language")}, "the standard library must do"},
		{"imports go down the floors", map[string]string{"r.go": ours("internal/mrz")}, ". imports internal/mrz"},
		{"imports go down the floors", map[string]string{"internal/mrz/m.go": imports(module)}, "internal/mrz imports ."},
		{"imports go down the floors", map[string]string{"internal/web/w.go": ours("internal/desk")}, "internal/web imports internal/desk"},
		{"imports go down the floors", map[string]string{"internal/web/w.go": ours("internal/api")}, "internal/web imports internal/api"},
		{"imports go down the floors", map[string]string{"internal/desk/d.go": ours("internal/engine")}, "internal/desk imports internal/engine"},
		{"imports go down the floors", map[string]string{"internal/dialect/ondato/o.go": ours("internal/dialect/native")}, "imports internal/dialect/native"},
		{"test packages stay out of the program", map[string]string{"internal/desk/d_test.go": ours("internal/browsertest")}, ""},
		{"test packages stay out of the program", map[string]string{"cmd/usher/m.go": ours("internal/browsertest")}, "outside its tests"},
		{"test packages stay out of the program", map[string]string{"internal/desk/d.go": imports("testing")}, "outside its tests"},
		{"the root is pure", map[string]string{"r.go": "package usher\nimport \"time\"\nvar d time.Duration"}, ""},
		{"the root is pure", map[string]string{"internal/desk/d.go": "package desk\nfunc f() { go f() }"}, ""},
		{"the root is pure", map[string]string{"r.go": "package usher\nimport \"time\"\nvar now = time.Now"}, "time.Now"},
		{"the root is pure", map[string]string{"r.go": "package usher\nfunc f() { go f() }"}, "goroutine"},
		{"the root is pure", map[string]string{"r.go": "package usher\nimport _ \"math/rand/v2\""}, "math/rand/v2"},
		{"the root is pure", map[string]string{"r.go": "package usher\nimport _ \"os\""}, "imports os"},
		{"the root is pure", map[string]string{"r.go": "package usher\n" + strings.Repeat("\n", 4500)}, "4501 lines"},
		{"packages say what they are", map[string]string{"p.go": "// Package p holds p.\npackage p", "q.go": "package p"}, ""},
		{"packages say what they are", map[string]string{"p_test.go": "package p_test"}, ""},
		{"packages say what they are", map[string]string{"p.go": "package p"}, "no package comment"},
		{"packages say what they are", map[string]string{"p.go": "// Holds p.\npackage p"}, "no package comment"},
		{"exported names are explained", map[string]string{"p.go": "package p\n// An A is one.\ntype A struct{ B int }\n// C and D.\nconst (\nC = 1\nD = 2\n)\ntype e int\nfunc (e) F() {}"}, ""},
		{"exported names are explained", map[string]string{"p.go": "package p\ntype A int"}, "A has no comment"},
		{"exported names are explained", map[string]string{"p.go": "package p\n// Does it.\nfunc F() {}"}, "F has no comment"},
		{"exported names are explained", map[string]string{"p.go": "package p\n// Box is one.\ntype Box[T any] struct{}\nfunc (b *Box[T]) M() {}"}, "M has no comment"},
		{"exported names are explained", map[string]string{"p.go": "package p\nconst (\nC = 1\n)"}, "C has no comment"},
		{"files and functions are short", map[string]string{"p.go": "package p\n" + strings.Repeat("\n", 600)}, "601 lines"},
		{"files and functions are short", map[string]string{"p.go": "package p\nfunc f() {" + strings.Repeat("\n", 80) + "}"}, "f has 81 lines"},
		{"files and functions are short", map[string]string{"p_test.go": "package p\nfunc f() {" + strings.Repeat("\n", 80) + "}"}, ""},
		{"files and functions are short", map[string]string{"p.go": "// Code generated by x. DO NOT EDIT.\npackage p\n" + strings.Repeat("\n", 600)}, ""},
		{"names say something", map[string]string{"p.go": "package p\ntype Management int"}, ""},
		{"names say something", map[string]string{"p.go": "package utils"}, "package utils"},
		{"names say something", map[string]string{"p_test.go": "package common_test"}, "package common_test"},
		{"names say something", map[string]string{"p.go": "package p\ntype FlowManager int"}, "type FlowManager"},
		{"nothing is left to do", map[string]string{"p.go": "package p\n// Todos are listed.\nvar s = \"TODO\""}, ""},
		{"nothing is left to do", map[string]string{"p.go": "package p\nfunc f() {\n// TODO later\n}"}, "p.go:3: a TODO"},
		{"no state outlives a value", map[string]string{"p.go": "package p\nvar a = 1\nfunc f() { a := 2; a = 3; _ = a }\ntype t struct{}\nfunc (t) init() {}"}, ""},
		{"no state outlives a value", map[string]string{"p.go": "package p\nvar _ = 1\nfunc f() { _ = 2 }"}, ""},
		{"no state outlives a value", map[string]string{"p.go": "package p\nfunc init() {}"}, "init function"},
		{"no state outlives a value", map[string]string{"p.go": "package p\nvar a int\nfunc f() { a = 1 }"}, "a changes"},
		{"no state outlives a value", map[string]string{"p.go": "package p\nvar a int", "q.go": "package p\nfunc f() { a++ }"}, "a changes"},
		{"no state outlives a value", map[string]string{"p.go": "package p\nvar a map[string]int\nfunc f() { a[\"x\"] = 1 }"}, "a changes"},
	} {
		found := houseRules()[tc.rule](sample(t, tc.sources))
		switch {
		case tc.want == "" && len(found) > 0:
			t.Errorf("%s: finds %q in a good sample %v", tc.rule, found, tc.sources)
		case tc.want != "" && (len(found) != 1 || !strings.Contains(found[0], tc.want)):
			t.Errorf("%s: finds %q, want one finding with %q", tc.rule, found, tc.want)
		}
	}
}

func TestUnexplainedDependencyIsFound(t *testing.T) {
	t.Parallel()
	var mod modFile
	if err := json.Unmarshal([]byte(`{
		"Require": [
			{"Path": "example.test/used", "Version": "v1.2.3"},
			{"Path": "example.test/behind", "Version": "v1.0.0", "Indirect": true},
			{"Path": "example.test/tool", "Version": "v0.1.0", "Indirect": true}
		],
		"Tool": [{"Path": "example.test/tool/cmd/x"}]
	}`), &mod); err != nil {
		t.Fatal(err)
	}
	for page, want := range map[string]int{
		"`example.test/used` v1.2.3\n`example.test/tool` v0.1.0": 0,
		"`example.test/used` v1.2.2\n`example.test/tool` v0.1.0": 1,
		"`example.test/used/more` v1.2.3":                        2,
	} {
		if got := unexplained(mod, page); len(got) != want {
			t.Errorf("with the page %q: %q, want %d findings", page, got, want)
		}
	}
}
