package app_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/blob"
	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/internal/desktest"
)

// textFile is a small file as a door hands it over.
func textFile(content string) desk.Attachment { return file("notes.txt", "text/plain", content) }

func file(name, mime, content string) desk.Attachment {
	return desk.Attachment{Filename: name, MIME: mime, Content: []byte(content), Size: int64(len(content)), DeclaredSize: -1}
}

// Beginnings of files of many kinds.
const (
	png  = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
	jpeg = "\xff\xd8\xff\xe0\x00\x10JFIF"
	pdf  = "%PDF-1.4\n"
	zip  = "PK\x03\x04\x14\x00\x00\x00\x00\x00"
	exe  = "MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00"
	elf  = "\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00"
)

// utf16le is an ASCII text in UTF-16, with a byte order mark.
func utf16le(s string) string {
	wide := "\xff\xfe"
	for i := range len(s) {
		wide += s[i:i+1] + "\x00"
	}
	return wide
}

func TestFilesThatSayWhatTheyAreAreTaken(t *testing.T) {
	d := desktest.NewDesk(t, desktest.SQLite)
	actor := allOf(t, d, "Partner")
	ticket := openedTicket(t, d, actor)
	for _, f := range []desk.Attachment{
		file("shot.png", "image/png", png), file("photo.jpg", "image/jpeg", jpeg), file("photo.jpg", "image/jpg", jpeg),
		file("SHOT", "Image/PNG; name=shot", png), file("form.pdf", "application/pdf", pdf), file("all.zip", "application/zip", zip),
		file("a.txt", "text/plain; charset=utf-8", "It said: <html> not found"), file("a.csv", "text/csv", "a,b\n1,2\n"), file("a.csv", "text/csv", "one line"),
		file("a.json", "application/json", `{"a":1}`), file("a.json", "text/plain", `{"a":1}`), file("a.xml", "application/xml", `<?xml version="1.0"?><!-- a claim --><claim><html/></claim>`),
		file("a.xml", "text/xml", `<claim><svg/></claim>`), file("latin.txt", "text/plain", "caf\xe9"), file("wide.txt", "text/plain", utf16le("hello")),
		file("core.dat", "application/octet-stream", "\x00\x01\x02\x03"), file("a.b.c", "text/plain", "<"), file("x", "text/plain", "<!--"), file("x", "text/plain", "<!DOCTYPE claim ["),
		file("a.jpg", "image/pjpeg", jpeg), file("a.png", "image/x-png", png), file("a.csv", "application/vnd.ms-excel", "a,b\n1,2\n"), file("a.csv", "application/csv", "a;b\n1;2\n"),
		file("voice.m4a", "audio/mp4", "\x00\x00\x00\x18ftypM4A \x00\x00\x00\x00"), file("voice.m4a", "audio/x-m4a", "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00"),
		file("a.png", "application/octet-stream", png), file("a.txt", "binary/octet-stream", "hello"), file("a.eml", "message/rfc822", "Subject: hello\n\nhello"),
		file("polyglot.gif", "image/gif", "GIF89a/*\x00<script>alert(1)</script>"), // served as a download, never sniffed
	} {
		changed, err := d.App.Attach(t.Context(), actor, of(ticket), []desk.Attachment{f})
		if err != nil {
			t.Errorf("%s of %s: %v", f.MIME, short(string(f.Content)), err)
			continue
		}
		if strings.ContainsAny(changed.Attachments[0].MIME, ";AI ") {
			t.Errorf("%s is kept as %s, want the plain type", f.MIME, changed.Attachments[0].MIME)
		}
	}
}

func TestFilesThatLieOrRunAreRefused(t *testing.T) {
	d := desktest.NewDesk(t, desktest.SQLite)
	actor := allOf(t, d, "Partner")
	ticket := openedTicket(t, d, actor)
	for path, files := range map[string][]desk.Attachment{
		"attachments.0.mimeType": {
			file("a.png", "image/png", jpeg), file("a.pdf", "application/pdf", "hello"), file("a.txt", "text/plain", png), file("a.txt", "text/plain", pdf),
			file("a", "image/png", "\x00\x01\x02"), file("a.m4a", "audio/mp4", png), file("a.xls", "application/vnd.ms-excel", png), file("a.jpg", "image/pjpeg", png),
			file("a.json", "application/json", pdf), file("a", "not a type/", "x"), file("a", "/", "x"), file("a.docx", "application/msword", zip),
			file("a.txt", "text/html", "hello"), file("a.txt", "TEXT/HTML; charset=utf-8", "hello"), file("a.txt", "application/xhtml+xml", "<a/>"), file("a.txt", "image/svg+xml", "<a/>"),
			file("a.txt", "text/javascript", "1"), file("a.txt", "application/x-javascript", "1"), file("a.txt", "text/ecmascript", "1"), file("a.txt", "text/vbscript", "1"),
			file("a.txt", "application/x-sh", "1"), file("a.txt", "application/x-php", "1"), file("a.bin", "application/x-msdownload", exe),
		},
		"attachments.0.filename": {
			file("a.exe", "text/plain", "x"), file("A.HTML", "text/plain", "x"), file("a.svg. ", "text/plain", "x"), file(`C:\temp\a.bat`, "text/plain", "x"),
			file("a.js\u202e", "text/plain", "x"), file("a\u202egpj.exe", "text/plain", "x"), file("a.exe:b.txt", "text/plain", "x"), file("a.exe .:$DATA", "text/plain", "x"),
			file("macro.docm", "application/zip", zip), file("link.url", "text/plain", "[InternetShortcut]"), file("x/../a.php", "image/png", png),
		},
		"attachments.0.content": {
			file("a.txt", "text/plain", exe), file("a.bin", "application/octet-stream", "MZ"), file("a", "application/octet-stream", elf), file("a", "application/x-elf2", elf),
			file("a", "application/octet-stream", "\x00asm\x01\x00\x00\x00"), file("a", "application/octet-stream", "\xca\xfe\xba\xbe\x00\x00\x00\x34\x00\x10"),
			file("a", "application/octet-stream", "L\x00\x00\x00\x01\x14\x02\x00"), file("a", "application/octet-stream", "CWS\x05\x00\x00"),
			file("a.txt", "text/plain", "<!DOCTYPE html><p>"), file("a.txt", "text/plain", "<script>alert(1)</script>"), file("a.png", "image/png", "<html>"),
			file("a.txt", "text/plain", strings.Repeat(" \n", 4000)+"<html>"), file("a.txt", "text/plain", "\xef\xbb\xbf<html>"), file("a.txt", "text/plain", utf16le(" <HTML><p>")),
			file("a.xml", "text/xml", `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">`), file("a.xml", "text/xml", `<?xml version="1.0"?><h:html xmlns:h="http://www.w3.org/1999/xhtml">`),
			file("a.xml", "text/xml", `<?xml version="1.0"?><s:svg xmlns:s="http://www.w3.org/2000/svg"/>`), file("a.xml", "application/xml", "\xef\xbb\xbf<svg onload='x'/>"),
			file("a.xml", "text/xml", "<!-- "+strings.Repeat("x", 5000)+" -->\n<!DOCTYPE svg [<!ENTITY a \"b\">]>\n<svg\n/>"), file("a.txt", "text/plain", "<hta:application id=x>"),
			file("a.txt", "text/plain", "#!/bin/sh\nrm -rf /"), file("a.txt", "text/plain", "#!/usr/bin/bash\n"), file("a.txt", "text/plain", "#!/usr/bin/pwsh"), file("a.txt", "text/plain", "\xef\xbb\xbf#!/opt/any"),
			file("a.txt", "text/plain", "<?php echo 1;"), file("a.txt", "text/plain", "<?= 1 ?>"), file("a.txt", "text/plain", ""),
		},
	} {
		for _, f := range files {
			_, err := d.App.Attach(t.Context(), actor, of(ticket), []desk.Attachment{f})
			if !desk.Is(err, desk.Invalid) || !slices.Equal(faultPaths(err), []string{path}) {
				t.Errorf("%s, declared %s, %s: %v, want a fault of %s", f.Filename, f.MIME, short(string(f.Content)), err, path)
			}
		}
	}
	if left := blobs(t, d); len(left) > 0 {
		t.Errorf("a refused file was stored: %v", left)
	}
}

func TestTheFilesOfARequestAreStoredAllOrNone(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		db := behind(t, d)
		actor := allOf(t, d, "Partner")
		ticket := openedTicket(t, d, actor)
		before := db.stored(t)
		big := file("big.txt", "text/plain", strings.Repeat("x", desk.MaxAttachment+1))
		most := file("most.txt", "text/plain", strings.Repeat("x", desk.MaxAttachment))
		for want, files := range map[string][]desk.Attachment{
			"attachments.1.content": {textFile("fine"), big},
			"attachments":           slices.Concat(slices.Repeat([]desk.Attachment{most}, 5), []desk.Attachment{textFile("one more byte")}),
			"attachments.2.content": {textFile("fine"), textFile("fine too"), textFile("<html>")},
		} {
			_, err := d.App.Attach(t.Context(), actor, of(ticket), slices.Clone(files))
			if !slices.Equal(faultPaths(err), []string{want}) {
				t.Errorf("%v, want a fault of %s", err, want)
			}
			draft := ticketDraft()
			draft.Attachments = slices.Clone(files)
			_, err = d.App.OpenTicket(t.Context(), actor, draft, app.Once[app.Opened]{})
			if !slices.Equal(faultPaths(err), []string{want}) {
				t.Errorf("%v, want a fault of %s", err, want)
			}
		}
		_, err := d.App.Attach(t.Context(), actor, of(ticket), nil)
		if !slices.Equal(faultPaths(err), []string{"attachments"}) {
			t.Errorf("no files: %v", err)
		}
		if diff := cmp.Diff(before, db.stored(t)); diff != "" || len(blobs(t, d)) > 0 {
			t.Errorf("a refused request stored something: %s %v", diff, blobs(t, d))
		}
	})
}

func TestStoredFilesComeBackToTheirPartnerAlone(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		db := behind(t, d)
		actor, other := allOf(t, d, "Partner"), allOf(t, d, "Other")
		ticket, second := openedTicket(t, d, actor), openedTicket(t, d, actor)
		files := []desk.Attachment{file(`C:\photos\4111111111111111.png`, "image/png", png), file("\x07", "text/plain", "the same"), file("copy.txt", "text/plain", "the same")}
		changed, err := d.App.Attach(t.Context(), actor, of(ticket), files)
		must(t, err)
		var names []string
		for i, f := range changed.Attachments {
			names = append(names, f.Filename)
			got, err := d.App.ReadAttachment(t.Context(), actor, of(ticket).Ticket, f.ID)
			if want := []string{png, "the same", "the same"}[i]; err != nil || string(got.Content) != want || got.TicketID != ticket.ID {
				t.Errorf("%s: got %q (%v)", f.Filename, got.Content, err)
			}
			_, err = d.App.ReadAttachment(t.Context(), other, of(ticket).Ticket, f.ID)
			mustFail(t, err, desk.NotFound, "another partner")
			_, err = d.App.ReadAttachment(t.Context(), actor, of(second).Ticket, f.ID)
			mustFail(t, err, desk.NotFound, "another ticket")
		}
		if diff := cmp.Diff([]string{"****1111.png", "file", "copy.txt"}, names); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(desk.Faults{{Path: "attachments.0.filename", Text: desk.CardMasked}}, changed.Warnings); diff != "" {
			t.Error(diff)
		}
		named := db.rows(t, `SELECT DISTINCT sha256 FROM attachment ORDER BY 1`)
		if diff := cmp.Diff(named, blobs(t, d)); diff != "" || len(named) != 2 {
			t.Errorf("named and stored differ: %s", diff)
		}
		if diff := cmp.Diff([]desk.EventType{desk.TicketCreated, desk.FilesAttached}, eventTypes(t, d, ticket.ID)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{entry(actor, of(ticket).Ticket)}, db.audited(t, "attachment.add")); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAFileIsStoredBeforeTheRowThatNamesIt(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		actor := allOf(t, d, "Partner")
		ticket := openedTicket(t, d, actor)
		behind(t, d).do(t, `ALTER TABLE attachment RENAME TO hidden`) // what comes after fails
		_, err := d.App.Attach(t.Context(), actor, of(ticket), []desk.Attachment{textFile("one")})
		mustFail(t, err, desk.Unavailable, "Attach")
		if got := len(blobs(t, d)); got != 1 {
			t.Errorf("%d files are stored, want the one that no row could name", got)
		}
	})
}

func TestWithoutAPlaceForFilesNothingIsStored(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		actor := allOf(t, d, "Partner")
		ticket := openedTicket(t, d, actor)
		_, err := d.App.Attach(t.Context(), actor, of(ticket), []desk.Attachment{textFile("stored before")})
		must(t, err)
		db := behind(t, d)
		before := db.stored(t)
		temp := filepath.Join(d.Folder, "blobs", "tmp")
		must(t, os.RemoveAll(temp))
		must(t, os.WriteFile(temp, nil, 0o600)) // no new file can be made
		files := []desk.Attachment{textFile("stored before"), textFile("new")}
		_, err = d.App.Attach(t.Context(), actor, of(ticket), slices.Clone(files))
		mustFail(t, err, desk.Unavailable, "Attach")
		draft := ticketDraft()
		draft.Attachments = slices.Clone(files)
		_, err = d.App.OpenTicket(t.Context(), actor, draft, once(t, "req_1", "POST /tickets", `{}`, wordOpened))
		mustFail(t, err, desk.Unavailable, "OpenTicket")
		if diff := cmp.Diff(before, db.stored(t)); diff != "" {
			t.Errorf("something was stored: %s", diff)
		}
		if err := d.App.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), "attachments") {
			t.Errorf("the readiness check says %v", err)
		}
	})
}

// The id of a request that was answered, and the ticket of somebody else, must not be a way to fill the disk.
func TestARepeatedOrRefusedRequestStoresNoFile(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		d := desktest.NewDesk(t, e)
		actor := allOf(t, d, "Partner")
		known := once(t, "req_1", "POST /tickets", `{"a":1}`, wordOpened)
		_, err := d.App.OpenTicket(t.Context(), actor, ticketDraft(), known)
		must(t, err)
		draft := ticketDraft()
		draft.Attachments = []desk.Attachment{textFile("one")}
		_, err = d.App.OpenTicket(t.Context(), actor, draft, once(t, "req_1", "POST /tickets", `{"a":2}`, wordOpened))
		mustFail(t, err, desk.RequestReused, "other content")
		if left := blobs(t, d); len(left) > 0 {
			t.Errorf("a refused file was stored: %v", left)
		}
	})
}

func TestAFileWhoseContentIsGoneIsAnErrorAndNotNotedAsRead(t *testing.T) {
	d := desktest.NewDesk(t, desktest.SQLite)
	db := behind(t, d)
	actor := allOf(t, d, "Partner")
	ticket := openedTicket(t, d, actor)
	changed, err := d.App.Attach(t.Context(), actor, of(ticket), []desk.Attachment{textFile("gone")})
	must(t, err)
	must(t, os.RemoveAll(filepath.Join(d.Folder, "blobs", changed.Attachments[0].SHA256[:2])))
	got, err := d.App.ReadAttachment(t.Context(), actor, of(ticket).Ticket, changed.Attachments[0].ID)
	if !errors.Is(err, blob.ErrNotFound) || got.SHA256 != "" {
		t.Errorf("got %+v, %v; want blob.ErrNotFound alone", got, err)
	}
	readsWritten(t, d, db)
	if noted := db.audited(t, "attachment.read"); len(noted) > 0 {
		t.Errorf("the trail says that it was read: %v", noted)
	}
}
