package web

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/desk"
)

// read begins to read a body that must be an object.
func read(t *testing.T, body string) (*Fields, *desk.Faults) {
	t.Helper()
	faults := new(desk.Faults)
	f, err := ReadFields(parse(t, body), faults)
	if err != nil {
		t.Fatal(err)
	}
	return f, faults
}

// checkFaults compares the faults with lines of path, text and arguments.
func checkFaults(t *testing.T, faults *desk.Faults, want ...string) {
	t.Helper()
	var got []string
	for _, f := range *faults {
		got = append(got, strings.TrimSpace(f.Path+": "+string(f.Text)+" "+strings.Join(f.Args, " ")))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("faults: -want +got\n%s", diff)
	}
}

func TestABodyThatIsNoObjectIsInvalid(t *testing.T) {
	for _, body := range []string{`[]`, `"x"`, `1`, `true`, `null`} {
		f, err := ReadFields(parse(t, body), new(desk.Faults))
		want := &desk.Error{
			Code: desk.Invalid, Text: desk.ValidationFailed,
			Fields: desk.Faults{{Path: "body", Text: desk.MustBeObject}},
		}
		if diff := cmp.Diff(error(want), err); diff != "" || f != nil {
			t.Errorf("%s: %v, -want +got\n%s", body, f, diff)
		}
	}
}

func TestFieldsOfTheRightTypeAreReadAsSent(t *testing.T) {
	f, faults := read(t, `{"text":" John\nDoe ","blank":"  ","empty":"","amount":500000.50,"yes":true,"no":false,
		"any":[1,{"x":2}],"customer":{"name":"Jane"},"items":[{"n":1},{"n":2}]}`)
	if got := f.Text("text", 10); got != " John\nDoe " {
		t.Errorf("text: got %q", got)
	}
	if got := f.Text("blank", 10); got != "  " {
		t.Errorf("blank: got %q", got)
	}
	if got := f.Text("empty", 10); got != "" || !f.Has("empty") {
		t.Errorf("empty: got %q, %v", got, f.Has("empty"))
	}
	if got, ok := f.Number("amount"); got != "500000.50" || !ok {
		t.Errorf("amount: got %q, %v", got, ok)
	}
	if !f.Bool("yes") || f.Bool("no") {
		t.Error("yes or no is read wrongly")
	}
	if v, ok := f.Value("any"); !ok || compact(v) != `[1,{"x":2}]` {
		t.Errorf("any: got %s, %v", compact(v), ok)
	}
	if got := f.Object("customer").Text("name", 10); got != "Jane" {
		t.Errorf("customer.name: got %q", got)
	}
	for i, item := range f.Objects("items", 2) {
		if got, _ := item.Number("n"); got != fmt.Sprint(i+1) {
			t.Errorf("item %d: got %q", i, got)
		}
	}
	checkFaults(t, faults)
	if got := f.Unknown(); got != nil {
		t.Errorf("unknown: %q", got)
	}
}

func TestAbsentAndNullFieldsAreTheSameAndNoFault(t *testing.T) {
	for _, body := range []string{`{}`, `{"x":null}`} {
		f, faults := read(t, body)
		if f.Has("x") || f.Text("x", 1) != "" || f.Bool("x") || f.Objects("x", 1) != nil {
			t.Errorf("%s: something was read", body)
		}
		if literal, ok := f.Number("x"); literal != "" || ok {
			t.Errorf("%s: the number %q", body, literal)
		}
		if v, ok := f.Value("x"); v.Kind() != Null || ok {
			t.Errorf("%s: the value %s", body, compact(v))
		}
		inner := f.Object("x")
		if inner == nil || inner.Has("y") || inner.Path("y") != "x.y" {
			t.Errorf("%s: the object %v", body, inner)
		}
		checkFaults(t, faults)
	}
}

func TestNamesMatchExactly(t *testing.T) {
	f, _ := read(t, `{"Title":"a","TITLE":"b","title ":"c","ſtatus":"d"}`)
	if f.Has("title") || f.Has("status") {
		t.Error("another spelling was taken for the field")
	}
}

func TestWrongTypesAreAllToldAtOnce(t *testing.T) {
	f, faults := read(t, `{"text":1,"amount":"500000","flag":"true","object":[],"array":{},"customer":{"name":true},
		"items":[{"n":"1"},2,null,{"n":[]}]}`)
	if got := f.Text("text", 10); got != "" {
		t.Errorf("text: got %q", got)
	}
	if got, ok := f.Number("amount"); got != "" || ok {
		t.Errorf("amount: got %q", got)
	}
	if f.Bool("flag") {
		t.Error("flag: got true")
	}
	f.Object("object").Text("inner", 10)
	if got := f.Objects("array", 5); got != nil {
		t.Errorf("array: got %v", got)
	}
	f.Object("customer").Text("name", 10)
	items := f.Objects("items", 5)
	if len(items) != 4 {
		t.Fatalf("got %d items", len(items))
	}
	for _, item := range items {
		item.Number("n")
	}
	checkFaults(t, faults,
		"text: {field} must be a text",
		"amount: {field} must be a number",
		"flag: {field} must be true or false",
		"object: {field} must be an object",
		"array: {field} must be an array",
		"customer.name: {field} must be a text",
		"items.1: {field} must be an object",
		"items.2: {field} must be an object",
		"items.0.n: {field} must be a number",
		"items.3.n: {field} must be a number",
	)
}

func TestTextsAreMeasuredInCharacters(t *testing.T) {
	for _, c := range []struct {
		text  string
		limit int
		fits  bool
	}{
		{"abcd", 4, true}, {"abcde", 4, false},
		{"çççç", 4, true}, {"ççççç", 4, false},
		{"😀😀😀😀", 4, true}, {"😀😀😀😀😀", 4, false}, {"😀😀😀😀a", 4, false},
		{strings.Repeat("x", 1000), 4, false},
		{strings.Repeat("x", 1000), 0, true},
		{"", 1, true},
	} {
		f, faults := read(t, compact(ObjectValue([]Member{{"x", TextValue(c.text)}})))
		got := f.Text("x", c.limit)
		if c.fits {
			checkFaults(t, faults)
		} else {
			checkFaults(t, faults, fmt.Sprint("x: {field} must be at most {0} characters ", c.limit))
			c.text = ""
		}
		if got != c.text {
			t.Errorf("%q, at most %d: got %q", c.text, c.limit, got)
		}
	}
}

func TestOfTooManyItemsTheFirstAreRead(t *testing.T) {
	f, faults := read(t, `{"attachments":[{"size":1},{"size":"2"},{"size":"3"},4]}`)
	attachments := f.Objects("attachments", 2)
	for _, a := range attachments {
		a.Number("size")
	}
	if len(attachments) != 2 {
		t.Errorf("got %d", len(attachments))
	}
	checkFaults(t, faults, "attachments: {field} must have at most {0} items 2", "attachments.1.size: {field} must be a number")
}

func TestWhatNobodyAskedForIsUnknown(t *testing.T) {
	f, faults := read(t, `{"z":1,"title":"a","customer":{"name":"b","nmae":"c","address":{"city":"d"},"deep":{"in":{"x":1,"y":2}}},
		"void":null,"metadata":{"free":{"form":1}},"attachments":[{"size":1},{"sise":2,"size":3},{"a.b":4}],"wrong":{"q":1},"a":[{}]}`)
	f.Text("title", 10)
	f.Has("wrong")
	f.Value("metadata")
	customer := f.Object("customer")
	customer.Text("name", 10)
	customer.Object("deep").Object("in").Number("y")
	for _, a := range f.Objects("attachments", 5) {
		a.Number("size")
	}
	want := []string{"z", "customer.nmae", "customer.address", "customer.deep.in.x", "attachments.1.sise", `attachments.2.a\.b`, "a"}
	if diff := cmp.Diff(want, f.Unknown()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	checkFaults(t, faults)
}

func TestAskingTwiceRemembersBothAnswers(t *testing.T) {
	f, _ := read(t, `{"o":{"a":1,"b":2,"c":3},"l":[{"a":1,"b":2,"c":3}]}`)
	f.Object("o").Number("a")
	f.Object("o").Number("b")
	f.Objects("l", 1)[0].Number("a")
	f.Objects("l", 1)[0].Number("b")
	if diff := cmp.Diff([]string{"o.c", "l.0.c"}, f.Unknown()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestTheListOfUnknownFieldsIsBounded(t *testing.T) {
	long := `"` + strings.Repeat("n", 10_000) + `":1,`
	f, _ := read(t, `{`+long+`"inner":`+wide(1000, "last")+`,"list":[`+strings.Repeat(`{"a":1},`, 999)+`{"a":1}],"end":1}`)
	f.Object("inner")
	f.Objects("list", 1000)
	unknown := f.Unknown()
	if len(unknown) != 50 {
		t.Errorf("got %d", len(unknown))
	}
	if n := len(strings.Join(unknown, "")); n > 50*maxPath {
		t.Errorf("they have %d bytes", n)
	}
}
