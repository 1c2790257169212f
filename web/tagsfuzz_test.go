package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// FuzzTags puts a tag that was given out beside anything. It is found where it stands, whoever wrote what follows it.
func FuzzTags(f *testing.F) {
	for _, seed := range []string{"", "*", `W/"1-abc"`, `"a,b"`, `",`, `W/`, `"1-`, "9223372036854775807-x", "-1-x", "\x00\xff", ` , ,`, `W/W/"3-x"`} {
		f.Add(int64(7), []byte("an answer"), seed)
	}
	f.Fuzz(func(t *testing.T, version int64, body []byte, beside string) {
		tag := Tag(version, body)
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		for _, value := range []string{tag + ", " + beside, strings.TrimPrefix(tag, "W/") + "," + beside} {
			r.Header.Set("If-None-Match", value)
			if a := conditional(&Request{Request: r}, Answer{Status: http.StatusOK, Tag: tag}); a.Status != http.StatusNotModified || len(a.Body) > 0 {
				t.Errorf("%q is answered with %d", value, a.Status)
			}
			r.Header.Set("If-Match", value)
			if got, ok := MatchVersion(r); version > 0 && (!ok || got < version && got != 0) {
				t.Errorf("%q matches version %d (%v), want %d", value, got, ok, version)
			}
		}
		for _, tag := range tags([]string{beside, beside}) {
			if tag == "" || tag != strings.TrimSpace(tag) || !strings.Contains(beside, tag) {
				t.Errorf("%q has the tag %q", beside, tag)
			}
		}
	})
}
