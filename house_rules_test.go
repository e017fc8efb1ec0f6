package usher_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strings"
)

// floor is where a package stands; a package imports only from floors below.
type floor int

const (
	nowhere floor = iota
	library       // knows nothing of usher and can be used alone
	root          // the domain
	kit           // shared by leaves
	leaf          // one technology or surface
	command       // wires leaves together
	testKit       // serves tests, may import everything and is imported by tests only
)

// floors says where each package stands. A pattern's star stands for one folder;
// folders below a pattern belong to the same family.
func floors() map[floor][]string {
	return map[floor][]string{
		root:    {"."},
		library: {"internal/mrz", "internal/barcode", "internal/watchlist", "internal/picture", "internal/specimen", "internal/emrtd", "internal/natid", "internal/trace", "client", "web"},
		kit:     {"internal/api", "internal/web", "internal/store", "internal/flow", "internal/vault", "internal/door"},
		leaf: {
			"internal/engine", "internal/blob", "internal/webhook", "internal/check/*", "internal/dialect/*", "internal/hosted",
			"internal/desk", "internal/auth", "internal/audit", "internal/account", "internal/ops", "internal/report", "internal/receipt", "internal/screening", "internal/sender",
		},
		command: {"cmd/*"},
		testKit: {
			"internal/browsertest", "internal/storetest", "internal/enginetest", "internal/servertest", "internal/dialecttest", "internal/crashtest", "internal/sim",
			"internal/bench", "internal/blobtest", "internal/postgrestest", "internal/sqlitetest",
		},
	}
}

// stand gives a package's floor and its family: packages of one family may import
// each other.
func stand(path string) (floor, string) {
	for level, patterns := range floors() {
		for _, pattern := range patterns {
			want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
			if len(got) < len(want) || (pattern == "." && path != ".") {
				continue
			}
			fits := true
			for i := range want {
				fits = fits && (want[i] == "*" || want[i] == got[i])
			}
			if fits {
				return level, strings.Join(got[:len(want)], "/")
			}
		}
	}
	return nowhere, path
}

// importFloors holds the arrows: root and libraries below kits below leaves below
// the command.
func importFloors(packages []goPackage) (broken []string) {
	mayImport := map[floor][]floor{
		root:    {},
		library: {library},
		kit:     {root, library},
		leaf:    {root, library, kit},
		command: {root, library, kit, leaf},
		testKit: {root, library, kit, leaf, testKit},
	}
	for _, p := range packages {
		level, family := stand(p.Path)
		if level == nowhere {
			broken = append(broken, p.Path+" stands on no floor: give it one in house_rules_test.go")
			continue
		}
		for _, path := range p.Imports {
			to := below(path)
			if to == "" {
				if first, _, _ := strings.Cut(path, "/"); level == root && strings.Contains(first, ".") {
					broken = append(broken, fmt.Sprintf("the root imports %s: the standard library must do", path))
				}
				continue
			}
			toLevel, toFamily := stand(to)
			if family != toFamily && !slices.Contains(mayImport[level], toLevel) {
				broken = append(broken, fmt.Sprintf("%s imports %s, which is not on a floor below", p.Path, to))
			}
		}
	}
	return broken
}

// testOnly keeps packages that serve tests, and the testing package with them, out
// of what is built into the program.
func testOnly(packages []goPackage) (broken []string) {
	for _, p := range packages {
		level, _ := stand(p.Path)
		if level == testKit {
			continue
		}
		for _, path := range p.Imports {
			if to, _ := stand(below(path)); to == testKit || path == "testing" {
				broken = append(broken, fmt.Sprintf("%s imports %s outside its tests", p.Path, path))
			}
		}
	}
	return broken
}

// rootIsPure keeps clocks, chance, goroutines and the outside world out of the
// root, which holds the rules that must always answer the same.
func rootIsPure(p goPackage) (broken []string) {
	if p.Path != "." {
		return nil
	}
	const limit = 4500
	impure := regexp.MustCompile(`^(os|os/.*|net|net/http.*|net/rpc.*|net/smtp|io/fs|io/ioutil|math/rand.*|crypto/rand|database/.*|syscall|unsafe|plugin|embed|log)$`)
	clocks := []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTicker", "NewTimer"}
	lines := 0
	for _, f := range p.Files {
		if f.Test {
			continue
		}
		lines += f.Lines
		for _, spec := range f.AST.Imports {
			if path := strings.Trim(spec.Path.Value, `"`); impure.MatchString(path) {
				broken = append(broken, fmt.Sprintf("%s: the root imports %s", f.at(spec), path))
			}
		}
		ast.Inspect(f.AST, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				broken = append(broken, f.at(n)+": the root starts a goroutine")
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && x.Obj == nil && slices.Contains(clocks, n.Sel.Name) {
					broken = append(broken, fmt.Sprintf("%s: the root reads a clock: time.%s", f.at(n), n.Sel.Name))
				}
			}
			return true
		})
	}
	if lines > limit {
		broken = append(broken, fmt.Sprintf("the root has %d lines, more than %d", lines, limit))
	}
	return broken
}

// packageComments asks each package for a comment that begins as go doc expects.
func packageComments(p goPackage) []string {
	var name string
	for _, f := range p.Files {
		if f.Test {
			continue
		}
		name = f.AST.Name.Name
		start := "Package " + name + " "
		if name == "main" {
			start = "Command "
		}
		if f.AST.Doc != nil && strings.HasPrefix(f.AST.Doc.Text(), start) {
			return nil
		}
	}
	if name == "" {
		return nil // nothing but tests
	}
	return []string{p.Path + " has no package comment"}
}

// docComments asks each exported name for a comment that begins with it. Constants
// and variables of one group may share the group's comment.
func docComments(p goPackage) (broken []string) {
	for _, f := range p.Files {
		if f.Test {
			continue
		}
		check := func(name *ast.Ident, doc *ast.CommentGroup) {
			if name.IsExported() && !beginsWith(doc, name.Name) {
				broken = append(broken, fmt.Sprintf("%s: %s has no comment that begins with its name", f.at(name), name.Name))
			}
		}
		for _, decl := range f.AST.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				if receiver := receiverName(decl); receiver == "" || ast.IsExported(receiver) {
					check(decl.Name, decl.Doc)
				}
			case *ast.GenDecl:
				checkGroup(decl, check, func(name *ast.Ident) {
					broken = append(broken, fmt.Sprintf("%s: %s has no comment", f.at(name), name.Name))
				})
			}
		}
	}
	return broken
}

// checkGroup hands each name of a declaration to check, or to bare when a group of
// constants or variables leaves it with no comment of any kind.
func checkGroup(decl *ast.GenDecl, check func(*ast.Ident, *ast.CommentGroup), bare func(*ast.Ident)) {
	for _, spec := range decl.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			doc := spec.Doc
			if doc == nil && !decl.Lparen.IsValid() {
				doc = decl.Doc
			}
			check(spec.Name, doc)
		case *ast.ValueSpec:
			for _, name := range spec.Names {
				switch {
				case !decl.Lparen.IsValid():
					check(name, decl.Doc)
				case name.IsExported() && decl.Doc == nil && spec.Doc == nil && spec.Comment == nil:
					bare(name)
				}
			}
		}
	}
}

// beginsWith says whether a comment begins with name, an article before it being
// allowed as in the standard library.
func beginsWith(doc *ast.CommentGroup, name string) bool {
	words := strings.Fields(doc.Text())
	if len(words) > 1 && slices.Contains([]string{"A", "An", "The"}, words[0]) {
		words = words[1:]
	}
	return len(words) > 1 && strings.TrimRight(words[0], ",:") == name
}

// receiverName is the name of the type that a method belongs to, or "".
func receiverName(decl *ast.FuncDecl) string {
	if decl.Recv == nil || len(decl.Recv.List) == 0 {
		return ""
	}
	name := ""
	ast.Inspect(decl.Recv.List[0].Type, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && name == "" {
			name = id.Name
		}
		return name == ""
	})
	return name
}

// shortEnough holds the hard limits; the wished-for ones are logged by TestHouse.
func shortEnough(p goPackage) (broken []string) {
	for _, f := range p.Files {
		broken = append(broken, longerThan(f, 600, 80)...)
	}
	return broken
}

// longerThan gives what is longer than the limits, in lines. Functions of tests
// may be as long as their tables, and generated files are nobody's to shorten.
func longerThan(f goFile, file, function int) (long []string) {
	if ast.IsGenerated(f.AST) {
		return nil
	}
	if f.Lines > file {
		long = append(long, fmt.Sprintf("%s has %d lines, more than %d", f.Name, f.Lines, file))
	}
	for _, decl := range f.AST.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok || f.Test {
			continue
		}
		if n := f.Set.Position(fn.End()).Line - f.Set.Position(fn.Pos()).Line + 1; n > function {
			long = append(long, fmt.Sprintf("%s: %s has %d lines, more than %d", f.at(fn), fn.Name.Name, n, function))
		}
	}
	return long
}

// tellingNames refuses the names under which anything at all can be filed.
func tellingNames(p goPackage) (broken []string) {
	empty := regexp.MustCompile(`(?i)^(utils?|common|helpers?|managers?|misc|shared|base|models?|types)$`)
	emptyType := regexp.MustCompile(`(Manager|Helper|Util|Utils)$`)
	for _, f := range p.Files {
		if empty.MatchString(strings.TrimSuffix(f.AST.Name.Name, "_test")) {
			broken = append(broken, fmt.Sprintf("%s: package %s says nothing of what is in it", f.Name, f.AST.Name.Name))
		}
		ast.Inspect(f.AST, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok && emptyType.MatchString(spec.Name.Name) {
				broken = append(broken, fmt.Sprintf("%s: type %s says nothing of what it does", f.at(spec), spec.Name.Name))
			}
			return true
		})
	}
	return broken
}

// nothingLeftToDo refuses notes of work not done: it is done, or it is an issue.
func nothingLeftToDo(p goPackage) (broken []string) {
	note := regexp.MustCompile(`\b(TODO|FIXME|HACK)\b`)
	for _, f := range p.Files {
		for _, group := range f.AST.Comments {
			for _, comment := range group.List {
				if found := note.FindString(comment.Text); found != "" {
					broken = append(broken, fmt.Sprintf("%s: a %s", f.at(comment), found))
				}
			}
		}
	}
	return broken
}

// noGlobalState refuses init functions and package variables that are assigned to
// by a function: both act from afar.
func noGlobalState(p goPackage) (broken []string) {
	variables := packageVariables(p)
	for _, f := range p.Files {
		if f.Test {
			continue
		}
		for _, decl := range f.AST.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if fn.Name.Name == "init" && fn.Recv == nil {
				broken = append(broken, f.at(fn)+": an init function")
			}
			for _, id := range assigned(fn) {
				// Another file's variable is unresolved; a local one of the
				// same name is resolved to something that is not in the set.
				if id.Name != "_" && variables[id.Name] != nil && (id.Obj == nil || id.Obj.Decl == variables[id.Name]) {
					broken = append(broken, fmt.Sprintf("%s: the package variable %s changes at run time", f.at(id), id.Name))
				}
			}
		}
	}
	return broken
}

// packageVariables gives the declarations of the package's variables by name.
func packageVariables(p goPackage) map[string]*ast.ValueSpec {
	variables := map[string]*ast.ValueSpec{}
	for _, f := range p.Files {
		for _, decl := range f.AST.Decls {
			group, ok := decl.(*ast.GenDecl)
			if !ok || group.Tok != token.VAR || f.Test {
				continue
			}
			for _, spec := range group.Specs {
				for _, name := range spec.(*ast.ValueSpec).Names {
					variables[name.Name] = spec.(*ast.ValueSpec)
				}
			}
		}
	}
	return variables
}

// assigned gives the identifiers that fn assigns to, whole or in part.
func assigned(fn *ast.FuncDecl) (ids []*ast.Ident) {
	add := func(e ast.Expr) {
		for {
			switch x := e.(type) {
			case *ast.Ident:
				ids = append(ids, x)
				return
			case *ast.SelectorExpr:
				e = x.X
			case *ast.IndexExpr:
				e = x.X
			case *ast.StarExpr:
				e = x.X
			case *ast.ParenExpr:
				e = x.X
			default:
				return
			}
		}
	}
	ast.Inspect(fn, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				for _, e := range n.Lhs {
					add(e)
				}
			}
		case *ast.IncDecStmt:
			add(n.X)
		}
		return true
	})
	return ids
}
