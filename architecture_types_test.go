package servicedesk_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// listed is what go list tells about a package; Export is the file with the types of a compiled one.
type listed struct {
	ImportPath, Dir, Export string
	GoFiles                 []string
	Standard                bool
}

// listPackages returns all packages that the program is made of, each after those that it imports, compiled as
// a release is, which the lint step of make test has just done.
func listPackages() ([]listed, error) {
	cmd := exec.Command("go", "list", "-buildvcs=false", "-trimpath", "-export", "-deps",
		"-json=ImportPath,Dir,Export,GoFiles,Standard", "./...")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return nil, fmt.Errorf("go list: %w\n%s", err, exit.Stderr)
	}
	if err != nil {
		return nil, err
	}
	var packages []listed
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var next listed
		if err := decoder.Decode(&next); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, err
		}
		packages = append(packages, next)
	}
}

// checker knows the types of all packages: ours from the source, with what they keep to themselves, the others
// from what the compiler left.
type checker struct {
	fset   *token.FileSet
	ours   map[string]*types.Package
	others types.Importer
}

// Import returns a package by its path (types.Importer).
func (c *checker) Import(path string) (*types.Package, error) {
	if ours, ok := c.ours[path]; ok {
		return ours, nil
	}
	return c.others.Import(path)
}

// checkTypes returns our packages, without their tests.
func checkTypes() ([]*types.Package, error) {
	packages, err := listPackages()
	if err != nil {
		return nil, err
	}
	exports := map[string]string{}
	c := &checker{fset: token.NewFileSet(), ours: map[string]*types.Package{}}
	c.others = importer.ForCompiler(c.fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	var ours []*types.Package
	for _, listed := range packages {
		if !below(listed.ImportPath, module) {
			exports[listed.ImportPath] = listed.Export
			continue
		}
		checked, err := c.check(listed)
		if err != nil {
			return nil, err
		}
		ours = append(ours, checked)
	}
	return ours, nil
}

func (c *checker) check(listed listed) (*types.Package, error) {
	var files []*ast.File
	for _, name := range listed.GoFiles {
		file, err := parser.ParseFile(c.fset, filepath.Join(listed.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	config := types.Config{Importer: c}
	checked, err := config.Check(listed.ImportPath, c.fset, files, nil)
	c.ours[listed.ImportPath] = checked
	return checked, err
}

// loneInterfaces finds the interfaces of the program that fewer than two types implement. Types of other
// modules count when the package of the interface imports them.
func loneInterfaces(t *testing.T, allowed map[string]string) []string {
	t.Helper()
	ours, err := checkTypes()
	if err != nil {
		t.Fatal(err)
	}
	return lonely(slices.DeleteFunc(ours, func(p *types.Package) bool {
		return below(p.Path(), module+"/internal/desktest")
	}), allowed)
}

func lonely(ours []*types.Package, allowed map[string]string) []string {
	var breaches []string
	needless := maps.Clone(allowed)
	for _, pkg := range ours {
		candidates := slices.Concat(ours, pkg.Imports())
		for _, name := range namedTypes(pkg) {
			full := strings.TrimPrefix(pkg.Path(), module+"/") + "." + name.Obj().Name()
			contract, ok := name.Underlying().(*types.Interface)
			if !ok || !contract.IsMethodSet() || contract.Empty() {
				continue
			}
			found := implementations(contract, pkg, candidates)
			if len(found) >= 2 {
				continue
			}
			delete(needless, full)
			if allowed[full] == "" {
				breaches = append(breaches, fmt.Sprintf("%s: an interface with these implementations: %v", full, found))
			}
		}
	}
	for _, full := range slices.Sorted(maps.Keys(needless)) {
		breaches = append(breaches, full+": allowedInterfaces need not name it any more")
	}
	return breaches
}

// implementations names the types that implement a contract of a package. Interfaces count only when they are
// somebody else's: they stand for types that we do not see.
func implementations(contract *types.Interface, owner *types.Package, candidates []*types.Package) []string {
	var found []string
	for _, pkg := range candidates {
		for _, named := range namedTypes(pkg) {
			ours := pkg == owner || below(pkg.Path(), module)
			if types.IsInterface(named) && ours {
				continue
			}
			if types.Implements(named, contract) || types.Implements(types.NewPointer(named), contract) {
				found = append(found, pkg.Name()+"."+named.Obj().Name())
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// namedTypes returns the types that a package declares.
func namedTypes(pkg *types.Package) []*types.Named {
	var found []*types.Named
	for _, name := range pkg.Scope().Names() {
		if object, ok := pkg.Scope().Lookup(name).(*types.TypeName); ok && !object.IsAlias() {
			if named, ok := object.Type().(*types.Named); ok {
				found = append(found, named)
			}
		}
	}
	return found
}
