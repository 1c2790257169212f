package docs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// DocumentJSON turns an OpenAPI document from YAML into indented JSON and keeps the order of keys, so that both forms
// read alike. It fails on what JSON cannot say: merge keys, keys that are not scalars, numbers in a YAML-only form.
func DocumentJSON(document []byte) ([]byte, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(document, &root); err != nil {
		return nil, fmt.Errorf("reading the document: %w", err)
	}
	out, err := appendJSON(nil, &root, "")
	if err != nil {
		return nil, fmt.Errorf("turning the document into JSON: %w", err)
	}
	return append(out, '\n'), nil
}

// appendJSON appends a node as JSON, indented by two spaces a level. indent is that of the line the value begins on.
func appendJSON(dst []byte, n *yaml.Node, indent string) ([]byte, error) {
	switch n.Kind {
	case yaml.DocumentNode:
		return appendJSON(dst, n.Content[0], indent)
	case yaml.AliasNode:
		return appendJSON(dst, n.Alias, indent)
	case yaml.MappingNode:
		return appendObject(dst, n, indent)
	case yaml.SequenceNode:
		return appendArray(dst, n, indent)
	case yaml.ScalarNode:
		return appendScalar(dst, n)
	}
	return nil, fmt.Errorf("line %d: nothing there", n.Line)
}

func appendObject(dst []byte, n *yaml.Node, indent string) ([]byte, error) {
	if len(n.Content) == 0 {
		return append(dst, "{}"...), nil
	}
	dst = append(dst, '{')
	for i := 0; i < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind != yaml.ScalarNode || key.ShortTag() == "!!merge" {
			return nil, fmt.Errorf("line %d: a key must be a plain name", key.Line)
		}
		dst = appendBreak(dst, i > 0, indent+"  ")
		dst = append(appendString(dst, key.Value), ": "...)
		var err error
		if dst, err = appendJSON(dst, n.Content[i+1], indent+"  "); err != nil {
			return nil, err
		}
	}
	return append(appendBreak(dst, false, indent), '}'), nil
}

func appendArray(dst []byte, n *yaml.Node, indent string) ([]byte, error) {
	if len(n.Content) == 0 {
		return append(dst, "[]"...), nil
	}
	dst = append(dst, '[')
	for i, item := range n.Content {
		dst = appendBreak(dst, i > 0, indent+"  ")
		var err error
		if dst, err = appendJSON(dst, item, indent+"  "); err != nil {
			return nil, err
		}
	}
	return append(appendBreak(dst, false, indent), ']'), nil
}

// appendBreak begins a new line, after a comma where another member stands before it.
func appendBreak(dst []byte, comma bool, indent string) []byte {
	if comma {
		dst = append(dst, ',')
	}
	return append(append(dst, '\n'), indent...)
}

func appendScalar(dst []byte, n *yaml.Node) ([]byte, error) {
	switch n.ShortTag() {
	case "!!null":
		return append(dst, "null"...), nil
	case "!!bool":
		return append(dst, strings.ToLower(n.Value)...), nil
	case "!!int", "!!float":
		if !json.Valid([]byte(n.Value)) {
			return nil, fmt.Errorf("line %d: %s is not a JSON number", n.Line, n.Value)
		}
		return append(dst, n.Value...), nil
	}
	return appendString(dst, n.Value), nil
}

// appendString appends a JSON string in which `<`, `>` and `&` stay readable.
func appendString(dst []byte, s string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always encodes
	return append(dst, bytes.TrimSuffix(b.Bytes(), []byte("\n"))...)
}
