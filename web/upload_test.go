package web

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/desk"
)

// part is one part of a form: what follows `form-data; `, and its content.
func part(disposition, content string, headers ...string) string {
	return "--b\r\nContent-Disposition: form-data; " + disposition + "\r\n" + strings.Join(append(headers, ""), "\r\n") + "\r\n" + content + "\r\n"
}

// uploaded makes a request with a form of parts.
func uploaded(parts ...string) *Request {
	return incoming(strings.NewReader(strings.Join(parts, "")+"--b--\r\n"), "Content-Type: multipart/form-data; boundary=b")
}

func TestAFormWithFilesIsReadWithinItsLimits(t *testing.T) {
	door, _ := newDoor(Options{})
	many := make([]string, 0, 101)
	for i := range 101 {
		many = append(many, part(fmt.Sprintf(`name="f%d"`, i), ""))
	}
	const multipart = "Content-Type: multipart/form-data; boundary=b"
	for name, c := range map[string]struct {
		of    *Request
		want  url.Values
		files []string // name, type and content
		code  desk.Code
		text  desk.Text
	}{
		"a form without files":    {of: posted("a=1"), want: url.Values{"a": {"1"}}},
		"fields and a file":       {of: uploaded(part(`name="a"`, "1"), part(`name="a"`, "2"), part(`name="files"; filename="x.txt"`, "abc", "Content-Type: text/plain")), want: url.Values{"a": {"1", "2"}}, files: []string{"x.txt text/plain abc"}},
		"two files of a field":    {of: uploaded(part(`name="f"; filename="1"`, "a"), part(`name="f"; filename="2"`, "\x00\xff")), want: url.Values{}, files: []string{"1  a", "2  \x00\xff"}},
		"no file was chosen":      {of: uploaded(part(`name="files"; filename=""`, "", "Content-Type: application/octet-stream")), want: url.Values{}},
		"a name in UTF-8":         {of: uploaded(part(`name="f"; filename*=UTF-8''%E2%82%AC%FF.txt`, "a")), want: url.Values{}, files: []string{"€.txt  a"}},
		"a path as a name":        {of: uploaded(part(`name="f"; filename="../../x"`, "a")), want: url.Values{}, files: []string{"../../x  a"}},
		"an encoding of a part":   {of: uploaded(part(`name="a"`, "=41", "Content-Transfer-Encoding: quoted-printable")), want: url.Values{"a": {"=41"}}},
		"fields that just fit":    {of: uploaded(part(`name="a"`, strings.Repeat("x", 60)), part(`name="b"`, strings.Repeat("x", 40))), want: url.Values{"a": {strings.Repeat("x", 60)}, "b": {strings.Repeat("x", 40)}}},
		"fields too large":        {of: uploaded(part(`name="a"`, strings.Repeat("x", 60)), part(`name="b"`, strings.Repeat("x", 41))), code: desk.TooLarge, text: desk.FormTooLarge},
		"a file over their limit": {of: uploaded(part(`name="f"; filename="x"`, strings.Repeat("x", 1000))), want: url.Values{}, files: []string{"x  " + strings.Repeat("x", 1000)}},
		"a hundred and one parts": {of: uploaded(many...), code: desk.TooLarge, text: desk.FormTooLarge},
		"NUL in a field":          {of: uploaded(part(`name="a"`, "\x00")), code: desk.Invalid, text: desk.FormUnreadable},
		"no UTF-8 in a field":     {of: uploaded(part(`name="a"`, "\xff")), code: desk.Invalid, text: desk.FormUnreadable},
		"no UTF-8 in a name":      {of: uploaded(part("name=\"\xff\"", "a")), code: desk.Invalid, text: desk.FormUnreadable},
		"no parts":                {of: incoming(strings.NewReader("hello"), multipart), want: url.Values{}},
		"empty":                   {of: incoming(strings.NewReader(""), multipart), want: url.Values{}},
		"no end":                  {of: incoming(strings.NewReader(part(`name="a"`, "1")), multipart), code: desk.Invalid, text: desk.FormUnreadable},
		"no boundary":             {of: incoming(strings.NewReader(part(`name="a"`, "1")), "Content-Type: multipart/form-data"), code: desk.Invalid, text: desk.FormUnreadable},
		"another multipart":       {of: incoming(strings.NewReader(""), "Content-Type: multipart/mixed; boundary=b"), code: desk.Unsupported, text: desk.FormUnreadable},
		"JSON":                    {of: incoming(strings.NewReader("{}"), "Content-Type: application/json"), code: desk.Unsupported, text: desk.FormUnreadable},
		"compressed":              {of: incoming(strings.NewReader(""), multipart, "Content-Encoding: gzip"), code: desk.Unsupported, text: desk.FormUnreadable},
		"cut":                     {of: incoming(iotest.ErrReader(errors.New("gone")), multipart), code: desk.Invalid, text: desk.BodyCut},
		"announced longer":        {of: announced(uploaded(), MaxBody+1), code: desk.TooLarge, text: desk.FormTooLarge},
	} {
		before := door.budget.free()
		got, files, err := door.ReadUpload(c.of, 100)
		if c.code == "" {
			if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
				t.Errorf("%s: %v (-want +got)\n%s", name, err, diff)
			}
			var described []string
			for _, f := range files {
				described = append(described, f.Filename+" "+f.MIME+" "+string(f.Content))
				if f.Size != int64(len(f.Content)) || f.DeclaredSize != -1 {
					t.Errorf("%s: %s has the size %d, declared %d", name, f.Filename, f.Size, f.DeclaredSize)
				}
			}
			if diff := cmp.Diff(c.files, described); diff != "" {
				t.Errorf("%s: files (-want +got)\n%s", name, diff)
			}
		} else if e, _ := errors.AsType[*desk.Error](err); e == nil || e.Code != c.code || e.Text != c.text || got != nil || files != nil {
			t.Errorf("%s: got %v, %v, %v", name, got, files, err)
		}
		door.release(c.of)
		if left := door.budget.free(); left != before {
			t.Errorf("%s: the budget had %d bytes and now has %d", name, before, left)
		}
	}
}

func TestAFileIsADownloadWhateverItsName(t *testing.T) {
	for name, want := range map[string]string{
		"a.txt": "attachment; filename=a.txt", `a "b".txt`: `attachment; filename="a \"b\".txt"`, "€.txt": "attachment; filename*=utf-8''%E2%82%AC.txt",
		"a\r\nX-Evil: 1": "attachment; filename*=utf-8''a%0D%0AX-Evil%3A%201", "": "attachment; filename=\"\"", "a;b": `attachment; filename="a;b"`,
	} {
		got := File(desk.Attachment{Filename: name, MIME: "text/plain", Content: []byte("x"), SHA256: "1"})
		if is := got.Header.Get("Content-Disposition"); is != want || got.Header.Get("Content-Security-Policy") != "default-src 'none'; sandbox" || got.Type != "text/plain" || got.Status != 200 {
			t.Errorf("%q: %s, %v", name, is, got)
		}
	}
}
