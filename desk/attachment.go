package desk

import (
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Attachment is a file of a ticket. Its content is kept outside the database, addressed by its hash.
type Attachment struct {
	ID          string
	TicketID    string
	Filename    string
	MIME        string
	Size        int64 // bytes, decoded
	SHA256      string
	Description string
	UploadedBy  string
	UploadedAt  time.Time

	Content      []byte // on the way in and out
	DeclaredSize int64  // what the sender said; -1: nothing
}

// CleanFilename keeps the last part of a path and drops control and direction characters and line ends, so that a name
// says what it looks like; dots and space around it go too. An empty rest becomes "file".
func CleanFilename(name string) string {
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, name)
	name = strings.TrimFunc(name, func(r rune) bool { return r == '.' || unicode.IsSpace(r) })
	if name == "" {
		return "file"
	}
	return name
}

// checkAttachments notes what breaks the limits of a request's files.
func checkAttachments(faults *Faults, files []Attachment) {
	if len(files) > MaxAttachments {
		faults.Add("attachments", TooManyItems, strconv.Itoa(MaxAttachments))
	}
	total := int64(0)
	for i, f := range files {
		if f.Size > MaxAttachment {
			faults.Add("attachments."+strconv.Itoa(i)+".content", TooManyBytes, "10 MB")
		}
		total += f.Size
	}
	if total > MaxAttachmentBytes {
		faults.Add("attachments", TooManyBytes, "50 MB")
	}
}

// CheckAttachments notes what breaks the limits of the files of an update, and that there is at least one.
func CheckAttachments(faults *Faults, files []Attachment) {
	if len(files) == 0 {
		faults.Add("attachments", Required)
	}
	checkAttachments(faults, files)
}

// maskFileNames masks card numbers in the names and descriptions of files and tells where.
func maskFileNames(masked func(path string), files []Attachment) {
	for i := range files {
		path := "attachments." + strconv.Itoa(i)
		maskTexts(masked, textAt{path + ".filename", &files[i].Filename}, textAt{path + ".description", &files[i].Description})
	}
}

// MaskFileNames masks card numbers in the names and descriptions of an update's files and tells where.
func MaskFileNames(masked func(path string), files []Attachment) { maskFileNames(masked, files) }
