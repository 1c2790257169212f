package web

import (
	"errors"
	"mime"
	"net/http"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"banksulutgo.co.id/servicedesk/desk"
)

func TestARecorderKeepsTheAnswerAsAServerWouldSendIt(t *testing.T) {
	for name, c := range map[string]struct {
		serve  func(http.ResponseWriter)
		status int
		body   string
	}{
		"nothing":           {func(http.ResponseWriter) {}, 200, "null"},
		"a body alone":      {func(w http.ResponseWriter) { w.Write([]byte("{")); w.Write([]byte("}")) }, 200, "{}"},
		"a status alone":    {func(w http.ResponseWriter) { w.WriteHeader(204) }, 204, "null"},
		"both":              {func(w http.ResponseWriter) { w.WriteHeader(404); w.Write([]byte("{}")) }, 404, "{}"},
		"two statuses":      {func(w http.ResponseWriter) { w.WriteHeader(404); w.WriteHeader(200) }, 404, "null"},
		"a status too late": {func(w http.ResponseWriter) { w.Write([]byte("{}")); w.WriteHeader(500) }, 200, "{}"},
		"an early hint":     {func(w http.ResponseWriter) { w.WriteHeader(103); w.WriteHeader(201) }, 201, "null"},
		"something else": {func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(307)
			w.Write([]byte("<a>"))
		}, 307, "null"},
	} {
		r := NewRecorder()
		r.Header().Set("Content-Type", "application/json; charset=utf-8")
		c.serve(r)
		if got := string(r.Body()); r.Status != c.status || got != c.body {
			t.Errorf("%s: got %d %s", name, r.Status, got)
		}
	}
}

func TestAnswersOfADoorAreRecorded(t *testing.T) {
	door, _ := newDoor(Options{})
	for _, h := range []Handler{fine, fails(errors.New("x")), fails(tooLarge()), nil, answers(Answer{Status: 204})} {
		r := NewRecorder()
		door.Handle("x", h).ServeHTTP(r, incoming(strings.NewReader("unread")).Request)
		if r.Header().Get("X-Request-Id") == "" || (r.Status == 204) != (string(r.Body()) == "null") || parse(t, string(r.Body())).Kind() == String {
			t.Errorf("got %d %s %v", r.Status, r.Body(), r.Header())
		}
	}
	r := NewRecorder()
	door.Handle("x", fails(desk.Fail(desk.NotFound, desk.TicketNotFound))).ServeHTTP(r, incoming(nil, "X-Request-Id: 1").Request)
	if want := `{"success":false,"message":"Ticket not found","requestId":"1"}`; string(r.Body()) != want || r.Status != 404 {
		t.Errorf("got %d %s", r.Status, r.Body())
	}
}

func TestADownloadNamesItsFileInEveryScript(t *testing.T) {
	for name, want := range map[string]string{
		"bukti.pdf":       `attachment; filename=bukti.pdf`,
		"bukti 1.pdf":     `attachment; filename="bukti 1.pdf"`,
		`a"b\c.pdf`:       `attachment; filename="a\"b\\c.pdf"`,
		"résumé.pdf":      `attachment; filename*=utf-8''r%C3%A9sum%C3%A9.pdf`,
		"a\r\nX: y":       `attachment; filename*=utf-8''a%0D%0AX%3A%20y`,
		"a; filename=b":   `attachment; filename="a; filename=b"`,
		"":                `attachment; filename=""`,
		"\u202egpj.exe":   `attachment; filename*=utf-8''%E2%80%AEgpj.exe`,
		"../../etc/hosts": `attachment; filename="../../etc/hosts"`,
	} {
		if got := download(name); got != want {
			t.Errorf("%q: got %s, want %s", name, got, want)
		}
	}
}

func TestADownloadIsAlwaysAnAttachmentUnderItsName(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.String().Draw(t, "name")
		header := download(name)
		if strings.ContainsFunc(header, func(c rune) bool { return c < ' ' && c != '\t' || c > '~' }) {
			t.Fatalf("%q has odd characters", header)
		}
		kind, params, err := mime.ParseMediaType(header)
		if kind != "attachment" || params["filename"] != name || err != nil {
			t.Fatalf("%s: %s %v %v", header, kind, params, err)
		}
	})
}
