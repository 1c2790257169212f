package soak_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
)

// memory is what earlier answers gave, for later requests to use.
type memory struct {
	mu    sync.Mutex
	kinds map[string][]string // ticketNumber, attachmentId, cursor, tag, requestId, channelReferenceId, webhookId, delivery
}

func (m *memory) keep(kind, value string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if value == "" {
		return
	}
	if len(m.kinds[kind]) < 200 {
		m.kinds[kind] = append(m.kinds[kind], value)
		return
	}
	m.kinds[kind][len(value)*31%200] = value
}

func (m *memory) any(r *rand.Rand, kind string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.kinds[kind]) == 0 {
		return ""
	}
	return m.kinds[kind][r.IntN(len(m.kinds[kind]))]
}

// hostile are values, as JSON, that have no business where they are put.
var hostile = []string{
	`null`, `true`, `5`, `-1`, `0`, `-0`, `0.0001`, `1e999`, `-1e999`, `1e-999`, `123456789012345678901234567890`, `1000000001`, `""`, `" "`, `"\u0000"`, `"\ud800"`,
	`"\udc00\ud800"`, "\"\xff\"", `"\u202egnp.exe"`, `"😀𠜎"`, `"__proto__"`, `{}`, `[]`, `[[]]`, `{"__proto__":1}`, `{"a":1,"a":2}`, `"../../etc/passwd"`, `"' OR 1=1 --"`,
	`"4111 1111 1111 1111"`, `4111111111111111`, `"{0}{field}%s%n"`, `"<script>"`, `"2024-02-30"`, `"9999-12-31T23:59:59+14:00"`, `tru`, `nul`, `01`, `+1`, `.5`, `1.`, `'a'`, `NaN`,
}

// maker makes values of the schemas of the document.
type maker struct {
	*rand.Rand
	memory *memory
}

func (m *maker) oneOf(list ...string) string { return list[m.IntN(len(list))] }

// text makes a text of a field by its name.
func (m *maker) text(name string, s *openapi3.Schema) string {
	switch name {
	case "content":
		return base64.StdEncoding.EncodeToString([]byte(strings.Repeat("a note ", 1+m.IntN(50))))
	case "mimeType":
		return m.oneOf("text/plain", "text/plain", "text/csv", "application/octet-stream", "image/png")
	case "filename":
		return m.oneOf("a.txt", "../b.txt", "nota é.txt", "c.exe")
	case "email":
		return m.oneOf("a@example.com", "b.c@example.co.id")
	case "phone":
		return m.oneOf("+628123456789", "08123456789")
	case "claimDate":
		return m.oneOf("2024-12-19", "2024-12-19T10:30:00Z")
	case "webhookUrl":
		return "https://hooks.example.com/x"
	case "url":
		return "http://127.0.0.1:1/hook" // the test of it ends at once
	case "from", "until":
		return m.oneOf("1", "1", "2", "9", m.memory.any(m.Rand, "after"))
	case "requestId", "idempotencyKey", "channelReferenceId":
		if m.IntN(3) == 0 {
			return m.memory.any(m.Rand, name)
		}
		made := fmt.Sprintf("%s-%d", name, m.IntN(1_000_000))
		m.memory.keep(name, made)
		return made
	case "method":
		return m.oneOf("GET", "POST", "PATCH", "DELETE")
	case "path":
		return m.oneOf("/tickets/"+m.memory.any(m.Rand, "ticketNumber"), "/claims", "/tickets", "/events", "/batch", "/nothing")
	case "cursor", "supportGroup", "assignee":
		return m.oneOf("", "", m.memory.any(m.Rand, name))
	}
	return strings.Repeat(m.oneOf("x", "Maria ", "é", "نص", "😀"), 1+m.IntN(20))
}

// value makes a value of a schema, as JSON.
func (m *maker) value(name string, ref *openapi3.SchemaRef, depth int) string {
	s := ref.Value
	switch {
	case len(s.Enum) > 0:
		b, _ := json.Marshal(s.Enum[m.IntN(len(s.Enum))]) // values of the document
		return string(b)
	case len(s.OneOf) > 0:
		return m.value(name, s.OneOf[m.IntN(len(s.OneOf))], depth)
	case len(s.AnyOf) > 0 && len(s.Properties) == 0:
		return m.value(name, s.AnyOf[m.IntN(len(s.AnyOf))], depth)
	case s.Type.Is("object") || len(s.Properties) > 0 || len(s.AllOf) > 0:
		return m.object(s, depth)
	case s.Type.Is("array"):
		items := make([]string, m.IntN(3))
		for i := range items {
			items[i] = m.value("", s.Items, depth+1)
		}
		return "[" + strings.Join(items, ",") + "]"
	case name == "overlapHours":
		return m.oneOf("0", "1", "24", "169")
	case s.Type.Is("number"), s.Type.Is("integer"):
		return m.oneOf("1", "500000", "87500", "10000000", "1000000000")
	case s.Type.Is("boolean"):
		return m.oneOf("true", "false")
	}
	b, _ := json.Marshal(m.text(name, s)) // a text
	return string(b)
}

// object makes an object: what is required, and some of the rest.
func (m *maker) object(s *openapi3.Schema, depth int) string {
	properties, required := map[string]*openapi3.SchemaRef{}, slices.Clone(s.Required)
	for _, part := range append(slices.Clone(s.AllOf), &openapi3.SchemaRef{Value: s}) {
		for name, p := range part.Value.Properties {
			properties[name] = p
		}
		required = append(required, part.Value.Required...)
	}
	if len(s.AnyOf) > 0 { // one of several lists of what is required
		required = append(required, s.AnyOf[m.IntN(len(s.AnyOf))].Value.Required...)
	}
	names := make([]string, 0, len(properties))
	for name := range properties {
		names = append(names, name)
	}
	slices.Sort(names) // a seed makes the same walk again
	var members []string
	for _, name := range names {
		if slices.Contains(required, name) || m.IntN(2+depth) == 0 {
			b, _ := json.Marshal(name) // a text
			members = append(members, string(b)+":"+m.value(name, properties[name], depth+1))
		}
	}
	return "{" + strings.Join(members, ",") + "}"
}

// spoil changes something in a JSON text: a value, the end, or the whole.
func (m *maker) spoil(body string) string {
	at := strings.Split(body, ":")
	switch m.IntN(8) {
	case 0:
		return body[:m.IntN(len(body)+1)]
	case 1:
		return m.oneOf("", "[]", "null", `"x"`, "{", body+body, "\ufeff"+body, strings.Repeat("[", 100_000), strings.Repeat(`{"a":`, 65)+"1"+strings.Repeat("}", 65))
	case 2:
		return strings.Replace(body, "{", `{"unknown `+m.oneOf("é", "4111111111111111", `\u202e`, strings.Repeat("k", 300))+`":`+m.oneOf(hostile...)+",", 1)
	case 3:
		return strings.Replace(body, `"`, `"`+m.oneOf("\\u0000", "\x01", "\xff", "\\ud800", strings.Repeat("y", 25_000)), 1+m.IntN(4))
	}
	if len(at) < 2 {
		return m.oneOf(hostile...)
	}
	i := 1 + m.IntN(len(at)-1)
	end := strings.IndexAny(at[i], ",}]")
	if end < 0 {
		end = len(at[i])
	}
	long, _ := json.Marshal(strings.Repeat("z", 30_000)) // a text
	at[i] = m.oneOf(append(hostile, string(long))...) + at[i][end:]
	return strings.Join(at, ":")
}
