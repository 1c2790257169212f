package app

import (
	"strings"
	"testing"
	"unicode/utf8"

	"banksulutgo.co.id/servicedesk/desk"
)

// FuzzInspect looks at files of any name, type and content. What is accepted is neither a program nor a page by its
// type or name, and every fault names a field of the file.
func FuzzInspect(f *testing.F) {
	for _, seed := range [][3]string{
		{"a.txt", "text/plain", "a note"}, {"../../a.exe", "application/octet-stream", "MZ\x90\x00"}, {"a.gif", "image/gif", "GIF89a/*\x00<script>"}, {"a.pdf", "application/pdf", "%PDF-1.7\n<html>"},
		{"a.xml", "text/xml", "<?xml version=\"1.0\"?><!DOCTYPE svg [<!ENTITY a \"]>\">]><svg/>"}, {"a", "text/plain", "\xff\xfe<\x00h\x00t\x00m\x00l\x00"}, {"a", "text/plain", "<!-- "},
		{"a.zip", "application/zip", "PK\x03\x04"}, {"a.csv", "application/vnd.ms-excel", "a,b\n"}, {"a", "x/y;a=b;a=c", "x"}, {"a", "text/", ""}, {"\u202e", "audio/mp4", "\x00\x00\x00\x18ftypM4A "},
	} {
		f.Add(seed[0], seed[1], []byte(seed[2]))
	}
	f.Fuzz(func(t *testing.T, name, kind string, content []byte) {
		var faults, warnings desk.Faults
		files := []desk.Attachment{{Filename: name, MIME: kind, Content: content, Size: int64(len(content)), DeclaredSize: -1}}
		inspectFiles(files, &faults, &warnings)
		for _, fault := range faults {
			if !strings.HasPrefix(fault.Path, "attachments.0.") || fault.In(desk.Indonesian) == "" {
				t.Errorf("fault %+v", fault)
			}
		}
		file := files[0]
		if strings.ContainsAny(file.Filename, "/\\\x00\r\n") || file.Filename == "" || utf8.ValidString(name) && !utf8.ValidString(file.Filename) {
			t.Errorf("name %q", file.Filename)
		}
		if len(faults) == 0 && kind != "" && (refusedType(file.MIME) || refusedEnding(file.Filename) != "" || len(content) == 0) {
			t.Errorf("accepted %+v", file)
		}
	})
}
