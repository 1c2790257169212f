package desk

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// sources parses the program's code that a pattern picks, without tests, by path.
func sources(t *testing.T, pattern string) map[string]*ast.File {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]*ast.File{}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files[path] = file
	}
	return files
}

// literal is the value of a text literal.
func literal(n ast.Node) (string, bool) {
	lit, ok := n.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(lit.Value)
	return text, err == nil
}

func TestEveryFaultOfTheDeskIsAboutAFieldWithALabel(t *testing.T) {
	found := 0
	for _, file := range sources(t, "*.go") {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) < 2 {
				return true
			}
			for i, arg := range call.Args[:2] { // faults.Add(path, …), oneOf(faults, path, …)
				name := callee(call)
				path, ok := literal(arg)
				if !ok || (name != "Add" || i != 0) && (name != "oneOf" && name != "refuseCard" || i != 1) {
					continue
				}
				found++
				if _, listed := labels[path]; !listed {
					t.Errorf("%s has no label", path)
				}
			}
			return true
		})
	}
	if found < 20 {
		t.Errorf("only %d faults were found", found)
	}
}

// callee is the last name of what is called.
func callee(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

func TestEveryLabelIsOfAFieldThatTheProgramReads(t *testing.T) {
	named := map[string]bool{}
	for path, file := range sources(t, "../*/*.go") {
		if path == "../desk/text.go" {
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if text, ok := literal(n); ok {
				named[text] = true
			}
			return true
		})
	}
	for path := range labels {
		if !named[path] && !named[path[strings.LastIndexByte(path, '.')+1:]] {
			t.Errorf("nothing is called %s", path)
		}
	}
}
