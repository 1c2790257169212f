package desktest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"banksulutgo.co.id/servicedesk/api"
	"banksulutgo.co.id/servicedesk/docs"
)

// documentURL names the document inside the compiler; nothing is ever fetched.
const documentURL = "https://document.test/openapi.json"

// documentJSON is the API's document as JSON, made once for all desks of a process.
var documentJSON = sync.OnceValues(func() ([]byte, error) { return docs.DocumentJSON(api.Document) })

// schemas are the JSON Schemas of an OpenAPI document, each compiled once. openapi3filter compiles a schema for every
// value that it looks at, which would make the contract the dearest part of every test.
type schemas struct {
	mu       sync.Mutex
	compiler *jsonschema.Compiler
	compiled map[string]*jsonschema.Schema // by pointer
}

// newSchemas reads the schemas of a document in JSON.
func newSchemas(document []byte) (*schemas, error) {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	return &schemas{compiler: compiler, compiled: map[string]*jsonschema.Schema{}}, compiler.AddResource(documentURL, value)
}

// at returns the schema at a pointer into the document, `#/components/schemas/Error`.
func (s *schemas) at(pointer string) (*jsonschema.Schema, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if schema := s.compiled[pointer]; schema != nil {
		return schema, nil
	}
	schema, err := s.compiler.Compile(documentURL + pointer)
	if err == nil {
		s.compiled[pointer] = schema
	}
	return schema, err
}

// check validates a decoded JSON value against the schema at a pointer.
func (s *schemas) check(pointer string, value any) error {
	schema, err := s.at(pointer)
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

// checkJSON validates a JSON text against the schema at a pointer.
func (s *schemas) checkJSON(pointer string, text []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("no JSON: %w", err)
	}
	return s.check(pointer, value)
}

// pointer makes a pointer into the document of the names on the way.
func pointer(names ...string) string {
	var b strings.Builder
	b.WriteByte('#')
	for _, name := range names {
		b.WriteByte('/')
		b.WriteString(strings.NewReplacer("~", "~0", "/", "~1").Replace(name))
	}
	return b.String()
}

// below returns the pointer of what is inside something that stands at a place of the document, or where its
// reference leads.
func below(ref string, place []string, inside ...string) string {
	if ref == "" {
		return pointer(append(append([]string{}, place...), inside...)...)
	}
	return ref + strings.TrimPrefix(pointer(inside...), "#")
}

// asJSON is a header's text as the value that a schema of scalars describes.
func asJSON(text string) any {
	var value any
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if decoder.Decode(&value) == nil {
		switch value.(type) {
		case json.Number, bool:
			return value
		}
	}
	return text
}
