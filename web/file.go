package web

import (
	"mime"
	"net/http"

	"banksulutgo.co.id/servicedesk/desk"
)

// File answers with an attachment: always a download, never shown inline (the spec, section 4).
func File(f desk.Attachment) Answer {
	header := http.Header{
		"Content-Disposition":     {download(f.Filename)},
		"Content-Security-Policy": {"default-src 'none'; sandbox"},
	}
	return Answer{Status: http.StatusOK, Type: f.MIME, Header: header, Body: f.Content, Tag: Tag(1, []byte(f.SHA256))}
}

// download is the Content-Disposition of a file that is to be saved under a name, never shown.
func download(name string) string {
	return mime.FormatMediaType("attachment", map[string]string{"filename": name})
}
