package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"banksulutgo.co.id/servicedesk/desk"
)

// PageWording makes the page that tells an error with a status.
type PageWording func(r *Request, e *desk.Error, status int) (Answer, error)

// HandlePage is Handle for doors that people look at: errors are told by pages. Log, metrics, request ids and the care for
// panics are those of every operation.
func (d *Door) HandlePage(operation string, h Handler, word PageWording) http.Handler {
	return d.handle(operation, h, func(r *Request, e *desk.Error, status int) Answer {
		answer, err := run(func(r *Request) (Answer, error) { return word(r, e, status) }, r)
		if err != nil {
			d.log.Error("a page that tells an error cannot be made", "request", r.ID, "error", err)
			return wordJSON(r, e, status)
		}
		return answer
	})
}

// Page is the answer that shows a page of HTML.
func Page(status int, body []byte) Answer {
	return Answer{Status: status, Type: "text/html; charset=utf-8", Header: http.Header{}, Body: body}
}

// ReadForm reads the fields of a form that a browser sends as application/x-www-form-urlencoded, of at most so many bytes.
// It returns an Error of code Unsupported (not such a form), TooLarge, TooSlow, Unavailable (too many bodies in flight),
// or Invalid (cut, or no form, or with what no text can hold).
func (d *Door) ReadForm(r *Request, most int64) (url.Values, error) {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if !strings.EqualFold(strings.TrimSpace(kind), "application/x-www-form-urlencoded") || r.Header.Get("Content-Encoding") != "" {
		return nil, desk.Fail(desk.Unsupported, desk.FormUnreadable)
	}
	if r.ContentLength > most {
		return nil, desk.Fail(desk.TooLarge, desk.FormTooLarge)
	}
	d.begin(r, most)
	defer d.release(r)
	body, err := d.readAll(r, &r.body, r.ContentLength)
	if desk.Is(err, desk.TooLarge) {
		return nil, desk.Fail(desk.TooLarge, desk.FormTooLarge)
	}
	if err != nil {
		return nil, err
	}
	return parseForm(string(body))
}

// parseForm reads the fields of a form.
func parseForm(body string) (url.Values, error) {
	fields, err := url.ParseQuery(body)
	if err != nil {
		return nil, &desk.Error{Code: desk.Invalid, Text: desk.FormUnreadable, Err: err}
	}
	for name, values := range fields {
		if notText(name) || slices.ContainsFunc(values, notText) {
			return nil, desk.Fail(desk.Invalid, desk.FormUnreadable)
		}
	}
	return fields, nil
}

// notText reports whether a database could not hold a value as text.
func notText(s string) bool { return !utf8.ValidString(s) || strings.Contains(s, "\x00") }

// TrustOrigin lets forms of pages at a public URL through, whatever a proxy makes of its name; an empty one changes nothing.
func TrustOrigin(p *http.CrossOriginProtection, publicURL string) error {
	if publicURL == "" {
		return nil
	}
	u, err := url.Parse(publicURL)
	if err != nil {
		return err
	}
	return p.AddTrustedOrigin(u.Scheme + "://" + u.Host)
}
