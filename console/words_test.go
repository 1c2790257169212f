package console

import (
	"go/ast"
	"go/parser"
	"go/token"
	"html/template"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template/parse"
	"time"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// use is one place where a text is used: where it is, and with how many values; a template for a script has none.
type use struct {
	at     string
	values int
	script bool
}

// uses finds every text of the pages, with the places where it is used.
func uses(t *testing.T) map[string][]use {
	t.Helper()
	found := map[string][]use{}
	inTemplates(t, found)
	inCode(t, found)
	return found
}

// inTemplates finds the texts of the templates: what `t` is given there.
func inTemplates(t *testing.T, found map[string][]use) {
	t.Helper()
	pages, err := template.New("").Funcs(wordsIn(desk.Indonesian).functions(nil)).ParseFS(files, "templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages.Templates() {
		if page.Tree == nil {
			continue
		}
		walk(page.Tree.Root, func(c *parse.CommandNode) {
			name, ok := c.Args[0].(*parse.IdentifierNode)
			if !ok || name.Ident != "t" {
				return
			}
			text, ok := c.Args[1].(*parse.StringNode)
			if !ok {
				t.Errorf("template %s: the text of %s is not written there", page.Name(), c)
				return
			}
			found[text.Text] = append(found[text.Text], use{"template " + page.Name(), len(c.Args) - 2, page.Name() == "script-words"})
		})
	}
}

// walk visits the commands below a node.
func walk(n parse.Node, visit func(*parse.CommandNode)) {
	branch := func(b *parse.BranchNode) {
		walk(b.Pipe, visit)
		walk(b.List, visit)
		walk(b.ElseList, visit)
	}
	switch n := n.(type) {
	case *parse.ListNode:
		if n != nil {
			for _, each := range n.Nodes {
				walk(each, visit)
			}
		}
	case *parse.ActionNode:
		walk(n.Pipe, visit)
	case *parse.TemplateNode:
		walk(n.Pipe, visit)
	case *parse.IfNode:
		branch(&n.BranchNode)
	case *parse.RangeNode:
		branch(&n.BranchNode)
	case *parse.WithNode:
		branch(&n.BranchNode)
	case *parse.PipeNode:
		if n != nil {
			for _, each := range n.Cmds {
				visit(each)
				for _, argument := range each.Args {
					walk(argument, visit)
				}
			}
		}
	}
}

// inCode finds the texts of the code: what the method `t` is given there.
func inCode(t *testing.T, found map[string][]use) {
	t.Helper()
	sources := sourcesHere(t)
	functions := map[string]*ast.FuncDecl{}
	for _, source := range sources {
		for _, d := range source.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				functions[f.Name.Name] = f
			}
		}
	}
	for _, source := range sources {
		for _, d := range source.Decls {
			in, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			ast.Inspect(in, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok || !isWording(call) {
					return true
				}
				texts := textsOf(call.Args[0], in, functions)
				if len(texts) == 0 {
					t.Errorf("%s: nobody can say which texts it words: write the text there, in a map of the function, or let a function return it", in.Name.Name)
				}
				for _, text := range texts {
					found[text] = append(found[text], use{"func " + in.Name.Name, len(call.Args) - 1, false})
				}
				return true
			})
		}
	}
}

// sourcesHere are the files of the package without its tests.
func sourcesHere(t *testing.T) (sources []*ast.File) {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		source, err := parser.ParseFile(token.NewFileSet(), e.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, source)
	}
	return sources
}

func isWording(call *ast.CallExpr) bool {
	method, ok := call.Fun.(*ast.SelectorExpr)
	return ok && method.Sel.Name == "t" && len(call.Args) > 0
}

// textsOf are the texts that an expression may be: itself, the values of maps in its function, or what another function
// returns.
func textsOf(e ast.Expr, in *ast.FuncDecl, functions map[string]*ast.FuncDecl) (texts []string) {
	add := func(e ast.Expr) {
		if l, ok := e.(*ast.BasicLit); ok && l.Kind == token.STRING {
			text, _ := strconv.Unquote(l.Value)
			texts = append(texts, text)
		}
	}
	switch e := e.(type) {
	case *ast.BasicLit:
		add(e)
	case *ast.Ident:
		ast.Inspect(in, func(n ast.Node) bool {
			if pair, ok := n.(*ast.KeyValueExpr); ok {
				add(pair.Value)
			}
			return true
		})
	case *ast.CallExpr:
		name, ok := e.Fun.(*ast.Ident)
		if !ok || functions[name.Name] == nil {
			return nil
		}
		ast.Inspect(functions[name.Name], func(n ast.Node) bool {
			if r, ok := n.(*ast.ReturnStmt); ok {
				add(r.Results[0])
			}
			return true
		})
	}
	return texts
}

// verbs are the places for values in a text.
func verbs(text string) []string { return regexp.MustCompile(`%[a-z%]`).FindAllString(text, -1) }

func TestEveryTextHasEnglish(t *testing.T) {
	found := uses(t)
	if len(found) < 300 {
		t.Fatalf("only %d texts were found", len(found))
	}
	for _, text := range slices.Sorted(maps.Keys(found)) {
		if english[text] == "" {
			t.Errorf("%q (%s) has no English", text, found[text][0].at)
		}
	}
	for _, text := range slices.Sorted(maps.Keys(english)) {
		if len(found[text]) == 0 {
			t.Errorf("nobody says %q", text)
		}
		if ours, theirs := verbs(text), verbs(english[text]); !slices.Equal(ours, theirs) {
			t.Errorf("%q has the verbs %q, in English %q", text, ours, theirs)
		}
	}
}

func TestEveryPlaceInATextGetsAValue(t *testing.T) {
	for text, places := range uses(t) {
		want := len(slices.DeleteFunc(verbs(text), func(v string) bool { return v == "%%" }))
		for _, u := range places {
			if u.values != want && !u.script {
				t.Errorf("%s: %q has %d places and gets %d values", u.at, text, want, u.values)
			}
		}
	}
}

func TestTimesAreToldInTheReadersLanguage(t *testing.T) {
	at := desktest.Start // 10:30 UTC is 18:30 in WITA
	for _, c := range []struct {
		what, id, en string
		word         func(words) string
	}{
		{"a moment", "19 Des 2024 pukul 18.30 WITA", "19 Dec 2024 at 18:30 WITA", func(w words) string { return w.moment(at) }},
		{"no moment", "–", "–", func(w words) string { return w.moment(time.Time{}) }},
		{"a day", "Kamis, 19 Des 2024", "Thursday, 19 Dec 2024", func(w words) string { return w.day(at) }},
		{"days and hours", "2 hr 3 jam", "2 d 3 h", func(w words) string { return w.span(51*time.Hour + time.Minute) }},
		{"days", "2 hr", "2 d", func(w words) string { return w.span(48 * time.Hour) }},
		{"hours and minutes", "3 jam 20 mnt", "3 h 20 m", func(w words) string { return w.span(-200 * time.Minute) }},
		{"hours", "3 jam", "3 h", func(w words) string { return w.span(3 * time.Hour) }},
		{"minutes", "20 mnt", "20 m", func(w words) string { return w.span(20*time.Minute + 59*time.Second) }},
		{"seconds", "59 dtk", "59 s", func(w words) string { return w.span(59 * time.Second) }},
		{"just now", "baru saja", "just now", func(w words) string { return w.ago(at, at.Add(59*time.Second)) }},
		{"some minutes ago", "59 mnt lalu", "59 m ago", func(w words) string { return w.ago(at, at.Add(59*time.Minute)) }},
		{"some hours ago", "23 jam lalu", "23 h ago", func(w words) string { return w.ago(at, at.Add(23*time.Hour)) }},
		{"some days ago", "6 hr lalu", "6 d ago", func(w words) string { return w.ago(at, at.Add(6*24*time.Hour)) }},
		{"long ago", "19 Des 2024", "19 Dec 2024", func(w words) string { return w.ago(at, at.Add(7*24*time.Hour)) }},
	} {
		if id, en := c.word(wordsIn(desk.Indonesian)), c.word(wordsIn(desk.English)); id != c.id || en != c.en {
			t.Errorf("%s: %q and %q, want %q and %q", c.what, id, en, c.id, c.en)
		}
	}
}
