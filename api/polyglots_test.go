package api_test

import (
	"archive/zip"
	"bytes"
	"io"
	"runtime"
	"strings"
	"testing"

	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// bomb is a zip of some kilobytes that holds a file of size bytes; inside is what the zip holds beside it.
func bomb(t *testing.T, size int64, inside []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	large, err := z.Create("zeros.txt")
	if err == nil {
		_, err = io.CopyN(large, zeros{}, size)
	}
	if err != nil {
		t.Fatal(err)
	}
	nested, err := z.Create("nested.zip")
	if err == nil {
		_, err = nested.Write(inside)
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// zeros never ends.
type zeros struct{}

// Read gives zeros.
func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestAZipBombIsStoredAsItCameAndNeverInflated(t *testing.T) {
	const inflated = 32 << 20
	content := bomb(t, inflated, bomb(t, 1<<20, nil))
	d := desktest.NewDesk(t, desktest.SQLite) // alone: what others allocate would count
	c := partner(t, d, "partner")
	number := opened(t, c, "/tickets", aTicket)
	body := attach(file("a.zip", "application/zip", content), file("a.bin", "application/octet-stream", content))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r := c.Patch(t, "/tickets/"+number, body).Want(t, 200)
	back := c.Get(t, "/tickets/"+number+"/attachments/"+r.Text("result.attachments.0.id")).Want(t, 200)
	runtime.ReadMemStats(&after)
	if !bytes.Equal(back.Body, content) || back.Header.Get("Content-Type") != "application/zip" {
		t.Errorf("%d bytes of %s come back, want %d", len(back.Body), back.Header.Get("Content-Type"), len(content))
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > inflated/4 {
		t.Errorf("%d bytes were allocated for a zip of %d bytes", took, len(content))
	}
}

func TestPolyglotsAreWhatTheyBeginWithAndOnlyDownloads(t *testing.T) {
	script := "*/=1;alert(1)//"
	inZip := bomb(t, 1, nil)
	cases := []struct {
		name, kind, content string
		fault               string // its field; empty: accepted
	}{
		{"a.gif", "image/gif", "GIF89a/*\x01\x00\x01\x00\x00" + script, ""},
		{"a.js", "image/gif", "GIF89a/*\x01\x00\x01\x00\x00" + script, "filename"},
		{"a.gif", "text/javascript", "GIF89a/*\x01\x00\x01\x00\x00" + script, "mimeType"},
		{"a.txt", "text/plain", "GIF89a/*\x01\x00\x01\x00\x00" + script, "mimeType"},
		{"a.pdf", "application/pdf", "%PDF-1.7\n<html><script>alert(1)</script>", ""},
		{"a.html", "application/pdf", "%PDF-1.7\n<html><script>alert(1)</script>", "filename"},
		{"a.pdf", "text/html", "%PDF-1.7\n<html><script>alert(1)</script>", "mimeType"},
		{"a.pdf", "application/pdf", "<html>\n%PDF-1.7\n", "content"},
		{"a.pdf", "application/pdf", "MZ\x90\x00%PDF-1.7\n", "content"},
		{"a.bin", "application/octet-stream", "MZ\x90\x00ftypisom%PDF-1.7\n", "content"},
		{"a.mp4", "video/mp4", "MZ\x90\x00ftypisom\x00\x00\x00\x00", "content"},
		{"a.pdf", "application/pdf", "#!/bin/sh\nexec true\n%PDF-1.7\n", "content"},
		{"a.pdf", "application/pdf", "@PJL SET\n%PDF-1.7\n", ""},
		{"a.png", "image/png", string(png) + string(inZip), ""},
		{"a.jar", "image/png", string(png) + string(inZip), "filename"},
		{"a.zip", "application/zip", string(png) + string(inZip), "mimeType"},
		{"a.zip", "application/zip", "#!/bin/sh\n" + string(inZip), "mimeType"},
		{"a.jpg", "image/jpeg", string(jpeg) + "<?php system($_GET[0]); ?>", ""},
		{"a.php.jpg:b.php", "image/jpeg", string(jpeg) + "<?php system($_GET[0]); ?>", "filename"},
	}
	onSharedDesks(t, func(t *testing.T, d *desktest.Desk) {
		c := partner(t, d, "partner")
		number := opened(t, c, "/tickets", aTicket)
		for _, tc := range cases {
			r := c.Patch(t, "/tickets/"+number, attach(file(tc.name, tc.kind, []byte(tc.content))))
			if tc.fault != "" {
				if _, found := r.Errors()["attachments.0."+tc.fault]; r.Status != 400 || !found || len(r.Errors()) != 1 {
					t.Errorf("%s as %s, %.20q: %d %s, want a fault of %s", tc.name, tc.kind, tc.content, r.Status, r.Body, tc.fault)
				}
				continue
			}
			back := c.Get(t, "/tickets/"+number+"/attachments/"+r.Want(t, 200).Text("result.attachments.0.id")).Want(t, 200)
			if string(back.Body) != tc.content || back.Header.Get("Content-Type") != tc.kind || back.Header.Get("X-Content-Type-Options") != "nosniff" ||
				!strings.HasPrefix(back.Header.Get("Content-Disposition"), "attachment; ") || !strings.Contains(back.Header.Get("Content-Security-Policy"), "sandbox") {
				t.Errorf("%s comes back with %v", tc.name, back.Header)
			}
		}
	})
}
