package app

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"mime"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/gabriel-vasile/mimetype"

	"banksulutgo.co.id/servicedesk/blob"
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
	"application/x-python", "application/x-httpd-php", "application/x-bat", "application/x-bytecode.python",
	"application/vnd.ms-htmlhelp", "application/x-shockwave-flash", "application/x-csh", "text/x-csh", "text/x-powershell",
}

// refusedWords are parts of the many other names that the same types go by.
var refusedWords = []string{"javascript", "ecmascript", "jscript", "vbscript", "livescript", "html", "svg", "php"}

// refusedEndings are endings of file names that a double click would run.
var refusedEndings = []string{
	".exe", ".com", ".bat", ".cmd", ".ps1", ".vbs", ".vbe", ".js", ".jse", ".mjs", ".wsf", ".hta", ".msi", ".scr", ".pif", ".cpl", ".lnk",
	".jar", ".apk", ".deb", ".rpm", ".sh", ".bash", ".php", ".py", ".pl", ".rb", ".html", ".htm", ".xhtml", ".shtml", ".svg", ".svgz",
	".dll", ".so", ".dylib", ".app", ".reg", ".jnlp", ".wasm", ".xht", ".mht", ".mhtml", ".phtml", ".asp", ".aspx", ".jsp", ".chm", ".swf",
	".vb", ".ws", ".wsc", ".wsh", ".sct", ".scf", ".inf", ".url", ".psm1", ".msp", ".gadget", ".pyc", ".pyw", ".csh", ".ksh", ".zsh",
	".command", ".run", ".elf", ".docm", ".dotm", ".xlsm", ".xltm", ".xlam", ".pptm", ".potm", ".ppsm", ".ppam",
}

// refusedElements are first elements of a document that make it a page.
var refusedElements = []string{"html", "svg", "script", "hta:application"}

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
	found := detect(f.Content)
	ending, hidden := refusedEnding(f.Filename), ""
	if isText(found) {
		hidden = refusedText(f.Content)
	}
	switch {
	case refusedType(declared):
		faults.Add(at+".mimeType", desk.TypeRefused, declared)
	case ending != "":
		faults.Add(at+".filename", desk.TypeRefused, ending)
	case refusedContent(found):
		faults.Add(at+".content", desk.TypeRefused, plainType(found))
	case hidden != "":
		faults.Add(at+".content", desk.TypeRefused, hidden)
	case !agrees(declared, found):
		faults.Add(at+".mimeType", desk.TypeDiffers, declared, plainType(found))
	default:
		f.MIME = declared
	}
}

// detect tells the type of a content. A mark of a document may stand behind the beginning, as that of a PDF within the
// first kilobyte: what stands there first counts when it is refused, because a program runs by its first bytes.
func detect(content []byte) *mimetype.MIME {
	whole := mimetype.Detect(content)
	if refusedContent(whole) {
		return whole
	}
	before := max(0, bytes.Index(content[:min(len(content), 1024)], []byte("%PDF-")))
	for _, front := range [][]byte{content[:min(len(content), 4)], content[:before]} {
		found := mimetype.Detect(front)
		if len(front) > 0 && (refusedContent(found) || isText(found) && refusedText(front) != "" && len(front) == before) {
			return found
		}
	}
	return whole
}

// refusedType reports whether a type is refused by its name.
func refusedType(declared string) bool {
	return slices.Contains(refusedTypes, declared) ||
		slices.ContainsFunc(refusedWords, func(word string) bool { return strings.Contains(declared, word) })
}

// refusedEnding returns the refused ending of a file name, or nothing. What stands before a colon counts too: Windows
// takes `a.exe:b` for a.exe.
func refusedEnding(name string) string {
	for part := range strings.SplitSeq(strings.ToLower(name), ":") {
		if ending := path.Ext(strings.TrimRight(part, ". ")); slices.Contains(refusedEndings, ending) {
			return ending
		}
	}
	return ""
}

// refusedText says what a text is that detection takes for a plain one, although something would run it: a script by its
// first line, or a page behind a byte order mark, comments or a name space. It returns nothing for a harmless one.
func refusedText(content []byte) string {
	text := strings.TrimSpace(readable(content))
	if strings.HasPrefix(text, "#!") || strings.HasPrefix(text, "<?php") || strings.HasPrefix(text, "<?=") {
		first, _, _ := strings.Cut(text, "\n")
		return first[:min(len(first), 20)]
	}
	name := firstElement(text)
	_, local, prefixed := strings.Cut(name, ":")
	if slices.Contains(refusedElements, name) || prefixed && slices.Contains(refusedElements, local) {
		return name
	}
	return ""
}

// readable returns a text as UTF-8 without its byte order mark.
func readable(content []byte) string {
	var order binary.ByteOrder = binary.LittleEndian
	switch {
	case bytes.HasPrefix(content, []byte("\xff\xfe")):
	case bytes.HasPrefix(content, []byte("\xfe\xff")):
		order = binary.BigEndian
	default:
		return strings.TrimPrefix(string(content), "\ufeff")
	}
	units := make([]uint16, 0, len(content)/2)
	for i := 2; i+1 < len(content); i += 2 {
		units = append(units, order.Uint16(content[i:]))
	}
	return string(utf16.Decode(units))
}

// firstElement returns the name, in lower case, of the element that a document begins with, behind its declarations and
// comments; nothing when the text is no such document.
func firstElement(text string) string {
	for {
		end := declarationEnd(text)
		if end == "" {
			break
		}
		_, text, _ = strings.Cut(text, end)
		text = strings.TrimSpace(text)
	}
	name, isElement := strings.CutPrefix(text[:min(len(text), 64)], "<")
	if !isElement {
		return ""
	}
	if i := strings.IndexAny(name, " \t\r\n\f/>"); i >= 0 {
		name = name[:i]
	}
	return strings.ToLower(name)
}

// declarationEnd returns what ends the declaration or comment that a text begins with; nothing when it begins with none.
func declarationEnd(text string) string {
	switch {
	case strings.HasPrefix(text, "<!--"):
		return "-->"
	case strings.HasPrefix(text, "<?"):
		return "?>"
	case !strings.HasPrefix(text, "<!"):
		return ""
	}
	if i := strings.IndexAny(text, "[>"); i >= 0 && text[i] == '[' {
		return "]>"
	}
	return ">"
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

// sameTypes lists, by a type that callers declare, the contents that are meant by it too: older and unofficial names, and
// what widespread programs write (Outlook and Excel call every CSV file `application/vnd.ms-excel`, phones call M4A
// recordings `audio/mp4`). Names that detection itself knows as one type are not repeated here.
var sameTypes = map[string][]string{
	"image/jpg":                     {"image/jpeg"},
	"image/pjpeg":                   {"image/jpeg"},
	"image/jfif":                    {"image/jpeg"},
	"image/x-png":                   {"image/png"},
	"image/tif":                     {"image/tiff"},
	"image/x-tiff":                  {"image/tiff"},
	"image/x-windows-bmp":           {"image/bmp"},
	"image/heif":                    {"image/heic", "image/heic-sequence", "image/heif-sequence"},
	"image/heic":                    {"image/heif", "image/heic-sequence", "image/heif-sequence"},
	"audio/mp4":                     {"audio/x-m4a", "video/mp4", "video/3gpp"},
	"audio/m4a":                     {"audio/x-m4a", "audio/mp4", "video/mp4"},
	"audio/x-m4a":                   {"audio/mp4", "video/mp4"},
	"audio/x-mp3":                   {"audio/mpeg"},
	"audio/mpeg3":                   {"audio/mpeg"},
	"audio/x-aac":                   {"audio/aac"},
	"audio/x-hx-aac-adts":           {"audio/aac"},
	"audio/x-pn-wav":                {"audio/wav"},
	"audio/opus":                    {"audio/ogg", "application/ogg"},
	"audio/ogg":                     {"application/ogg"},
	"video/ogg":                     {"application/ogg"},
	"video/quicktime":               {"video/mp4"},
	"video/mp4":                     {"video/quicktime", "video/3gpp", "video/x-m4v"},
	"application/csv":               {"text/plain"},
	"application/vnd.ms-excel":      {"text/plain", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/x-ole-storage"},
	"application/msword":            {"text/rtf", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "application/x-ole-storage"},
	"application/vnd.ms-powerpoint": {"application/vnd.openxmlformats-officedocument.presentationml.presentation", "application/x-ole-storage"},
	"application/vnd.ms-outlook":    {"application/x-ole-storage"},
	"application/rar":               {"application/vnd.rar"},
	"application/x-7zip":            {"application/x-7z-compressed"},
	"application/acrobat":           {"application/pdf"},
	"message/rfc822":                {"text/plain"},
}

// anyType are names by which a caller says that it does not know the type.
var anyType = []string{"application/octet-stream", "binary/octet-stream", "application/binary", "application/x-download", "application/force-download"}

// agrees reports whether a content is of the declared type: that type, a kind of it or one that the same name is used
// for, or text that says what text it is. Who declares no type in particular may send any that is not refused.
func agrees(declared string, found *mimetype.MIME) bool {
	if slices.Contains(anyType, declared) {
		return true
	}
	textual := strings.HasPrefix(declared, "text/") || declared == "application/json" || declared == "application/xml"
	return isKindOf(found, declared) || textual && isText(found) ||
		slices.ContainsFunc(sameTypes[declared], func(same string) bool { return isKindOf(found, same) })
}

// isKindOf reports whether a content is of a type or of a kind of it.
func isKindOf(found *mimetype.MIME, kind string) bool {
	for m := found; m != nil; m = m.Parent() {
		if m.Is(kind) {
			return true
		}
	}
	return false
}

func isText(found *mimetype.MIME) bool { return isKindOf(found, "text/plain") }

func plainType(m *mimetype.MIME) string {
	name, _, _ := strings.Cut(m.String(), ";")
	return name
}

// keepFiles stores the contents outside the database, durably, before any row names them. They are in the register of
// files before that, so that the purge leaves them alone. It returns an Error of code Unavailable while the purge
// removes one of them.
func (a *App) keepFiles(ctx context.Context, files []desk.Attachment) error {
	if len(files) == 0 { // most tickets have none, and the store need not be asked
		return nil
	}
	if err := a.registerFiles(ctx, files); err != nil {
		return told(err)
	}
	for i := range files {
		sum, err := a.blobs.Put(ctx, files[i].Content)
		if err != nil {
			return fmt.Errorf("store attachment %d: %w", i, err)
		}
		files[i].SHA256, files[i].Content = sum, nil
	}
	return nil
}

// registerFiles puts files into the register, but those that an attachment names already.
func (a *App) registerFiles(ctx context.Context, files []desk.Attachment) error {
	var names []string
	for _, f := range files {
		name, err := blob.NameOf(f.Content)
		if err != nil {
			return err
		}
		names = append(names, name)
	}
	slices.Sort(names) // everybody locks rows in one order
	names = slices.Compact(names)
	var fresh []string
	err := a.store.Read(ctx, func(tx *store.Tx) error {
		for _, name := range names {
			named, err := tx.BlobNamed(name)
			if err != nil {
				return err
			}
			if !named {
				fresh = append(fresh, name)
			}
		}
		return nil
	})
	if err != nil || len(fresh) == 0 {
		return err
	}
	now := a.now()
	return a.store.Write(ctx, func(tx *store.Tx) error {
		for _, name := range fresh {
			tx.RegisterBlob(name, now)
		}
		return nil
	})
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
		t, err := Pick(tx, actor, reference, false)
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
		file.Content, err = a.blobs.Get(ctx, file.SHA256)
	}
	if err == nil {
		err = a.NoteRead(actor, "attachment.read", strconv.FormatInt(number, 10), id)
	}
	if err != nil {
		return desk.Attachment{}, err
	}
	return file, nil
}
