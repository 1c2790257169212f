package desk

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestFileNamesLosePathsAndWhatHides(t *testing.T) {
	for give, want := range map[string]string{
		"error_screenshot.png":            "error_screenshot.png",
		"Bukti transfer – 19 Des.pdf":     "Bukti transfer – 19 Des.pdf",
		"/etc/passwd":                     "passwd",
		`C:\Users\jane\bukti.pdf`:         "bukti.pdf",
		`..\../..\bukti.pdf`:              "bukti.pdf",
		"..":                              "file",
		"../..":                           "file",
		"a/":                              "file",
		"":                                "file",
		" . . ":                           "file",
		"\x00\x1f":                        "file",
		"\u00a0":                          "file",
		".htaccess":                       "htaccess",
		"bukti.pdf. ":                     "bukti.pdf",
		"bukti\r\nX-Evil: 1.pdf":          "buktiX-Evil: 1.pdf",
		"bukti\u2028baru\u2029.pdf":       "buktibaru.pdf",
		"faktur\u202efdp.exe":             "fakturfdp.exe",
		"a\u2066b\u2069\u200f\u061cc.txt": "abc.txt",
		"a\u200bb\ufeffc.txt":             "abc.txt",
		"a\xffb.txt":                      "ab.txt",
		"数据 \u00a0.pdf":                   "数据 \u00a0.pdf",
	} {
		if got := CleanFilename(give); got != want {
			t.Errorf("%q became %q, want %q", give, got, want)
		}
	}
}

func TestCleanFileNamesAreSafeWhateverWasGiven(t *testing.T) {
	dangerous := rapid.RuneFrom([]rune("/\\. :\x00\n\r\t\x7f\u0085\u00a0\u2028\u2029\u202e\u2066\u200b\ufeff\ufffdaZ9"))
	rapid.Check(t, func(t *rapid.T) {
		given := rapid.StringOf(rapid.OneOf(rapid.Rune(), dangerous)).Draw(t, "name") + string(rapid.SliceOfN(rapid.Byte(), 0, 3).Draw(t, "bytes"))
		name := CleanFilename(given)
		if name == "" || !utf8.ValidString(name) || strings.ContainsAny(name, `/\`) || name == "." || name == ".." {
			t.Fatalf("%q became %q", given, name)
		}
		for _, r := range name {
			if unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Bidi_Control, r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) {
				t.Fatalf("%q became %q, with %U", given, name, r)
			}
		}
		if again := CleanFilename(name); again != name {
			t.Fatalf("%q became %q, and that %q", given, name, again)
		}
	})
}

// files are files of these sizes.
func filesOf(sizes ...int64) []Attachment {
	files := make([]Attachment, len(sizes))
	for i, size := range sizes {
		files[i].Size = size
	}
	return files
}

func TestFilesHaveLimits(t *testing.T) {
	const most = 10 << 20
	for name, c := range map[string]struct {
		files []Attachment
		want  map[string]string
	}{
		"none":               {nil, nil},
		"the largest":        {filesOf(most), nil},
		"the most of them":   {filesOf(make([]int64, 20)...), nil},
		"fifty megabytes":    {filesOf(most, most, most, most, most), nil},
		"one too large":      {filesOf(1, most+1), map[string]string{"attachments.1.content": "Content must be at most 10 MB"}},
		"two too large":      {filesOf(most+1, most+1), map[string]string{"attachments.0.content": "Content must be at most 10 MB", "attachments.1.content": "Content must be at most 10 MB"}},
		"too large together": {filesOf(most, most, most, most, most, 1), map[string]string{"attachments": "Attachments must be at most 50 MB"}},
		"too many":           {filesOf(make([]int64, 21)...), map[string]string{"attachments": "Attachments must have at most 20 items"}},
	} {
		var faults Faults
		checkAttachments(&faults, c.files)
		if diff := cmp.Diff(c.want, faultTexts(t, faults.Err())); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func TestAnUpdateHasAtLeastOneFile(t *testing.T) {
	var faults Faults
	CheckAttachments(&faults, nil)
	if diff := cmp.Diff(map[string]string{"attachments": "Attachments is required"}, faultTexts(t, faults.Err())); diff != "" {
		t.Error(diff)
	}
	faults = nil
	if CheckAttachments(&faults, filesOf(1)); faults != nil {
		t.Error(faults)
	}
}

func TestCardNumbersInFileNamesAreMaskedAndTold(t *testing.T) {
	files := []Attachment{{Filename: "bukti.png"}, {Filename: "kartu_4111111111111111.png", Description: "Kartu 4111 1111 1111 1111"}}
	var told []string
	MaskFileNames(func(path string) { told = append(told, path) }, files)
	want := []Attachment{{Filename: "bukti.png"}, {Filename: "kartu_****1111.png", Description: "Kartu ****1111"}}
	if diff := cmp.Diff(want, files); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"attachments.1.filename", "attachments.1.description"}, told); diff != "" {
		t.Error(diff)
	}
}
