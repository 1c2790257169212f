package app

import (
	"context"
	"fmt"
	"mime"
	"path"
	"strconv"
	"strings"

	"github.com/gabriel-vasile/mimetype"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/store"
)

// refusedTypes are what no attachment may be or say that it is: what runs, or what a browser would run.
var refusedTypes = []string{
	"text/html", "application/xhtml+xml", "image/svg+xml", "text/javascript", "application/javascript",
	"application/x-executable", "application/x-elf", "application/x-object", "application/x-sharedlib", "application/x-coredump",
	"application/vnd.microsoft.portable-executable", "application/x-msdownload", "application/x-msi", "application/x-ms-installer",
	"application/x-mach-binary", "application/x-java-applet", "application/jar", "application/java-archive", "application/wasm",
	"application/x-ms-shortcut", "application/vnd.debian.binary-package", "application/x-rpm", "application/vnd.android.package-archive",
	"text/x-shellscript", "application/x-sh", "text/x-php", "text/x-python", "text/x-perl", "text/x-ruby", "text/x-lua", "text/x-tcl",
	"application/x-python", "application/x-httpd-php", "text/vbscript", "application/x-bat",
}

// refusedEndings are endings of file names that a double click would run.
var refusedEndings = []string{
	".exe", ".com", ".bat", ".cmd", ".ps1", ".vbs", ".vbe", ".js", ".jse", ".mjs", ".wsf", ".hta", ".msi", ".scr", ".pif", ".cpl", ".lnk",
	".jar", ".apk", ".deb", ".rpm", ".sh", ".bash", ".php", ".py", ".pl", ".rb", ".html", ".htm", ".xhtml", ".shtml", ".svg", ".svgz",
	".dll", ".so", ".dylib", ".app", ".reg", ".jnlp", ".wasm",
}

// inspectFiles notes faults of the files of a request (the spec, section 4): empty, of a refused type, or of another
// type than they say. File names lose paths and control characters.
func inspectFiles(files []desk.Attachment, faults, warnings *desk.Faults) {
	for i := range files {
		f := &files[i]
		at := "attachments." + strconv.Itoa(i)
		f.Filename = desk.CleanFilename(f.Filename)
		if faults.Has(at+".content") || f.MIME == "" {
			continue
		}
		if len(f.Content) == 0 {
			faults.Add(at+".content", desk.MustNotBeEmpty)
			continue
		}
		if f.DeclaredSize >= 0 && f.DeclaredSize != f.Size {
			warnings.Add(at+".size", desk.SizeDiffers, strconv.FormatInt(f.DeclaredSize, 10), strconv.FormatInt(f.Size, 10))
		}
		inspect(f, at, faults)
	}
}

func inspect(f *desk.Attachment, at string, faults *desk.Faults) {
	declared, _, err := mime.ParseMediaType(f.MIME)
	if err != nil {
		faults.Add(at+".mimeType", desk.TypeRefused, f.MIME)
		return
	}
	found := mimetype.Detect(f.Content)
	ending := strings.ToLower(path.Ext(f.Filename))
	switch {
	case oneOf(refusedTypes, declared):
		faults.Add(at+".mimeType", desk.TypeRefused, declared)
	case oneOf(refusedEndings, ending):
		faults.Add(at+".filename", desk.TypeRefused, ending)
	case refusedContent(found):
		faults.Add(at+".content", desk.TypeRefused, plainType(found))
	case !agrees(declared, found):
		faults.Add(at+".mimeType", desk.TypeDiffers, declared, plainType(found))
	default:
		f.MIME = declared
	}
}

func oneOf(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

// refusedContent reports whether a content, or anything it is a kind of, is refused.
func refusedContent(found *mimetype.MIME) bool {
	for m := found; m != nil; m = m.Parent() {
		for _, refused := range refusedTypes {
			if m.Is(refused) {
				return true
			}
		}
	}
	return false
}

// agrees reports whether a content is of the declared type: that type or a kind of it, or text that says what text it
// is. What nobody can tell (application/octet-stream) may only be declared as that.
func agrees(declared string, found *mimetype.MIME) bool {
	for m := found; m != nil; m = m.Parent() {
		if m.Is(declared) && (m == found || !m.Is("application/octet-stream")) {
			return true
		}
	}
	if declared == "image/jpg" {
		declared = "image/jpeg"
		return found.Is(declared)
	}
	textual := strings.HasPrefix(declared, "text/") || declared == "application/json" || declared == "application/xml"
	return textual && isText(found)
}

func isText(found *mimetype.MIME) bool {
	for m := found; m != nil; m = m.Parent() {
		if m.Is("text/plain") {
			return true
		}
	}
	return false
}

func plainType(m *mimetype.MIME) string {
	name, _, _ := strings.Cut(m.String(), ";")
	return name
}

// keepFiles stores the contents outside the database, durably, before any row names them.
func (a *App) keepFiles(ctx context.Context, files []desk.Attachment) error {
	for i := range files {
		sum, err := a.blobs.Put(ctx, files[i].Content)
		if err != nil {
			return fmt.Errorf("store attachment %d: %w", i, err)
		}
		files[i].SHA256, files[i].Content = sum, nil
	}
	return nil
}

// ReadAttachment reads a file of a ticket with its content. It returns an Error of code NotFound when the actor's
// ticket has no such file.
func (a *App) ReadAttachment(ctx context.Context, actor desk.Actor, reference, id string) (desk.Attachment, error) {
	if err := Authorize(actor, desk.MayRead); err != nil {
		return desk.Attachment{}, err
	}
	var file desk.Attachment
	var number int64
	err := a.store.Read(ctx, func(tx *store.Tx) error {
		t, err := find(tx, actor, reference, false)
		if err != nil {
			return err
		}
		files, err := tx.Attachments(t.ID)
		number = t.Number
		for _, f := range files {
			if f.ID == id {
				file = f
			}
		}
		return err
	})
	if err == nil && file.ID == "" {
		err = desk.Fail(desk.NotFound, desk.AttachmentNotFound)
	}
	if err == nil {
		err = a.noteRead(actor, "attachment.read", strconv.FormatInt(number, 10), id)
	}
	if err == nil {
		file.Content, err = a.blobs.Get(ctx, file.SHA256)
	}
	return file, err
}
