package servicedesk_test

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

// tree is the repository as the rules see it.
type tree struct {
	text  map[string]string // every text file by its path, slash-separated
	fset  *token.FileSet
	files []*sourceFile // the Go files among them, by path
}

// sourceFile is a Go file; those below testdata are data.
type sourceFile struct {
	path string
	dir  string // its package's folder, "." for the root
	test bool   // *_test.go
	ast  *ast.File
}

// support reports whether the file is no test itself and yet there for tests only.
func (f *sourceFile) support() bool {
	return !f.test && (f.dir == "internal/desktest" || strings.HasPrefix(f.dir, "internal/desktest/"))
}

var repository = sync.OnceValues(func() (*tree, error) {
	text, err := readText(os.DirFS("."))
	if err != nil {
		return nil, err
	}
	return parse(text)
})

// load returns the repository, read once.
func load(t *testing.T) *tree {
	t.Helper()
	tree, err := repository()
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// readText reads all files but those that git ignores or keeps for itself, and binary ones.
func readText(root fs.FS) (map[string]string, error) {
	text := map[string]string{}
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if slices.Contains([]string{".git", "build", "data"}, name) {
				return fs.SkipDir
			}
			return nil
		}
		content, err := fs.ReadFile(root, name)
		if err == nil && utf8.Valid(content) && !slices.Contains(content, 0) {
			text[name] = string(content)
		}
		return err
	})
	return text, err
}

func parse(text map[string]string) (*tree, error) {
	tree := &tree{text: text, fset: token.NewFileSet()}
	for name, content := range text {
		if path.Ext(name) != ".go" || strings.Contains("/"+name, "/testdata/") {
			continue
		}
		file, err := parser.ParseFile(tree.fset, name, content, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		tree.files = append(tree.files, &sourceFile{
			path: name, dir: path.Dir(name), test: strings.HasSuffix(name, "_test.go"), ast: file,
		})
	}
	slices.SortFunc(tree.files, func(a, b *sourceFile) int { return cmp.Compare(a.path, b.path) })
	return tree, nil
}

// code returns the files that are not tests.
func (t *tree) code() []*sourceFile {
	return slices.DeleteFunc(slices.Clone(t.files), func(f *sourceFile) bool { return f.test })
}

// packages returns the folders that hold code, sorted.
func (t *tree) packages() []string {
	var dirs []string
	for _, file := range t.code() {
		dirs = append(dirs, file.dir)
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

func (t *tree) lines(name string) int { return strings.Count(t.text[name], "\n") }

// at is where a node is, as file:line.
func (t *tree) at(node ast.Node) string {
	position := t.fset.Position(node.Pos())
	position.Column = 0
	return position.String()
}

// length is the number of lines from the first to the last of a node.
func (t *tree) length(node ast.Node) int {
	return t.fset.Position(node.End()).Line - t.fset.Position(node.Pos()).Line + 1
}

// imported returns the paths that a file imports.
func (f *sourceFile) imported() []string {
	var paths []string
	for _, spec := range f.ast.Imports {
		paths = append(paths, strings.Trim(spec.Path.Value, `"`))
	}
	return paths
}

// nameOf returns what a file calls an imported package, "" when it does not import it.
func (f *sourceFile) nameOf(importPath string) string {
	for _, spec := range f.ast.Imports {
		if strings.Trim(spec.Path.Value, `"`) != importPath {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return path.Base(importPath)
	}
	return ""
}

// selectors calls visit with every x.y of the file, where x is a name or the last part of one (a.x.y).
func (f *sourceFile) selectors(visit func(x, y string, at ast.Node)) {
	for node := range ast.Preorder(f.ast) {
		selector, ok := node.(*ast.SelectorExpr)
		if !ok {
			continue
		}
		switch x := selector.X.(type) {
		case *ast.Ident:
			visit(x.Name, selector.Sel.Name, selector)
		case *ast.SelectorExpr:
			visit(x.Sel.Name, selector.Sel.Name, selector)
		}
	}
}

// below reports whether a path is the parent or lies below it.
func below(name, parent string) bool {
	return name == parent || strings.HasPrefix(name, parent+"/")
}
