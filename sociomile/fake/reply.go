package fake

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Where the provider's program says that something happened.
const (
	frameworkFile = "/srv/app/vendor/laravel/lumen-framework/src/Concerns/RoutesRequests.php"
	tokenFile     = "/srv/app/app/Http/Middleware/ClientSecret.php"
	ticketFile    = "/srv/app/app/Http/Controllers/TicketController.php"
)

// reply is an answer of the provider.
type reply struct {
	status   int // 0: the connection is cut instead
	kind     string
	encoding string
	allow    string
	after    string // Retry-After
	body     []byte
	accepted bool          // what came was stored
	ticket   *Ticket       // that was created
	drip     bool          // the body comes byte by byte
	pause    time.Duration // between them
}

// write sends the answer.
func (a reply) write(w http.ResponseWriter, r *http.Request) {
	if a.status == 0 {
		panic(http.ErrAbortHandler) // how net/http is told to cut a connection
	}
	for name, value := range map[string]string{"Content-Type": a.kind, "Content-Encoding": a.encoding, "Allow": a.allow, "Retry-After": a.after} {
		if value != "" {
			w.Header().Set(name, value)
		}
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	if !a.drip {
		_, _ = w.Write(a.body) // a client that is gone misses its answer
		return
	}
	a.dripTo(w, r)
}

// dripTo sends the body byte by byte.
func (a reply) dripTo(w http.ResponseWriter, r *http.Request) {
	flow := http.NewResponseController(w)
	tick := time.NewTicker(max(a.pause, time.Millisecond))
	defer tick.Stop()
	for i := range a.body {
		if _, err := w.Write(a.body[i : i+1]); err != nil || flow.Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-tick.C:
		}
	}
}

// saying is the same with other words.
func (a reply) saying(b reply) reply {
	b.accepted, b.ticket = a.accepted, a.ticket
	return b
}

// compressed is the same under gzip.
func (a reply) compressed() reply {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write(a.body) // a buffer takes everything
	_ = z.Close()
	a.body, a.encoding = packed.Bytes(), "gzip"
	return a
}

// withTextNumber is the same with the ticket's number as a text.
func (a reply) withTextNumber() reply {
	if a.ticket == nil {
		return a
	}
	return a.saying(words(http.StatusOK, success(a.ticket.ID, strconv.FormatInt(a.ticket.Number, 10))))
}

// page is an answer that is no JSON, or none at all.
func page(status int, kind, body string) reply {
	return reply{status: status, kind: kind, body: []byte(body)}
}

// words is an answer in JSON.
func words(status int, v any) reply {
	body, err := json.Marshal(v)
	if err != nil { // maps of texts and numbers can always be worded
		return page(http.StatusInternalServerError, "text/plain", err.Error())
	}
	return reply{status: status, kind: "application/json", body: body}
}

// cut ends the connection without an answer.
func cut() reply { return reply{} }

// exception is how the framework tells one of its own.
func exception(status, line int) reply {
	return words(status, map[string]any{"status": false, "message": "", "errors": map[string]any{"file": frameworkFile, "message": "", "line": line}})
}

func notFound() reply { return exception(http.StatusNotFound, 229) }

func notAllowed() reply {
	a := exception(http.StatusMethodNotAllowed, 234)
	a.allow = http.MethodPost
	return a
}

func unauthorised() reply {
	return words(http.StatusUnauthorized, map[string]any{"status": false, "message": "Unauthorized", "code": 401,
		"errors": map[string]any{"file": tokenFile, "message": "Unauthorized", "line": 31}})
}

// invalid tells what is wrong with each field.
func invalid(faults map[string][]string) reply { return words(http.StatusUnprocessableEntity, faults) }

// mistake is how the provider's own program tells what it cannot use.
func mistake(message string) reply { return traced(message, len(message)) }

func traced(message string, seed int) reply {
	return words(http.StatusBadRequest, map[string]any{"type": "error", "trace_id": fmt.Sprintf("%016x", 0x5eed_0000+seed),
		"message": message, "file": ticketFile, "line": 99, "status": false})
}

func tooMany() reply {
	a := words(http.StatusTooManyRequests, map[string]any{"status": false, "message": "Too Many Attempts.", "code": 429})
	a.after = "2"
	return a
}

// gateway is one of the proxy's pages, by turns.
func gateway(calls int) reply {
	status := []int{http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout}[calls%3]
	return page(status, "text/html", proxyPage(fmt.Sprintf("%d %s", status, http.StatusText(status))))
}

func proxyPage(title string) string {
	return "<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title + "</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
}

func whoops() reply {
	return page(http.StatusInternalServerError, "text/html; charset=UTF-8",
		"<!DOCTYPE html>\n<html><head><title>Whoops, looks like something went wrong.</title></head>\n<body><h1>Whoops, looks like something went wrong.</h1></body></html>\n")
}

// success is the body of the answer to a create; the number is a number or a text.
func success(id string, number any) map[string]any {
	return map[string]any{"success": true, "message": "success", "data": map[string]any{"ticketId": id, "ticket_number": number}, "code": 200}
}

func created(t Ticket) reply {
	a := words(http.StatusOK, success(t.ID, t.Number))
	a.accepted, a.ticket = true, &t
	return a
}

func updated() reply {
	a := words(http.StatusOK, map[string]any{"status": true, "message": "success"})
	a.accepted = true
	return a
}

func duplicate(t Ticket) reply {
	body := success(t.ID, t.Number)
	body["success"], body["message"], body["code"] = false, "ticket already exists", http.StatusConflict
	return words(http.StatusConflict, body)
}
