package web

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"strings"

	"banksulutgo.co.id/servicedesk/desk"
)

// maxParts bounds how many parts a form with files may have.
const maxParts = 100

// ReadUpload reads a form that may bring files: as multipart/form-data, of at most MaxBody bytes in all, or as ReadForm. The
// fields together may have so many bytes. The files have the names and types that the browser gave them; nothing was
// looked at yet. Errors are those of ReadForm.
func (d *Door) ReadUpload(r *Request, fields int64) (url.Values, []desk.Attachment, error) {
	kind, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		form, err := d.ReadForm(r, fields)
		return form, nil, err
	}
	if r.Header.Get("Content-Encoding") != "" {
		return nil, nil, desk.Fail(desk.Unsupported, desk.FormUnreadable)
	}
	if r.ContentLength > MaxBody {
		return nil, nil, desk.Fail(desk.TooLarge, desk.FormTooLarge)
	}
	d.begin(r, MaxBody) // what it takes of the budget is given back with the answer
	body, err := d.readAll(r, &r.body, r.ContentLength)
	if desk.Is(err, desk.TooLarge) {
		return nil, nil, desk.Fail(desk.TooLarge, desk.FormTooLarge)
	}
	if err != nil {
		return nil, nil, err
	}
	return readParts(multipart.NewReader(bytes.NewReader(body), parameters["boundary"]), fields)
}

// readParts reads the parts of a form. Its fields may have so many bytes together.
func readParts(parts *multipart.Reader, left int64) (url.Values, []desk.Attachment, error) {
	form := url.Values{}
	var files []desk.Attachment
	for range maxParts {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return form, files, nil
		}
		if err != nil {
			return nil, nil, &desk.Error{Code: desk.Invalid, Text: desk.FormUnreadable, Err: err}
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return nil, nil, &desk.Error{Code: desk.Invalid, Text: desk.FormUnreadable, Err: err}
		}
		name, filename := part.FormName(), fileName(part)
		switch {
		case filename != "":
			files = append(files, desk.Attachment{Filename: filename, MIME: part.Header.Get("Content-Type"), Content: content, Size: int64(len(content)), DeclaredSize: -1})
			continue
		case isFile(part): // the field of a form in which no file was chosen
			continue
		}
		if left -= int64(len(content)); left < 0 {
			return nil, nil, desk.Fail(desk.TooLarge, desk.FormTooLarge)
		}
		if notText(name) || notText(string(content)) {
			return nil, nil, desk.Fail(desk.Invalid, desk.FormUnreadable)
		}
		form.Add(name, string(content))
	}
	return nil, nil, desk.Fail(desk.TooLarge, desk.FormTooLarge)
}

// fileName is the name of a part's file as the browser gave it: what FileName would leave of it is desk's to say.
func fileName(part *multipart.Part) string {
	_, parameters, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	if err != nil {
		return ""
	}
	return strings.ToValidUTF8(parameters["filename"], "")
}

// isFile reports whether a part is the field of a file.
func isFile(part *multipart.Part) bool {
	_, parameters, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	_, file := parameters["filename"]
	return err == nil && file
}
