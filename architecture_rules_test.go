package servicedesk_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Every rule returns its breaches, each a line that begins with the place.

func (t *tree) imports(table map[string][]string) []string {
	var breaches []string
	for _, dir := range t.packages() {
		if _, ok := table[dir]; !ok {
			breaches = append(breaches, fmt.Sprintf("%s: the package is not in the table of who may import whom", dir))
		}
	}
	for _, file := range t.code() {
		allowed := table[file.dir]
		for _, imported := range file.imported() {
			ours, ok := strings.CutPrefix(imported, module+"/")
			if ok && !slices.Contains(allowed, ours) && !slices.Contains(allowed, everything) {
				breaches = append(breaches, fmt.Sprintf("%s: %s may not import %s", file.path, file.dir, ours))
			}
		}
	}
	return breaches
}

func (t *tree) bannedImports(bans []ban, except exceptions) []string {
	var breaches []string
	used := map[[2]string]bool{}
	for _, file := range t.code() {
		for _, imported := range file.imported() {
			for _, ban := range bans {
				key := [2]string{file.path, ban.path}
				switch {
				case !below(imported, ban.path) || !ban.holds(file.dir):
				case except[key] != "":
					used[key] = true
				default:
					breaches = append(breaches, fmt.Sprintf("%s: %s may not import %s: %s", file.path, file.dir, imported, ban.reason))
				}
			}
		}
	}
	return append(breaches, except.unused(used)...)
}

func (b ban) holds(dir string) bool {
	if b.only == nil {
		return slices.Contains(b.not, dir)
	}
	return !slices.ContainsFunc(b.only, func(allowed string) bool { return below(dir, allowed) })
}

func (t *tree) clockReads(packages []string, except exceptions) []string {
	in := func(file *sourceFile) bool { return !file.test && slices.Contains(packages, file.dir) }
	return t.calls(in, readsClock, except)
}

// What a file must not do, by the name of the imported package (or value) and of what is taken from it.
func readsClock(file *sourceFile, x, y string) bool {
	return x == file.nameOf("time") && slices.Contains([]string{"Now", "Since", "Until"}, y)
}

func sleeps(file *sourceFile, x, y string) bool { return x == file.nameOf("time") && y == "Sleep" }

func skips(_ *sourceFile, _, y string) bool {
	return slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, y)
}

// callsOut finds connections that do not come from guard.
func callsOut(file *sourceFile, x, y string) bool {
	switch x {
	case file.nameOf("net"):
		return y == "Dialer" || strings.HasPrefix(y, "Dial")
	case file.nameOf("net/http"):
		return slices.Contains([]string{"Client", "DefaultClient", "Transport", "DefaultTransport", "Get", "Head", "Post", "PostForm"}, y)
	}
	return false
}

func ofTheProgram(file *sourceFile) bool { return !file.test && !file.support() && file.dir != "guard" }

func inTests(file *sourceFile) bool { return file.test || file.support() }

// calls finds what is forbidden in some files, called or passed on; an exception names the file and x.y.
func (t *tree) calls(in func(*sourceFile) bool, forbidden func(file *sourceFile, x, y string) bool, except exceptions) []string {
	var breaches []string
	used := map[[2]string]bool{}
	for _, file := range t.files {
		if !in(file) {
			continue
		}
		file.selectors(func(x, y string, at ast.Node) {
			key := [2]string{file.path, x + "." + y}
			switch {
			case !forbidden(file, x, y):
			case except[key] != "":
				used[key] = true
			default:
				breaches = append(breaches, t.at(at)+": "+key[1])
			}
		})
	}
	return append(breaches, except.unused(used)...)
}

// unused makes a breach of every exception that frees nothing any more.
func (e exceptions) unused(used map[[2]string]bool) []string {
	var breaches []string
	for key := range e {
		if !used[key] {
			breaches = append(breaches, fmt.Sprintf("%s: the exception for %s is not needed any more", key[0], key[1]))
		}
	}
	slices.Sort(breaches)
	return breaches
}

// functions returns the functions and methods of the code.
func (t *tree) functions() []*ast.FuncDecl {
	var functions []*ast.FuncDecl
	for _, file := range t.code() {
		for _, decl := range file.ast.Decls {
			if function, ok := decl.(*ast.FuncDecl); ok {
				functions = append(functions, function)
			}
		}
	}
	return functions
}

func (t *tree) initFunctions() []string {
	var breaches []string
	for _, function := range t.functions() {
		if function.Recv == nil && function.Name.Name == "init" {
			breaches = append(breaches, t.at(function)+": func init")
		}
	}
	return breaches
}

func (t *tree) longFunctions(maxMedian, maxLines int) []string {
	var breaches []string
	var lengths []int
	for _, function := range t.functions() {
		n := t.length(function)
		lengths = append(lengths, n)
		if n > maxLines {
			breaches = append(breaches, fmt.Sprintf("%s: %s has %d lines, at most %d", t.at(function), function.Name.Name, n, maxLines))
		}
	}
	slices.Sort(lengths)
	if len(lengths) > 0 && lengths[len(lengths)/2] > maxMedian {
		breaches = append(breaches, fmt.Sprintf("the median function has %d lines, at most %d", lengths[len(lengths)/2], maxMedian))
	}
	return breaches
}

func (t *tree) longFiles(maxLines int) []string {
	var breaches []string
	for _, file := range t.files {
		if n := t.lines(file.path); n > maxLines {
			breaches = append(breaches, fmt.Sprintf("%s: %d lines, at most %d", file.path, n, maxLines))
		}
	}
	return breaches
}

func (t *tree) largePackages(maxLines, maxNumber int) []string {
	lines := map[string]int{}
	for _, file := range t.code() {
		lines[file.dir] += t.lines(file.path)
	}
	var breaches []string
	for _, dir := range slices.Sorted(maps.Keys(lines)) {
		if lines[dir] > maxLines {
			breaches = append(breaches, fmt.Sprintf("%s: %d lines without tests, at most %d", dir, lines[dir], maxLines))
		}
	}
	if len(lines) > maxNumber {
		breaches = append(breaches, fmt.Sprintf("there are %d packages, at most %d", len(lines), maxNumber))
	}
	return breaches
}

func (t *tree) undocumented() []string {
	var breaches []string
	for _, file := range t.code() {
		for _, decl := range file.ast.Decls {
			for _, name := range undocumentedNames(decl) {
				breaches = append(breaches, fmt.Sprintf("%s: %s has no comment", t.at(name), name.Name))
			}
		}
	}
	return breaches
}

func undocumentedNames(decl ast.Decl) []*ast.Ident {
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		if decl.Doc == nil && decl.Name.IsExported() && receiverExported(decl) {
			return []*ast.Ident{decl.Name}
		}
	case *ast.GenDecl:
		var names []*ast.Ident
		for _, spec := range decl.Specs {
			names = append(names, undocumentedSpec(decl, spec)...)
		}
		return slices.DeleteFunc(names, func(name *ast.Ident) bool { return !name.IsExported() })
	}
	return nil
}

// undocumentedSpec accepts one comment for a block of constants or variables, and wants one for every type.
func undocumentedSpec(decl *ast.GenDecl, spec ast.Spec) []*ast.Ident {
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		alone := decl.Lparen == token.NoPos && decl.Doc != nil
		if spec.Doc == nil && spec.Comment == nil && !alone {
			return []*ast.Ident{spec.Name}
		}
	case *ast.ValueSpec:
		if spec.Doc == nil && spec.Comment == nil && decl.Doc == nil {
			return spec.Names
		}
	}
	return nil
}

// receiverExported reports whether a function is no method, or one of an exported type.
func receiverExported(function *ast.FuncDecl) bool {
	if function.Recv == nil {
		return true
	}
	for node := range ast.Preorder(function.Recv.List[0].Type) {
		if name, ok := node.(*ast.Ident); ok {
			return name.IsExported()
		}
	}
	return false
}

func (t *tree) vagueFolders(names []string) []string {
	var breaches []string
	for file := range t.text {
		for _, folder := range strings.Split(path.Dir(file), "/") {
			if slices.Contains(names, folder) {
				breaches = append(breaches, fmt.Sprintf("%s: the folder name %q says nothing", path.Dir(file), folder))
			}
		}
	}
	slices.Sort(breaches)
	return slices.Compact(breaches)
}

var (
	required = regexp.MustCompile(`(?m)^\s*(?:require )?([a-z0-9.-]+\.[a-z]+/\S+) v[0-9]`) // in go.mod
	argued   = regexp.MustCompile("(?m)^\\| *`([^` ]+)`")                                  // a row of the document
)

// unarguedModules compares the modules that our files import with the rows of the document, both ways.
func (t *tree) unarguedModules(modFile, document string) []string {
	all := submatches(required, t.text[modFile])
	rows := submatches(argued, t.text[document])
	var breaches []string
	for _, used := range t.usedModules(all) {
		if !slices.Contains(rows, used) {
			breaches = append(breaches, fmt.Sprintf("%s: no row for %s, which our code imports", document, used))
		}
	}
	for _, row := range rows {
		if !slices.Contains(all, row) {
			breaches = append(breaches, fmt.Sprintf("%s: %s is not in %s", document, row, modFile))
		}
	}
	return breaches
}

// usedModules returns those modules that a file of ours, tests too, imports directly.
func (t *tree) usedModules(modules []string) []string {
	used := map[string]bool{}
	for _, file := range t.files {
		for _, imported := range file.imported() {
			owner := ""
			for _, name := range modules {
				if below(imported, name) && len(name) > len(owner) {
					owner = name
				}
			}
			if owner != "" {
				used[owner] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(used))
}

func submatches(pattern *regexp.Regexp, text string) []string {
	var found []string
	for _, match := range pattern.FindAllStringSubmatch(text, -1) {
		found = append(found, match[1])
	}
	return found
}

// testRatio counts as tests what exists for them alone: test files, desktest and scripts of the program's tests.
func (t *tree) testRatio() []string {
	code, tests := 0, 0
	for _, file := range t.files {
		if file.test || file.support() {
			tests += t.lines(file.path)
		} else {
			code += t.lines(file.path)
		}
	}
	for name := range t.text {
		if path.Ext(name) == ".txtar" {
			tests += t.lines(name)
		}
	}
	if tests >= code {
		return nil
	}
	return []string{fmt.Sprintf("%d lines of tests, %d of code", tests, code)}
}

// machine matches folders of a workplace and hosts of package registries, in one of two groups.
var machine = regexp.MustCompile(`(?:^|[^\w.~-])(/(?:work|farm)/)|(?:^|\W)((?:proxy|registry|deb|mirror)[.][a-z]+[.](?:org|com|net|io))\b`)

func (t *tree) machinePaths() []string {
	var breaches []string
	for _, name := range slices.Sorted(maps.Keys(t.text)) {
		for i, line := range strings.Split(t.text[name], "\n") {
			for _, match := range machine.FindAllStringSubmatch(line, -1) {
				breaches = append(breaches, fmt.Sprintf("%s:%d: %s", name, i+1, match[1]+match[2]))
			}
		}
	}
	return breaches
}
