package sociomile

import (
	"bytes"
	"encoding/json"
	"html"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"banksulutgo.co.id/servicedesk/desk"
	"banksulutgo.co.id/servicedesk/mask"
)

// How much of an answer is kept.
const (
	wordsKept  = 511 // characters of the provider's words, and one more when they are cut
	nameKept   = 256 // characters of a name: a file, a field, a trace id
	idKept     = 128 // bytes of the provider's id of a ticket; a longer text is none
	fieldsKept = 64
)

// reply is an answer as it was read. Of what it lacks it has the zero value.
type reply struct {
	route  Route
	status int
	header http.Header
	text   string         // the body, without the mark that some programs put before it
	value  any            // of the body as JSON
	object map[string]any // value when it is an object
	html   bool           // the body is a page
}

func readReply(r Route, status int, header http.Header, body []byte) reply {
	p := reply{route: r, status: status, header: header}
	p.text = strings.TrimSpace(string(bytes.TrimPrefix(body, []byte("\uFEFF"))))
	d := json.NewDecoder(strings.NewReader(p.text))
	d.UseNumber()
	if err := d.Decode(&p.value); err == nil {
		if _, err = d.Token(); err != io.EOF {
			p.value = nil
		}
		p.object, _ = p.value.(map[string]any)
		return p
	}
	p.value = nil
	p.html = strings.HasPrefix(p.text, "<") || p.text != "" && strings.HasPrefix(header.Get("Content-Type"), "text/html")
	return p
}

// verdict is what the answer says of itself. The provider writes true and false in several ways, in either member.
func (p reply) verdict() (succeeded, failed bool) {
	failed = asText(p.object["type"]) == "error"
	for _, name := range []string{"success", "status"} {
		switch strings.ToLower(asText(p.object[name])) {
		case "true", "1":
			succeeded = true
		case "success", "ok":
			succeeded = succeeded || name == "status"
		case "false", "0", "error", "failed", "fail":
			failed = true
		}
	}
	return succeeded, failed
}

// ids are the provider's id and number of the ticket. A number that is none is 0.
func (p reply) ids() (id string, number int64) {
	data, _ := p.object["data"].(map[string]any)
	if _, truth := data["ticketId"].(bool); !truth {
		id = strings.TrimSpace(asText(data["ticketId"]))
	}
	if len(id) > idKept || strings.ContainsFunc(id, func(r rune) bool { return !unicode.IsPrint(r) }) {
		id = ""
	}
	return id, asWhole(data["ticket_number"])
}

// place is where the provider's framework gave up.
func (p reply) place() (file string, line int) {
	at := p.object
	if inner, ok := p.object["errors"].(map[string]any); ok && ofFramework(inner) {
		at = inner
	}
	file, _ = at["file"].(string)
	return file, int(asWhole(at["line"]))
}

// ofFramework reports whether an object tells where the framework gave up; else its members are fields.
func ofFramework(object map[string]any) bool {
	_, file := object["file"].(string)
	_, line := object["line"].(json.Number)
	return file || line
}

// message is what the application says of the call as a whole.
func (p reply) message() string {
	for _, name := range []string{"message", "msg", "error", "errors", "detail"} {
		switch v := p.object[name].(type) {
		case map[string]any:
			if text := asText(v["message"]); text != "" {
				return text
			}
		case string, []any:
			if text := flat(v); text != "" {
				return text
			}
		}
	}
	if p.object == nil {
		return flat(p.value)
	}
	return ""
}

// fields are what is wrong with which field. The provider gives them under `errors`, as the message, or with nothing around
// them.
func (p reply) fields() map[string]string {
	for _, name := range []string{"errors", "message", "error"} {
		if inner, ok := p.object[name].(map[string]any); ok && !ofFramework(inner) {
			return flatEach(inner)
		}
	}
	if p.status != http.StatusBadRequest && p.status != http.StatusUnprocessableEntity {
		return nil
	}
	for _, name := range []string{"message", "msg", "error", "errors", "detail", "success", "status", "data", "code", "trace_id"} {
		if _, ok := p.object[name]; ok {
			return nil
		}
	}
	return flatEach(p.object)
}

// flatEach is an object of texts, and of lists of them.
func flatEach(object map[string]any) map[string]string {
	fields := map[string]string{}
	for name, v := range object {
		if text := flat(v); text != "" {
			fields[name] = text
		}
	}
	return fields
}

func (p reply) hasWords() bool { return p.message() != "" || len(p.fields()) > 0 }

// words are what the answer says, for people.
func (p reply) words() string {
	if text := p.message(); text != "" {
		return text
	}
	if fields := p.fields(); len(fields) > 0 {
		var all []string
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			all = append(all, name+": "+fields[name])
		}
		return strings.Join(all, "; ")
	}
	switch {
	case p.status >= 300 && p.status <= 399:
		return "redirects to " + withoutQuery(p.header.Get("Location"))
	case p.html:
		return title(p.text)
	case p.object != nil && p.status >= 400:
		return "" // the framework's: its file tells more than its text
	}
	return p.text
}

// withoutQuery is an address without what may hold a secret.
func withoutQuery(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "an address that cannot be read"
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// titleOf finds the title of a page; tags finds what is no text in it.
var (
	titleOf = regexp.MustCompile(`(?is)<title[^>]*>\s*(.*?)\s*</title>`)
	tags    = regexp.MustCompile(`(?s)<[^>]*>?`)
)

// title is what a page says in short.
func title(page string) string {
	if found := titleOf.FindStringSubmatch(page); found != nil && found[1] != "" {
		return html.UnescapeString(found[1])
	}
	return strings.Join(strings.Fields(html.UnescapeString(tags.ReplaceAllString(page, " "))), " ")
}

// asText is a text, number or truth value as text; empty for anything else.
func asText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return map[bool]string{true: "true", false: "false"}[v]
	}
	return ""
}

// asWhole is a whole number above 0, however it is written, or as text (`32197`, `"32197"`, `32197.0`); else 0.
func asWhole(v any) int64 {
	n, err := desk.ParseAmount(strings.TrimSpace(asText(v)))
	if err != nil || n <= 0 || n%100 != 0 {
		return 0
	}
	return int64(n / 100)
}

// flat is a text, or the texts inside a list or an object, in one line.
func flat(v any) string {
	var all []string
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			all = append(all, flat(item))
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			all = append(all, flat(v[name]))
		}
	default:
		return strings.TrimSpace(asText(v))
	}
	return strings.Join(slices.DeleteFunc(all, func(s string) bool { return s == "" }), "; ")
}

// hider takes out of the provider's words what must not be kept: the provider may echo what it was sent.
type hider struct {
	token *strings.Replacer
}

// newHider makes a hider of a token, however it is written.
func newHider(token string) hider {
	var pairs []string
	for _, form := range []string{token, url.QueryEscape(token), url.PathEscape(token), html.EscapeString(token), strings.ReplaceAll(token, "/", `\/`)} {
		if form != "" {
			pairs = append(pairs, form, "***")
		}
	}
	return hider{strings.NewReplacer(pairs...)}
}

// longDigits are account numbers, or may be. No number of ours or the provider's that matters is as long.
var longDigits = regexp.MustCompile(`\p{Nd}{10,}`)

// text is what the provider says, as it may be kept. Cards go first: half of one may look like an account.
func (h hider) text(s string) string {
	clean, _ := mask.Cards(mask.Showable(h.token.Replace(s)))
	return mask.Beginning(longDigits.ReplaceAllStringFunc(clean, mask.Account), wordsKept)
}

// name is what the provider calls something. Its long numbers stay: by them the provider finds it again.
func (h hider) name(s string) string { return mask.Beginning(h.token.Replace(s), nameKept) }

// fields hides in names and words; nil stays nil.
func (h hider) fields(fields map[string]string) map[string]string {
	if len(fields) == 0 {
		return nil
	}
	hidden := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(fields))[:min(len(fields), fieldsKept)] {
		hidden[h.text(name)] = h.text(fields[name])
	}
	return hidden
}
