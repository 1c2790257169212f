package api_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// file writes an attachment.
func file(name, kind string, content []byte) string {
	return fmt.Sprintf(`{"filename":%s,"mimeType":%s,"content":"%s"}`, quote(name), quote(kind), base64.StdEncoding.EncodeToString(content))
}

// attach writes a PATCH that adds files.
func attach(files ...string) string {
	return `{"action":"ADD_ATTACHMENT","attachments":[` + strings.Join(files, ",") + `]}`
}

// ticketWith writes a ticket with files.
func ticketWith(files ...string) string {
	return strings.TrimSuffix(aTicket, "}") + `,"attachments":[` + strings.Join(files, ",") + `]}`
}

// Contents that begin as files of their type do.
var (
	png   = []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00")
	jpeg  = []byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00")
	pdf   = []byte("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	note  = []byte("just a note")
	elf   = []byte("\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x3e\x00")
	exe   = []byte("MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff")
	html  = []byte("<!DOCTYPE html><html><body><script>alert(1)</script></body></html>")
	svg   = []byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`)
	shell = []byte("#!/bin/sh\nrm -rf /\n")
)

func TestAttachmentsComeBackAsDownloads(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		number := opened(t, c, "/tickets", ticketWith(file("foto.png", "image/png", png), file("Bukti transfer é.pdf", "application/pdf", pdf)))
		added := c.Patch(t, "/tickets/"+number, attach(file("note.txt", "text/plain; charset=utf-8", note))).Want(t, 200)
		shown := c.Get(t, "/tickets/"+number).Want(t, 200)
		ids := map[string]string{}
		for _, want := range []struct{ name, kind, disposition, content string }{
			{"foto.png", "image/png", `attachment; filename=foto.png`, string(png)},
			{"Bukti transfer é.pdf", "application/pdf", `attachment; filename*=utf-8''Bukti%20transfer%20%C3%A9.pdf`, string(pdf)},
			{"note.txt", "text/plain", `attachment; filename=note.txt`, string(note)},
		} {
			at := placeOf(shown, want.name)
			ids[want.name] = shown.Text(at + "id")
			if shown.Text(at+"mimeType") != want.kind || shown.Text(at+"size") != fmt.Sprint(len(want.content)) {
				t.Errorf("shown as %s", shown.Text("attachments"))
			}
			r := c.Get(t, "/tickets/"+number+"/attachments/"+shown.Text(at+"id")).Want(t, 200)
			if string(r.Body) != want.content {
				t.Errorf("%s comes back as %q", want.name, r.Body)
			}
			for header, value := range map[string]string{"Content-Type": want.kind, "Content-Disposition": want.disposition, "X-Content-Type-Options": "nosniff",
				"Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "private, no-cache"} {
				if got := r.Header.Get(header); got != value {
					t.Errorf("%s: %s is %q, want %q", want.name, header, got, value)
				}
			}
			c.With("If-None-Match", r.Header.Get("ETag")).Get(t, "/tickets/"+number+"/attachments/"+shown.Text(at+"id")).Want(t, 304)
		}
		if added.Text("result.attachments.0.id") != ids["note.txt"] {
			t.Errorf("the id of the answer is not the id of the ticket: %s", added.Body)
		}
		other := opened(t, c, "/tickets", aTicket)
		wantMessage(t, c.Get(t, "/tickets/"+other+"/attachments/"+ids["foto.png"]), 404, "Attachment not found")
		wantMessage(t, c.Get(t, "/tickets/"+number+"/attachments/none"), 404, "Attachment not found")
		wantMessage(t, c.Get(t, "/tickets/404/attachments/"+ids["foto.png"]), 404, "Ticket not found")
	})
}

// placeOf returns the path of the attachment of a name.
func placeOf(shown desktest.Response, name string) string {
	for i := range shown.Len("attachments") {
		if at := fmt.Sprintf("attachments.%d.", i); shown.Text(at+"filename") == name {
			return at
		}
	}
	return "missing."
}

func TestAFileMustBeWhatItSays(t *testing.T) {
	cases := []struct {
		name, kind string
		content    []byte
		fault      string // path and text; empty: accepted
	}{
		{"a.png", "image/png", png, ""}, {"a.jpg", "image/jpeg", jpeg, ""}, {"a.jpg", "image/jpg", jpeg, ""}, {"a.pdf", "application/pdf", pdf, ""}, {"a.txt", "text/plain", note, ""},
		{"a.csv", "text/csv", []byte("a,b\n1,2\n"), ""}, {"a.json", "application/json", []byte(`{"a":1}`), ""}, {"a.bin", "application/octet-stream", []byte{0, 1, 2, 3, 0xfe}, ""},
		{"a.PNG", "IMAGE/PNG", png, ""}, {"a.bin", "application/octet-stream", png, ""}, {"a.jpg", "image/pjpeg", jpeg, ""}, {"a.csv", "application/vnd.ms-excel", []byte("a;b\n1;2\n"), ""},
		{"a.png", "image/png", jpeg, "mimeType MIME type is image/png, but the content is image/jpeg"}, {"a.pdf", "application/pdf", note, "mimeType MIME type is application/pdf, but the content is text/plain"},
		{"a.txt", "text/plain", png, "mimeType MIME type is text/plain, but the content is image/png"}, {"a.jpg", "image/pjpeg", png, "mimeType MIME type is image/pjpeg, but the content is image/png"},
		{"a.exe", "application/octet-stream", exe, "filename File name of type .exe is not accepted"}, {"a.png", "image/png", exe, "content Content of type application/vnd.microsoft.portable-executable is not accepted"},
		{"a", "application/octet-stream", elf, "content Content of type application/x-executable is not accepted"},
		{"a.html", "text/html", html, "mimeType MIME type of type text/html is not accepted"}, {"a.txt", "text/plain", html, "content Content of type text/html is not accepted"},
		{"a.svg", "image/svg+xml", svg, "mimeType MIME type of type image/svg+xml is not accepted"}, {"a.txt", "text/plain", svg, "content Content of type image/svg+xml is not accepted"},
		{"a.txt", "text/plain", shell, "content Content of type text/x-shellscript is not accepted"}, {"a.sh", "text/plain", note, "filename File name of type .sh is not accepted"},
		{"a.png.exe", "image/png", png, "filename File name of type .exe is not accepted"}, {"a.JS", "text/plain", note, "filename File name of type .js is not accepted"},
		{"a.txt", "nonsense/", note, "mimeType MIME type of type nonsense/ is not accepted"}, {"a.txt", "text/plain", nil, "content Content is required"},
	}
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		number := opened(t, c, "/tickets", aTicket)
		for _, tc := range cases {
			body := file(tc.name, tc.kind, tc.content)
			made, added := c.Post(t, "/tickets", ticketWith(body)), c.Patch(t, "/tickets/"+number, attach(body))
			if tc.fault == "" {
				if made.Status != 201 || added.Status != 200 {
					t.Errorf("%s as %s: %s %s", tc.name, tc.kind, made.Body, added.Body)
				}
				continue
			}
			field, text, _ := strings.Cut(tc.fault, " ")
			if made.Errors()["attachments.0."+field] != text || added.Errors()["attachments.0."+field] != text {
				t.Errorf("%s as %s: %s, want %s", tc.name, tc.kind, made.Body, tc.fault)
			}
		}
	})
}

func TestContentMustBeStandardPaddedBase64(t *testing.T) {
	d := onDesk(t)
	c := partner(t, d, "partner")
	with := func(content string) string {
		return ticketWith(`{"filename":"a.txt","mimeType":"text/plain","content":` + quote(content) + `}`)
	}
	for _, content := range []string{"YQ", "YQ=", "YWI", "Y Q==", "YQ==\n", "-_-_", "YQ==YQ==", "?", "data:text/plain;base64,YQ==", "YR==", "YQ===", "é"} {
		wantFaults(t, c.Post(t, "/tickets", with(content)), map[string]string{"attachments.0.content": "Content must be valid base64"})
	}
	for _, content := range []string{"YQ==", "YWI=", "YWJj", "YQ=\\u003d"} {
		opened(t, c, "/tickets", strings.Replace(with("X"), `"X"`, `"`+content+`"`, 1))
	}
}

func TestTheDecodedSizeCounts(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		for size, warning := range map[string]string{"11": "", "11.0": "", "1.1e1": "", "0": "The declared size is 0 bytes, the content has 11; the content counts", "99999999": "The declared size is 99999999 bytes, the content has 11; the content counts"} {
			body := strings.Replace(file("a.txt", "text/plain", note), "{", `{"size":`+size+`,`, 1)
			r := c.Post(t, "/tickets", ticketWith(body)).Want(t, 201)
			if got := r.Warnings()["attachments.0.size"]; got != warning {
				t.Errorf("size %s: %q, want %q", size, got, warning)
			}
			if got := c.Get(t, "/tickets/"+r.Text("ticketNumber")).Text("attachments.0.size"); got != "11" {
				t.Errorf("the size is shown as %s", got)
			}
		}
	})
}

func TestFileNamesLoseWhatIsNoName(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		for given, want := range map[string]string{
			"../../etc/passwd": "passwd", `C:\Users\a\foto.txt`: "foto.txt", "a\u0007b\n.txt": "ab.txt", "evil\u202etxt.txt": "eviltxt.txt", "..": "file", "/": "file", " .hidden ": "hidden",
			"kartu 4111 1111 1111 1111.txt": "kartu ****1111.txt", "'; rm -rf.txt": "'; rm -rf.txt", `quo"te.txt`: `quo"te.txt`,
		} {
			number := opened(t, c, "/tickets", ticketWith(file(given, "text/plain", note)))
			shown := c.Get(t, "/tickets/"+number)
			if got := shown.Text("attachments.0.filename"); got != want {
				t.Errorf("%q is shown as %q, want %q", given, got, want)
			}
			r := c.Get(t, "/tickets/"+number+"/attachments/"+shown.Text("attachments.0.id")).Want(t, 200)
			if disposition := r.Header.Get("Content-Disposition"); !strings.HasPrefix(disposition, "attachment; filename") {
				t.Errorf("%q: Content-Disposition is %q", given, disposition)
			}
		}
	})
}

func TestAttachmentsHaveTheirLimits(t *testing.T) {
	d := onDesk(t)
	c := partner(t, d, "partner")
	number := opened(t, c, "/tickets", aTicket)
	sized := func(n int) string {
		return file("a.bin", "application/octet-stream", append([]byte{0, 1, 2, 3}, make([]byte, n-4)...))
	}
	const largest = 10 << 20
	want := 21
	whole := sized(largest)
	c.Patch(t, "/tickets/"+number, attach(whole)).Want(t, 200)
	tooBig := map[string]string{"attachments.0.content": "Content must be at most 10 MB"}
	wantFaults(t, c.Patch(t, "/tickets/"+number, attach(sized(largest+1))), tooBig)
	wantFaults(t, c.Post(t, "/tickets", ticketWith(sized(largest+1))), tooBig)
	if !racing {
		wantFaults(t, c.Patch(t, "/tickets/"+number, attach(whole, whole, whole, whole, sized(largest-3), sized(4))), map[string]string{"attachments": "Attachments must be at most 50 MB"})
		c.Patch(t, "/tickets/"+number, attach(whole, whole, whole, whole, sized(largest-4), sized(4))).Want(t, 200)
		want += 6
	}
	many := strings.Split(strings.TrimSuffix(strings.Repeat(sized(4)+"\n", 21), "\n"), "\n")
	c.Patch(t, "/tickets/"+number, attach(many[:20]...)).Want(t, 200)
	wantFaults(t, c.Patch(t, "/tickets/"+number, attach(many...)), map[string]string{"attachments": "Attachments must have at most 20 items"})
	wantFaults(t, c.Post(t, "/tickets", ticketWith(many...)), map[string]string{"attachments": "Attachments must have at most 20 items"})
	if got := c.Get(t, "/tickets/"+number).Len("attachments"); got != want {
		t.Errorf("%d attachments, want %d", got, want)
	}
}

func TestAllFilesOfARequestAreStoredOrNone(t *testing.T) {
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		number := opened(t, c, "/tickets", aTicket)
		secret := make([]byte, 48)
		rand.Read(secret)
		content := append(append([]byte{}, note...), []byte(base64.StdEncoding.EncodeToString(secret))...)
		good, bad := file("good.txt", "text/plain", content), file("bad.png", "image/png", note)
		for _, files := range [][]string{{good, bad}, {bad, good}} {
			c.Patch(t, "/tickets/"+number, attach(files...)).Want(t, 400)
			c.Post(t, "/tickets", ticketWith(files...)).Want(t, 400)
		}
		if got := c.Get(t, "/tickets/"+number).Len("attachments"); got != 0 || c.Get(t, "/tickets/list").Len("tickets") != 1 {
			t.Errorf("%d attachments of a refused request", got)
		}
		c.Patch(t, "/tickets/"+number, attach(good)).Want(t, 200)
		if stored := onDisk(t, d.Folder, content); stored != "" {
			t.Errorf("the content lies unencrypted in %s", stored)
		}
	})
}

// onDisk returns the first file below a folder that holds a text.
func onDisk(t *testing.T, folder string, text []byte) (found string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, text) {
			found = path
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestAnAttachmentWhoseFileIsLostFailsInside(t *testing.T) {
	onDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		number := opened(t, c, "/tickets", ticketWith(file("a.txt", "text/plain", note)))
		path := "/tickets/" + number + "/attachments/" + url.PathEscape(c.Get(t, "/tickets/"+number).Text("attachments.0.id"))
		if err := os.RemoveAll(filepath.Join(d.Folder, "blobs")); err != nil {
			t.Fatal(err)
		}
		r := c.Get(t, path)
		if r.Status != 500 && r.Status != 503 || strings.Contains(string(r.Body), d.Folder) {
			t.Errorf("%d %s", r.Status, r.Body)
		}
	})
}
