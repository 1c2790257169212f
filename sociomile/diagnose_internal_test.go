package sociomile

import (
	"context"
	"fmt"
	"net"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"banksulutgo.co.id/servicedesk/guard"
)

func TestEveryFaultSaysInBothLanguagesWhoseItIs(t *testing.T) {
	slot := regexp.MustCompile(`\{\w+\}`)
	for fault, s := range sentences {
		english, indonesian := slot.FindAllString(s.english, -1), slot.FindAllString(s.indonesian, -1)
		if s.english == "" || s.indonesian == "" || s.english == s.indonesian || fmt.Sprint(english) != fmt.Sprint(indonesian) && fault != faultWrongWay {
			t.Errorf("%s: %+v", fault, s)
		}
		if _, known := blames[s.whose]; !known && s.whose != sideNobody {
			t.Errorf("%s is the fault of %q", fault, s.whose)
		}
	}
}

func TestAMissingConnectionIsNamedByItsCause(t *testing.T) {
	for _, c := range []struct {
		err  error
		want Fault
	}{
		{&net.OpError{Op: "dial", Err: &guard.Refused{Why: "link-local"}}, faultNotAllowed},
		{fmt.Errorf("dial: %w", syscall.ECONNREFUSED), faultNobodyListens},
		{fmt.Errorf("dial: %w", syscall.EHOSTUNREACH), faultNoRoute},
		{context.DeadlineExceeded, faultNoRoute},
	} {
		if got := faultOfDial(c.err); got != c.want {
			t.Errorf("%v is %s, want %s", c.err, got, c.want)
		}
	}
}

func TestTheFrameworksFaultIsKnownByItsFile(t *testing.T) {
	const routes = "/srv/app/vendor/laravel/lumen-framework/src/Concerns/RoutesRequests.php"
	for body, want := range map[string]struct {
		file string
		line int
		ok   bool
	}{
		`{"status":false,"message":"","errors":{"file":"` + routes + `","message":"","line":229}}`: {routes, 229, true},
		`{"type":"error","file":"/srv/T.php","line":99,"status":false}`:                            {"/srv/T.php", 99, false},
		`{"file":"` + routes + `","line":1}`:                                                       {routes, 1, true},
		`{"errors":{"nominal":["must be a number"]}}`:                                              {},
		`{"errors":["x"],"line":7}`:                                                                {"", 7, false},
		`{"nominal":["must be a number"]}`:                                                         {},
		`{"file":["x"]}`:                                                                           {},
		`[]`:                                                                                       {}, `null`: {}, ``: {}, `<html>RoutesRequests.php</html>`: {},
	} {
		if file, line, ok := frameworkFault([]byte(body)); file != want.file || line != want.line || ok != want.ok {
			t.Errorf("%s: %q, %d, %v", body, file, line, ok)
		}
	}
}

// However somebody repeats it.
func TestTheTokenIsHiddenInEachForm(t *testing.T) {
	e := &examiner{secret: formsOf(`a+b/"c&d`)}
	for _, text := range []string{`no a+b/"c&d here`, `?client_secret_key=a%2Bb%2F%22c%26d`, `/a+b%2F%22c&d`, `<b>a&#43;b/&#34;c&amp;d</b>`, `a+b/&#34;c&amp;d`, `"a+b/\"c&d"`, `{"token":"a+b\/\"c\u0026d"}`, `?k=%61%2b%62%2f%22%63%26%64`} {
		if got := e.shown(text); !strings.Contains(got, "[token]") || strings.Contains(got, "a+b") || strings.HasSuffix(got, "d") {
			t.Errorf("%s is shown as %s", text, got)
		}
	}
	if got := e.shown(strings.Repeat("x", 2000)); len([]rune(got)) != lookKept+1 {
		t.Errorf("%d characters are shown", len([]rune(got)))
	}
}
