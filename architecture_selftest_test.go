package servicedesk_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A rule that finds nothing may be right or blind: here each one is shown a breach and something that is none.
func TestRulesSeeTheirBreaches(t *testing.T) {
	long := "package desk\n\nfunc long() {\n" + strings.Repeat("\tprintln()\n", 79) + "}\n"
	tests := []struct {
		name string
		text map[string]string
		rule func(*tree) []string
		want []string
	}{
		{"an import that the table lacks", map[string]string{
			"api/a.go":      `package api; import ("` + module + `/app"; "` + module + `/store")`,
			"api/a_test.go": `package api; import "` + module + `/store"`,
			"new/a.go":      `package new`,
		}, func(t *tree) []string { return t.imports(map[string][]string{"api": {"app"}}) }, []string{
			"new: the package is not in the table of who may import whom",
			"api/a.go: api may not import store",
		}},
		{"a banned import, also below the banned path", map[string]string{
			"desk/a.go":  `package desk; import "net/http/httptest"`,
			"app/a.go":   `package app; import "database/sql"`,
			"store/a.go": `package store; import "database/sql"`,
			"store/b.go": `package store; import "net/http"`,
		}, func(t *tree) []string {
			return t.bannedImports([]ban{
				{path: "net/http", not: []string{"desk", "store"}, reason: "R"},
				{path: "database/sql", only: []string{"store"}, reason: "S"},
			}, exceptions{{"store/b.go", "net/http"}: "why", {"store/c.go", "net/http"}: "why"})
		}, []string{
			"app/a.go: app may not import database/sql: S",
			"desk/a.go: desk may not import net/http/httptest: R",
			"store/c.go: the exception for net/http is not needed any more",
		}},
		{"reading the clock, under another name too and as a value", map[string]string{
			"desk/a.go":      "package desk\nimport clock \"time\"\nvar now = clock.Now\nvar day = clock.Hour",
			"desk/a_test.go": "package desk\nimport \"time\"\nvar now = time.Now",
			"desk/b.go":      "package desk\nimport \"time\"\nvar now = time.Now",
			"web/a.go":       "package web\nimport \"time\"\nvar now = time.Now",
		}, func(t *tree) []string {
			return t.clockReads([]string{"desk"}, exceptions{
				{"desk/b.go", "time.Now"}: "why", {"desk/b.go", "time.Since"}: "why"})
		}, []string{"desk/a.go:3: clock.Now", "desk/b.go: the exception for time.Since is not needed any more"}},
		{"init", map[string]string{"desk/a.go": "package desk\nfunc init() {}\ntype T int\nfunc (T) init() {}"},
			(*tree).initFunctions, []string{"desk/a.go:2: func init"}},
		{"a long function and a high median", map[string]string{"desk/a.go": long},
			func(t *tree) []string { return t.longFunctions(12, 80) }, []string{
				"desk/a.go:3: long has 81 lines, at most 80", "the median function has 81 lines, at most 12"}},
		{"a long file, tests too", map[string]string{"desk/a_test.go": long, "desk/b.go": "package desk\n"},
			func(t *tree) []string { return t.longFiles(80) }, []string{"desk/a_test.go: 83 lines, at most 80"}},
		{"a large package and too many", map[string]string{
			"desk/a.go": long, "desk/b.go": long, "desk/a_test.go": long, "app/a.go": "package app\n",
		}, func(t *tree) []string { return t.largePackages(165, 1) }, []string{
			"desk: 166 lines without tests, at most 165", "there are 2 packages, at most 1"}},
		{"exported names without a comment", map[string]string{"desk/a.go": "package desk\n" + undocumentedSource,
			"desk/a_test.go": "package desk\nfunc Helper() {}"},
			(*tree).undocumented, []string{
				"desk/a.go:10: T has no comment", "desk/a.go:11: M has no comment", "desk/a.go:12: B has no comment",
				"desk/a.go:17: D has no comment"}},
		{"a folder that says nothing", map[string]string{"web/utils/a.css": "", "web/utils/b.css": "", "web/utilsx/a.css": ""},
			func(t *tree) []string { return t.vagueFolders(vagueFolders) }, []string{`web/utils: the folder name "utils" says nothing`}},
		{"modules without reason and reasons without module", map[string]string{
			"go.mod":         "module m\nrequire a.org/one v1.0.0\nrequire (\n\ta.org/one/v2 v2.0.0\n\ta.org/two v1.0.0 // indirect\n)\n",
			"docs/d.md":      "| `a.org/two` | x |\n| `a.org/gone` | x |\n",
			"desk/a.go":      `package desk; import "a.org/one/v2/sub"`,
			"desk/a_test.go": `package desk; import "a.org/two"`,
		}, func(t *tree) []string { return t.unarguedModules("go.mod", "docs/d.md") }, []string{
			"docs/d.md: no row for a.org/one/v2, which our code imports", "docs/d.md: a.org/gone is not in go.mod"}},
		{"fewer tests than code", map[string]string{
			"desk/a.go": "package desk\n\n\n\n\n", "desk/a_test.go": "package desk\n",
			"internal/desktest/a.go": "package desktest\n", "cmd/testdata/a.txtar": "x\n",
		}, (*tree).testRatio, []string{"3 lines of tests, 5 of code"}},
		{"skipping and sleeping", map[string]string{
			"desk/a_test.go":         "package desk\nimport \"time\"\nfunc f(t *T) {\n\tt.Skip()\n\ttime.Sleep(1)\n\ttime.Hour()\n\th.t.SkipNow()\n}",
			"internal/desktest/a.go": "package desktest\nfunc f(t *T) { t.Skipf() }",
			"desk/a.go":              "package desk\nfunc f(s *S) { s.Skip() }",
		}, func(t *tree) []string {
			return append(t.calls(inTests, skips, nil), t.calls(inTests, sleeps, nil)...)
		}, []string{"desk/a_test.go:4: t.Skip", "desk/a_test.go:7: t.SkipNow", "internal/desktest/a.go:2: t.Skipf", "desk/a_test.go:5: time.Sleep"}},
		{"paths and hosts of a machine", map[string]string{
			"a.md": "see\n/wo" + "rk/main and https://bank.id/wo" + "rk/9\n",
			"b.sh": "curl https://reg" + "istry.npmjs.org/x\n",
		}, (*tree).machinePaths, []string{"a.md:2: /wo" + "rk/", "b.sh:1: reg" + "istry.npmjs.org"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			tree, err := parse(test.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, test.rule(tree)); diff != "" {
				t.Errorf("breaches (-want +got):\n%s", diff)
			}
		})
	}
}

const undocumentedSource = `// F is documented.
func F() {}

// Constants of one kind.
const (
	A = 1
)
type hidden int
type T int
func (T) M() {}
var B, b = 1, 2
var V int // a comment behind it will do

func (hidden) N() {}
type (
	D struct{ Field int }
	E int // E is documented behind.
)
`

func TestAnInterfaceNeedsTwoTypesOfTheProgram(t *testing.T) {
	const head = "package p\n import \"other.org/door\"\n var _ door.Closer\n"
	tests := []struct{ name, source, want string }{
		{"one implementation", "type I interface{ M() }\n type A int\n func (A) M() {}",
			"p.I: an interface with these implementations: [p.A]"},
		{"two, one by pointer", "type I interface{ M() }\n type A int\n func (A) M() {}\n type B int\n func (*B) M() {}", ""},
		{"another interface of ours is no implementation", "type I interface{ M() }\n type J interface{ M(); N() }\n type A int\n func (A) M() {}\n func (A) N() {}\n type B int\n func (B) M() {}\n func (B) N() {}\n type K interface{ O() }",
			"p.K: an interface with these implementations: []"},
		{"imported types count", "type closer interface{ Close() error }\n type A int\n func (A) Close() error { return nil }", ""},
		{"a constraint is no interface of this kind", "type number interface{ ~int | ~float64 }\n type anything interface{}", ""},
		{"an argued one", "type Allowed interface{ M() }", ""},
		{"an argument that nothing needs", "type Allowed interface{ M() }\n type A int\n func (A) M() {}\n type B int\n func (B) M() {}",
			"p.Allowed: allowedInterfaces need not name it any more"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			pkg := typecheck(t, head+test.source)
			allowed := map[string]string{}
			if strings.Contains(test.source, "Allowed") {
				allowed["p.Allowed"] = "why"
			}
			got := strings.Join(lonely([]*types.Package{pkg}, allowed), "\n")
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// typecheck makes a package of ours that can import one of somebody else.
func typecheck(t *testing.T, source string) *types.Package {
	t.Helper()
	c := &checker{fset: token.NewFileSet(), ours: map[string]*types.Package{}}
	for _, pkg := range []struct{ path, source string }{
		{"other.org/door", "package door\n type Closer interface{ Close() error }"},
		{module + "/p", source},
	} {
		file, err := parser.ParseFile(c.fset, "p.go", pkg.source, 0)
		if err != nil {
			t.Fatal(err)
		}
		config := types.Config{Importer: c}
		if c.ours[pkg.path], err = config.Check(pkg.path, c.fset, []*ast.File{file}, nil); err != nil {
			t.Fatal(err)
		}
	}
	return c.ours[module+"/p"]
}
