package web

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"banksulutgo.co.id/servicedesk/desk"
)

// nowhere is a ResponseWriter that keeps nothing but its header.
type nowhere struct{ header http.Header }

func (w nowhere) Header() http.Header         { return w.header }
func (w nowhere) WriteHeader(int)             {}
func (w nowhere) Write(b []byte) (int, error) { return len(b), nil }

// quiet is a door that logs as in production, to nowhere.
func quiet() *Door {
	return New(Options{Log: slog.New(slog.NewJSONHandler(io.Discard, nil)), TrustedProxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}})
}

// serveOften serves one request again and again.
func serveOften(b *testing.B, h http.Handler, r *http.Request) {
	w := nowhere{http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		clear(w.header)
		h.ServeHTTP(w, r)
	}
}

func BenchmarkHandle(b *testing.B) {
	actor := desk.Actor{ID: "01m7zwy80s7ysw8x0jvnd3xpf0", PartnerName: "TOUCH"}
	handlers := map[string]Handler{
		"fine": func(r *Request) (Answer, error) {
			r.Actor = actor
			return Answer{Status: 200, Body: []byte(`{}`), Tag: `W/"1-x"`}, nil
		},
		"error": func(r *Request) (Answer, error) {
			r.Actor = actor
			return Answer{}, desk.Fail(desk.NotFound, desk.TicketNotFound)
		},
	}
	for name, h := range handlers {
		b.Run(name, func(b *testing.B) {
			serveOften(b, quiet().Handle("x", h), httptest.NewRequest("GET", "/", nil))
		})
		b.Run(name+" with all headers", func(b *testing.B) {
			r := httptest.NewRequest("GET", "/", nil)
			for name, value := range map[string]string{
				"X-Request-Id": "0b1f0c0e-58cc-4372-a567-0e02b2c3d479", "Accept-Language": "id-ID,id;q=0.9,en;q=0.8", "X-Forwarded-For": "203.0.113.7, 192.0.2.3",
				"Traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "If-None-Match": `W/"1-y"`,
			} {
				r.Header.Set(name, value)
			}
			serveOften(b, quiet().Handle("x", h), r)
		})
	}
}

func BenchmarkReadBody(b *testing.B) {
	for name, size := range map[string]int{"1 kB": 1 << 10, "1 MB": 1 << 20, "20 MB": 20 << 20} {
		content := []byte(strings.Repeat("x", size))
		for encoding, sent := range map[string][]byte{"": content, "gzip": zip(b, content)} {
			b.Run(strings.TrimSpace(name+" "+encoding), func(b *testing.B) {
				d, reader := quiet(), bytes.NewReader(nil)
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for b.Loop() {
					reader.Reset(sent)
					r := incoming(reader, "Content-Encoding: "+encoding)
					r.ContentLength = int64(len(sent))
					body, err := d.ReadBody(r)
					if err != nil || len(body.Bytes) != size {
						b.Fatal(len(body.Bytes), err)
					}
					body.Release()
				}
			})
		}
	}
}

func TestADoorAddsFewAllocationsToARequest(t *testing.T) {
	h, r := quiet().Handle("x", fine), httptest.NewRequest("GET", "/", nil)
	w := nowhere{http.Header{}}
	if n := testing.AllocsPerRun(100, func() { clear(w.header); h.ServeHTTP(w, r) }); n > 18 { // the race detector adds one or two
		t.Errorf("%v allocations", n)
	}
}
