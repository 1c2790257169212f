package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/desk"
)

// plainPage words an error as a page of one line.
func plainPage(r *Request, e *desk.Error, status int) (Answer, error) {
	return Page(status, fmt.Appendf(nil, "<p>%d %s %s", status, e.In(desk.Indonesian), r.ID)), nil
}

func TestAPageTellsEveryErrorWithItsStatusAndRemedy(t *testing.T) {
	door, _ := newDoor(Options{})
	for _, f := range failures {
		got := ask(t, "GET", start(t, door.HandlePage("x", fails(f.err), plainPage)), nil, "X-Request-Id: r1")
		if got.status != f.status || !strings.HasPrefix(got.body, fmt.Sprint("<p>", f.status)) || !strings.HasSuffix(got.body, " r1") || strings.Contains(got.body, "secret in") {
			t.Errorf("%s: got %d %s", f.name, got.status, got.body)
		}
		if got.header.Get("Content-Type") != "text/html; charset=utf-8" || got.header.Get("Www-Authenticate") != "" {
			t.Errorf("%s: headers %v", f.name, got.header)
		}
		for _, name := range []string{"Retry-After", "Allow"} {
			if got.header.Get(name) != f.header.Get(name) {
				t.Errorf("%s: %s is %q, want %q", f.name, name, got.header.Get(name), f.header.Get(name))
			}
		}
	}
}

func TestAnErrorIsToldEvenWhenItsPageCannotBeMade(t *testing.T) {
	door, log := newDoor(Options{})
	broken := func(*Request, *desk.Error, int) (Answer, error) { panic("no template") }
	got := ask(t, "GET", start(t, door.HandlePage("x", fails(desk.Fail(desk.NotFound, desk.PageNotFound)), broken)), nil, "X-Request-Id: r1")
	if want := `{"success":false,"message":"Page not found","requestId":"r1"}`; got.status != 404 || got.body != want {
		t.Errorf("got %d %s", got.status, got.body)
	}
	if !strings.Contains(log.next(t), "no template") {
		t.Error("the log does not say why")
	}
}

// posted makes a request with a form of unknown length.
func posted(body string) *Request {
	return incoming(strings.NewReader(body), "Content-Type: application/x-www-form-urlencoded; charset=UTF-8")
}

func TestAFormIsReadWithinItsLimit(t *testing.T) {
	door, _ := newDoor(Options{})
	for name, c := range map[string]struct {
		of   *Request
		want url.Values
		code desk.Code // of the refusal
		text desk.Text
	}{
		"fields":           {of: posted("number=10001&code=ab+cd%2D&code=x"), want: url.Values{"number": {"10001"}, "code": {"ab cd-", "x"}}},
		"none":             {of: posted(""), want: url.Values{}},
		"full":             {of: posted("a=" + strings.Repeat("x", 98)), want: url.Values{"a": {strings.Repeat("x", 98)}}},
		"a byte too long":  {of: posted("a=" + strings.Repeat("x", 99)), code: desk.TooLarge, text: desk.FormTooLarge},
		"a broken escape":  {of: posted("a=%zz"), code: desk.Invalid, text: desk.FormUnreadable},
		"a semicolon":      {of: posted("a=1;b=2"), code: desk.Invalid, text: desk.FormUnreadable},
		"NUL in a value":   {of: posted("a=%00"), code: desk.Invalid, text: desk.FormUnreadable},
		"no UTF-8":         {of: posted("%ff=a"), code: desk.Invalid, text: desk.FormUnreadable},
		"JSON":             {of: incoming(strings.NewReader("{}"), "Content-Type: application/json"), code: desk.Unsupported, text: desk.FormUnreadable},
		"no type":          {of: incoming(strings.NewReader("a=1")), code: desk.Unsupported, text: desk.FormUnreadable},
		"compressed":       {of: incoming(strings.NewReader("a=1"), "Content-Type: application/x-www-form-urlencoded", "Content-Encoding: gzip"), code: desk.Unsupported, text: desk.FormUnreadable},
		"cut":              {of: incoming(iotest.ErrReader(errors.New("gone")), "Content-Type: application/x-www-form-urlencoded"), code: desk.Invalid, text: desk.BodyCut},
		"announced longer": {of: announced(posted("a=1"), 101), code: desk.TooLarge, text: desk.FormTooLarge},
	} {
		before := door.budget.free()
		got, err := door.ReadForm(c.of, 100)
		if c.code == "" {
			if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
				t.Errorf("%s: %v (-want +got)\n%s", name, err, diff)
			}
		} else if e, _ := errors.AsType[*desk.Error](err); e == nil || e.Code != c.code || e.Text != c.text {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
		if left := door.budget.free(); left != before {
			t.Errorf("%s: the budget had %d bytes and now has %d", name, before, left)
		}
	}
}

// announced says how long the body of a request is.
func announced(r *Request, length int64) *Request {
	r.ContentLength = length
	return r
}

func TestTheLogTellsHowMuchOfAFormCame(t *testing.T) {
	door, log := newDoor(Options{})
	form := door.HandlePage("x", func(r *Request) (Answer, error) {
		_, err := door.ReadForm(r, 100)
		return Page(http.StatusOK, nil), err
	}, plainPage)
	ask(t, "POST", start(t, form), strings.NewReader("a=12345"), "Content-Type: application/x-www-form-urlencoded")
	if got := log.fields(t)["received"]; got != 7.0 {
		t.Errorf("the log says that %v bytes were received", got)
	}
}
