package web

import (
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestEachKindGivesWhatItHasAndNothingElse(t *testing.T) {
	type facts struct {
		kind           Kind
		text           string
		yes            bool
		items, members int
	}
	for body, want := range map[string]facts{
		`null`:          {kind: Null},
		`true`:          {kind: Bool, yes: true},
		`false`:         {kind: Bool},
		`1.50`:          {kind: Number, text: "1.50"},
		`"true"`:        {kind: String, text: "true"},
		`[]`:            {kind: Array},
		`[1,2]`:         {kind: Array, items: 2},
		`{}`:            {kind: Object},
		`{"a":1,"b":2}`: {kind: Object, members: 2},
	} {
		v := parse(t, body)
		got := facts{v.Kind(), v.Text(), v.Bool(), len(v.Items()), len(v.Members())}
		if got != want {
			t.Errorf("%s: got %+v, want %+v", body, got, want)
		}
	}
}

func TestMembersAreFoundByTheirExactName(t *testing.T) {
	v := parse(t, `{"a":1,"A":2,"":3,"n":null}`)
	for name, want := range map[string]string{"a": "1", "A": "2", "": "3", "n": "null"} {
		if got, ok := v.Get(name); !ok || compact(got) != want {
			t.Errorf("%q: got %s, %v", name, compact(got), ok)
		}
	}
	for _, v := range []Value{v, parse(t, `["b"]`), parse(t, `"b"`), {}} {
		if got, ok := v.Get("b"); ok {
			t.Errorf("%s has a member b: %s", compact(v), compact(got))
		}
	}
}

func TestKeysAreCountedAtAllLevels(t *testing.T) {
	for body, want := range map[string]int{
		`1`: 0, `[]`: 0, `{}`: 0, `{"a":1}`: 1, `{"a":null}`: 1, `{"a":{"a":{"a":[]}}}`: 3,
		`[{"a":1},[{"b":2,"c":[{"d":{}}]}],"x"]`: 4,
	} {
		if got := parse(t, body).Keys(); got != want {
			t.Errorf("%s: got %d, want %d", body, got, want)
		}
	}
}

// starring is a rewriter in the manner of the metadata's: it stars digits and hides the values of two names.
func starring(paths *[]string) Rewriter {
	stars := func(s string) string {
		return strings.Map(func(r rune) rune {
			if '0' <= r && r <= '9' {
				return '*'
			}
			return r
		}, s)
	}
	return Rewriter{
		Key: func(path, name string) string { return stars(name) },
		Value: func(path, name string, v Value) (Value, bool) {
			*paths = append(*paths, path)
			switch {
			case name == "nomorRekening", name == "pin1":
				return TextValue("hidden"), true
			case v.Kind() == String, v.Kind() == Number:
				return TextValue(stars(v.Text())), true
			}
			return v, false
		},
	}
}

func TestRewriteChangesTextsNumbersAndNamesAtEveryDepth(t *testing.T) {
	for _, c := range []struct{ give, want string }{
		{`"a1"`, `"a*"`},
		{`12`, `"**"`},
		{`[true,null,[],{}]`, `[true,null,[],{}]`},
		{`{"z":"1","a":[{"k2":3}]}`, `{"z":"*","a":[{"k*":"*"}]}`},
		{`{"nomorRekening":"123"}`, `{"nomorRekening":"hidden"}`},
		{`{"pin1":true,"pin2":true}`, `{"pin*":"hidden","pin* (2)":true}`},
		{`[{"x":{"nomorRekening":[1,{"y":2}],"nomorRekening2":"x"}}]`, `[{"x":{"nomorRekening":"hidden","nomorRekening*":"x"}}]`},
	} {
		var paths []string
		v := parse(t, c.give)
		if got := compact(v.Rewrite(starring(&paths))); got != c.want {
			t.Errorf("%s: got %s, want %s", c.give, got, c.want)
		}
		if got := compact(v); got != c.give {
			t.Errorf("%s itself became %s", c.give, got)
		}
	}
}

func TestRewriteVisitsOuterValuesFirstAndShowsNoOldName(t *testing.T) {
	var paths []string
	parse(t, `{"a":[1,{"card 4111":2}],"nomorRekening":{"x":1}}`).Rewrite(starring(&paths))
	want := []string{"", "a", "a.0", "a.1", "a.1.card ****", "nomorRekening"}
	if diff := cmp.Diff(want, paths); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestRewrittenNamesStayDifferent(t *testing.T) {
	for _, c := range []struct{ give, want string }{
		{`{"1":1,"2":2,"3":3}`, `{"*":"*","* (2)":"*","* (3)":"*"}`},
		{`{"1":true,"*":false}`, `{"* (2)":true,"*":false}`},
		{`{"1":true,"x":{"1":true},"2":null}`, `{"*":true,"x":{"*":true},"* (2)":null}`},
		{`{"a":true,"b":null}`, `{"a":true,"b":null}`},
	} {
		var paths []string
		got := compact(parse(t, c.give).Rewrite(starring(&paths)))
		if got != c.want {
			t.Errorf("%s: got %s, want %s", c.give, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		v := drawValue(t, 3)
		r := starring(new([]string))
		r.Key = func(_, name string) string { return strings.Repeat("k", len(name)%3) }
		parse(t, compact(v.Rewrite(r))) // which refuses duplicates
	})
}

func TestARewriteThatChangesNothingGivesTheSameTree(t *testing.T) {
	nothing := Rewriter{
		Key:   func(_, name string) string { return name },
		Value: func(_, _ string, v Value) (Value, bool) { return v, false },
	}
	rapid.Check(t, func(t *rapid.T) {
		v := drawValue(t, 4)
		if diff := cmp.Diff(v, v.Rewrite(nothing), compareValues); diff != "" {
			t.Fatalf("-given +rewritten\n%s", diff)
		}
	})
}

// leaves writes the leaves of v, sorted, as lines; the mark of what is no string is shown as #.
func leaves(v Value) []string {
	var lines []string
	for path, text := range v.Leaves() {
		if after, ok := strings.CutPrefix(text, "\x00"); ok {
			text = "#" + after
		} else {
			text = "'" + text
		}
		lines = append(lines, path+" "+text)
	}
	slices.Sort(lines)
	return lines
}

func TestLeavesNameEveryPlaceAndTellKindsApart(t *testing.T) {
	for _, c := range []struct {
		body string
		want []string
	}{
		{`1`, []string{" #1e0"}},
		{`null`, []string{" #null"}},
		{`{}`, []string{" #{}"}},
		{`{"a":null}`, []string{" #{}"}},
		{`[]`, []string{" #[]"}},
		{`[null]`, []string{"0 #null"}},
		{`{"customer":{"email":"x@y.z","phone":null},"nominal":500000,"yes":true}`,
			[]string{"customer.email 'x@y.z", "nominal #5e5", "yes #true"}},
		{`{"attachments":[{"size":1},{}]}`, []string{"attachments.0.size #1e0", "attachments.1 #{}"}},
		{`{"a":"1","b":1,"c":"null","d":"[]","e":[],"f":false,"g":"false"}`,
			[]string{"a '1", "b #1e0", "c 'null", "d '[]", "e #[]", "f #false", "g 'false"}},
		{`{"a.b":1,"a":{"b":1},"a\\":{"b":1}}`, []string{`a.b #1e0`, `a\.b #1e0`, `a\\.b #1e0`}},
		{`{"":{"":1,"x":1},"e":1,"\\e":1}`, []string{`\\e #1e0`, `\e.\e #1e0`, `\e.x #1e0`, `e #1e0`}},
		{`{"0":1,"12":{"3x":1,"4.5":1}}`, []string{`\0 #1e0`, `\12.3x #1e0`, `\12.4\.5 #1e0`}},
	} {
		if diff := cmp.Diff(c.want, leaves(parse(t, c.body))); diff != "" {
			t.Errorf("%s: -want +got\n%s", c.body, diff)
		}
	}
}

func TestLeavesCanBeLeftEarly(t *testing.T) {
	v := parse(t, `{"a":[1,2,3],"b":{"c":1,"d":2}}`)
	all := len(leaves(v))
	for stop := 1; stop <= all; stop++ {
		seen := 0
		for range v.Leaves() {
			if seen++; seen == stop {
				break
			}
		}
		if seen != stop {
			t.Errorf("left at %d, but saw %d", stop, seen)
		}
	}
}

func TestEqualNumbersHaveOneText(t *testing.T) {
	huge := "1e" + strings.Repeat("9", 1<<20)
	for _, c := range []struct {
		want     string
		literals []string
	}{
		{"5e5", []string{"500000", "500000.0", "5e5", "5E+5", "0.5e6", "5000000e-1", "500000.000e0", "5e00005"}},
		{"-5e5", []string{"-500000", "-5.00e5"}},
		{"0", []string{"0", "-0", "0.00", "0e5", "-0.0e-999", "0e99999999999999999999999"}},
		{"1e0", []string{"1", "1.0", "10e-1", "0.1e1", "100e-2"}},
		{"125e-2", []string{"1.25", "1.250", "125e-2", "0.0125E2"}},
		{"1e-7", []string{"0.0000001", "1e-7"}},
		{"9007199254740993e0", []string{"9007199254740993", "9007199254740993.0"}},
		{"1e999999999", []string{"1e999999999", "10e999999998", "0.1e1000000000"}},
		{"1e-999999999", []string{"1e-999999999", "0.1e-999999998"}},
		{"1e1000000000000000000", []string{"10e999999999999999999", "1e1000000000000000000"}},
		{"10e9223372036854775807", []string{"10e9223372036854775807"}},
		{huge, []string{huge}},
	} {
		for _, literal := range c.literals {
			if got := canonicalNumber(literal); got != c.want {
				t.Errorf("%.50s: got %.50s, want %.50s", literal, got, c.want)
			}
		}
	}
}

func TestNumbersHaveOneTextExactlyWhenTheyAreEqual(t *testing.T) {
	literal := rapid.StringMatching(`-?(0|[1-9][05]{0,4})(\.[05]{1,4})?([eE][+-]?[0-4])?`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := literal.Draw(t, "a"), literal.Draw(t, "b")
		x, _ := new(big.Rat).SetString(a)
		y, _ := new(big.Rat).SetString(b)
		if same := canonicalNumber(a) == canonicalNumber(b); same != (x.Cmp(y) == 0) {
			t.Fatalf("%s and %s: same is %v", a, b, same)
		}
		z, ok := new(big.Rat).SetString(canonicalNumber(a))
		if !ok || z.Cmp(x) != 0 {
			t.Fatalf("%s became %s", a, canonicalNumber(a))
		}
	})
}

// normal writes v in one form for all bodies that say the same: names sorted, null members dropped, exact fractions.
func normal(v Value) string {
	switch v.Kind() {
	case Number:
		r, _ := new(big.Rat).SetString(v.Text())
		return r.String()
	case Array:
		var items []string
		for _, item := range v.Items() {
			items = append(items, normal(item))
		}
		return "[" + strings.Join(items, ",") + "]"
	case Object:
		members := map[string]string{}
		for _, m := range v.Members() {
			if m.Value.Kind() != Null {
				members[compact(TextValue(m.Name))] = normal(m.Value)
			}
		}
		var b strings.Builder
		for _, name := range slices.Sorted(maps.Keys(members)) {
			b.WriteString(name + ":" + members[name] + ",")
		}
		return "{" + b.String() + "}"
	}
	return compact(v)
}

// drawConfusing draws a small tree of names and values that are easily mistaken for each other.
func drawConfusing(t *rapid.T, depth int) Value {
	scalars := []string{
		`null`, `1`, `1.0`, `10e-1`, `0`, `-0`, `true`, `"1"`, `"null"`, `"1e0"`, `"true"`, `""`, `"[]"`, `"{}"`, `[]`, `{}`,
	}
	switch kind := rapid.IntRange(0, 4).Draw(t, "kind"); {
	case depth == 0 || kind == 0:
		return parse(t, rapid.SampledFrom(scalars).Draw(t, "scalar"))
	case kind == 1:
		items := make([]Value, rapid.IntRange(0, 2).Draw(t, "items"))
		for i := range items {
			items[i] = drawConfusing(t, depth-1)
		}
		return ArrayValue(items)
	}
	name := rapid.SampledFrom([]string{"", "a", "a.b", "b", ".", "0", "1", `\`, `\0`, `\e`, "e", `a\`, `a\.b`})
	var members []Member
	for _, n := range rapid.SliceOfNDistinct(name, 0, 3, rapid.ID).Draw(t, "names") {
		members = append(members, Member{n, drawConfusing(t, depth-1)})
	}
	return ObjectValue(members)
}

// Over all trees drawn: those that say the same have the same leaves, and no others.
func TestLeavesAreEqualExactlyWhenTheBodiesSayTheSame(t *testing.T) {
	leavesOf, normalOf := map[string]string{}, map[string]string{}
	rapid.Check(t, func(t *rapid.T) {
		for range 20 {
			v := drawConfusing(t, 3)
			lines := leaves(v)
			l, n := strings.Join(lines, "\n"), normal(v)
			if known, ok := leavesOf[n]; ok && known != l {
				t.Fatalf("%s has the leaves\n%s\nand\n%s", n, known, l)
			}
			if known, ok := normalOf[l]; ok && known != n {
				t.Fatalf("%s and %s have the leaves\n%s", known, n, l)
			}
			leavesOf[n], normalOf[l] = l, n
			paths := map[string]bool{}
			for path := range v.Leaves() {
				if paths[path] {
					t.Fatalf("%s: the path %q twice", compact(v), path)
				}
				paths[path] = true
			}
		}
	})
}

func TestLongNamesNestedDeepCostNoMoreThanTheirLength(t *testing.T) {
	name := strings.Repeat("n", 10_000)
	body := strings.Repeat(`{"`+name+`":`, 60) + wide(1000, name) + strings.Repeat("}", 60)
	total, seen := 0, map[string]bool{}
	for path := range parse(t, body).Leaves() {
		if len(path) > maxPath {
			t.Fatalf("a path of %d bytes", len(path))
		}
		total += len(path)
		seen[path] = true
	}
	if len(seen) != 999 || total > 999*maxPath {
		t.Errorf("%d different paths, %d bytes", len(seen), total)
	}
}

func TestLongPathsThatDifferAtTheEndStayDifferent(t *testing.T) {
	long := strings.Repeat("ç", 5000)
	a, b := memberPath("x", long+"a"), memberPath("x", long+"b")
	if a == b || len(a) > maxPath || !strings.HasPrefix(a, "x.çç") || !strings.Contains(a, `…\#`) {
		t.Errorf("got %s and %s", a, b)
	}
	if short := memberPath("x", strings.Repeat("n", maxPath-2)); strings.Contains(short, "#") {
		t.Errorf("a path of %d bytes is cut", len(short))
	}
}

func TestCutKeepsSoManyCharacters(t *testing.T) {
	for _, c := range []struct {
		give string
		n    int
		want string
	}{
		{"", 3, ""}, {"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"ççç", 3, "ççç"}, {"çççç", 3, "çç…"}, {"漢", 1, "漢"}, {"漢字", 1, "…"},
	} {
		if got := cut(c.give, c.n); got != c.want {
			t.Errorf("%s to %d: got %s, want %s", c.give, c.n, got, c.want)
		}
	}
}
