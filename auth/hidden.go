package auth

import (
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// hidden is embedded in what must not be printed: no verb of fmt, no log handler and no encoder shows more
// than "[redacted]" of such a value. fmt does not ask values in unexported fields: keep them out of what is printed.
type hidden struct{}

// String returns "[redacted]".
func (hidden) String() string { return redacted }

// GoString returns "[redacted]".
func (hidden) GoString() string { return redacted }

// Format writes "[redacted]" for every verb: without it, %d would print the fields.
func (hidden) Format(f fmt.State, _ rune) { io.WriteString(f, redacted) }

// LogValue returns "[redacted]".
func (hidden) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns "[redacted]".
func (hidden) MarshalText() ([]byte, error) { return []byte(redacted), nil }
