package web

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"banksulutgo.co.id/servicedesk/desk"
)

const defaultBudget = 384 << 20

// zip compresses at one stretch.
func zip(t testing.TB, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// repeated reads the same bytes again and again, n times in all.
func repeated(piece []byte, n int64) io.Reader {
	length := n * int64(len(piece))
	return io.LimitReader(&repeater{piece: bytes.Repeat(piece, 1+64<<10/len(piece))}, length)
}

type repeater struct {
	piece []byte
	at    int
}

func (r *repeater) Read(p []byte) (n int, err error) {
	for n < len(p) {
		copied := copy(p[n:], r.piece[r.at:])
		n, r.at = n+copied, (r.at+copied)%len(r.piece)
	}
	return n, nil
}

// incoming makes a request with a body of unknown length, its headers given as `Name: value`.
func incoming(body io.Reader, headers ...string) *Request {
	r := httptest.NewRequest("POST", "/", body)
	r.ContentLength = -1
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Add(name, value)
	}
	return &Request{Request: r, control: http.NewResponseController(httptest.NewRecorder())}
}

// receive reads a body and returns it, or the message of the refusal. Either way the budget must be whole afterwards.
func receive(t testing.TB, d *Door, r *Request) string {
	t.Helper()
	before := d.budget.free()
	body, err := d.ReadBody(r)
	got := string(body.Bytes)
	if err != nil {
		got = err.(*desk.Error).In(desk.English)
	}
	body.Release()
	body.Release()
	if left := d.budget.free(); left != before {
		t.Errorf("the budget had %d bytes and now has %d", before, left)
	}
	return got
}

func TestOnlyJSONIsRead(t *testing.T) {
	d, _ := newDoor(Options{})
	const refused = "Content-Type must be application/json"
	for header, want := range map[string]string{
		"X: y": "{}", "Content-Type: ": "{}", "Content-Type: application/json": "{}", "Content-Type: Application/JSON ; charset=UTF-8": "{}",
		"Content-Type: application/json;charset=\"utf-8\"": "{}", "Content-Type: application/json; charset=ISO-8859-1": "{}",
		"Content-Type: application/json;": "{}", "Content-Type: application/json; charset": "{}", "Content-Type: application/json;;a=b;a=b": "{}",
		"Content-Type: text/json": refused, "Content-Type: application/x-www-form-urlencoded": refused, "Content-Type: text/plain": refused,
		"Content-Type: multipart/form-data; boundary=application/json": refused, "Content-Type: application/jsonp": refused,
		"Content-Type: application/vnd.api+json": refused, "Content-Type: ;application/json": "{}", "Content-Type: json": refused,
		"Content-Type: application/json, text/plain": refused,
	} {
		if got := receive(t, d, incoming(strings.NewReader("{}"), header)); got != want {
			t.Errorf("%s: got %s", header, got)
		}
	}
}

func TestBodiesAreInflatedAsTheySay(t *testing.T) {
	d, _ := newDoor(Options{})
	const bad, cut = "Content-Encoding must be gzip or absent, and the body must be what it says", "The request body ended too early"
	good := zip(t, []byte(`{"a":"`+strings.Repeat("x", 10_000)+`"}`))
	plain := `{"a":"` + strings.Repeat("x", 10_000) + `"}`
	checksum, header := bytes.Clone(good), bytes.Clone(good)
	checksum[len(checksum)-5] ^= 1
	header[0] = 'x'
	corrupt := bytes.Clone(good)
	copy(corrupt[10:], "\xff\xff\xff\xff")
	for _, c := range []struct {
		name string
		body []byte
		as   []string
		want string
	}{
		{"plain", []byte(plain), nil, plain},
		{"identity", []byte(plain), []string{"identity"}, plain},
		{"gzip", good, []string{"gzip"}, plain},
		{"in capitals", good, []string{"GZIP"}, plain},
		{"the old name", good, []string{"x-gzip"}, plain},
		{"several members", append(zip(t, []byte(plain[:100])), zip(t, []byte(plain[100:]))...), []string{"gzip"}, plain},
		{"an empty member between", append(append(zip(t, []byte(plain[:9])), zip(t, nil)...), zip(t, []byte(plain[9:]))...), []string{"gzip"}, plain},
		{"nothing, compressed", zip(t, nil), []string{"gzip"}, ""},
		{"nothing", nil, nil, ""},
		{"nothing that says gzip", nil, []string{"gzip"}, cut},
		{"plain that says gzip", []byte(plain), []string{"gzip"}, bad},
		{"trailing garbage", append(bytes.Clone(good), "garbage that goes on"...), []string{"gzip"}, bad},
		{"trailing bytes", append(bytes.Clone(good), 0x1f), []string{"gzip"}, cut},
		{"a wrong checksum", checksum, []string{"gzip"}, bad},
		{"a wrong header", header, []string{"gzip"}, bad},
		{"wrong inside", corrupt, []string{"gzip"}, bad},
		{"cut in the header", good[:7], []string{"gzip"}, cut},
		{"cut inside", good[:len(good)/2], []string{"gzip"}, cut},
		{"cut before the checksum", good[:len(good)-8], []string{"gzip"}, cut},
		{"cut in the checksum", good[:len(good)-1], []string{"gzip"}, cut},
		{"twice", zip(t, good), []string{"gzip, gzip"}, bad},
		{"twice in two headers", zip(t, good), []string{"gzip", "gzip"}, bad},
		{"another one after it", good, []string{"gzip", "br"}, bad},
		{"deflate", good, []string{"deflate"}, bad},
		{"zstd", good, []string{"zstd"}, bad},
		{"empty words", []byte(plain), []string{""}, plain},
	} {
		var headers []string
		for _, encoding := range c.as {
			headers = append(headers, "Content-Encoding: "+encoding)
		}
		if got := receive(t, d, incoming(bytes.NewReader(c.body), headers...)); got != c.want {
			t.Errorf("%s: got %.100s, want %.100s", c.name, got, c.want)
		}
	}
}

func TestWhatIsWrongWithABodyHasItsStatus(t *testing.T) {
	d, _ := newDoor(Options{})
	for header, want := range map[string]desk.Code{
		"Content-Type: text/plain": desk.Unsupported, "Content-Encoding: br": desk.Unsupported, "Content-Encoding: gzip": desk.Invalid,
	} {
		if _, err := d.ReadBody(incoming(strings.NewReader("{}"), header)); !desk.Is(err, want) {
			t.Errorf("%s: got %v, want %s", header, err, want)
		}
	}
}

func TestABodyOfTheLargestSizeIsReadAndNotOneByteMore(t *testing.T) {
	const most, refused = 1 << 20, "The request body is larger than 75 MB"
	d, _ := newDoor(Options{})
	d.most = most
	plain := bytes.Repeat([]byte(" "), most)
	zipped, one := zip(t, plain[:most/8]), zip(t, []byte(" "))
	for _, c := range []struct {
		name      string
		body      io.Reader
		announced int64
		encoding  string
		want      int // bytes; -1: refused
	}{
		{"announced", bytes.NewReader(plain), most, "", most},
		{"not announced", bytes.NewReader(plain), -1, "", most},
		{"inflated", repeated(zipped, 8), -1, "gzip", most},
		{"announced, one more", bytes.NewReader(plain), most + 1, "", -1},
		{"not announced, one more", io.MultiReader(bytes.NewReader(plain), strings.NewReader(" ")), -1, "", -1},
		{"inflated, one more", io.MultiReader(repeated(zipped, 8), bytes.NewReader(one)), -1, "gzip", -1},
		{"compressed, announced, too long", repeated(zipped, 8), most + 1, "gzip", -1},
		{"compressed, a little too long, nothing inside", repeated(zip(t, nil), most/20), -1, "gzip", -1},
		{"compressed and endless, nothing inside", repeated(zip(t, nil), most), -1, "gzip", -1},
	} {
		r := incoming(c.body, "Content-Encoding: "+c.encoding)
		r.ContentLength = c.announced
		got := receive(t, d, r)
		if refusal := len(got) < 100; refusal != (c.want < 0) || refusal && got != refused || !refusal && len(got) != c.want {
			t.Errorf("%s: got %d bytes: %.100s", c.name, len(got), got)
		}
	}
}

func TestSeventyFiveMegabytesAreRead(t *testing.T) {
	d, _ := newDoor(Options{})
	if got := receive(t, d, incoming(repeated([]byte(" "), 75<<20))); len(got) != 75<<20 {
		t.Errorf("got %d bytes: %.100s", len(got), got)
	}
	if got := receive(t, d, incoming(repeated([]byte(" "), 75<<20+1))); len(got) > 100 {
		t.Errorf("one more: got %d bytes", len(got))
	}
}

func TestABombIsStoppedAtTheLimitAndCostsLittleMore(t *testing.T) {
	d, _ := newDoor(Options{})
	d.most = 10 << 20
	bomb := &repeater{piece: zip(t, make([]byte, 10<<20))}
	counted := &countingReader{from: bomb}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := d.ReadBody(incoming(counted, "Content-Encoding: gzip")); !desk.Is(err, desk.TooLarge) {
		t.Errorf("got %v", err)
	}
	runtime.ReadMemStats(&after)
	if counted.n > 100<<10 {
		t.Errorf("%d compressed bytes were read", counted.n)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 3*uint64(d.most) {
		t.Errorf("allocated %d MB in all", used>>20)
	}
}

type countingReader struct {
	from io.Reader
	n    int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.n += int64(n)
	return n, err
}

func TestAShortBodyOfAnnouncedLengthIsReadIntoOneBufferOfItsSize(t *testing.T) {
	d, _ := newDoor(Options{})
	for _, size := range []int{1, 500, 2 << 10, 10_000, wholePart - 1} {
		r := incoming(strings.NewReader(strings.Repeat("x", size)))
		r.ContentLength = int64(size)
		body, err := d.ReadBody(r)
		if len(body.Bytes) != size || cap(body.Bytes) != size+1 || err != nil || r.taken != int64(size+1) {
			t.Errorf("%d: got %d of %d, took %d, %v", size, len(body.Bytes), cap(body.Bytes), r.taken, err)
		}
	}
}

func TestAReadBodyHoldsAsMuchAsItIsLong(t *testing.T) {
	d, _ := newDoor(Options{})
	all := make([]byte, 9<<20)
	for i := range all {
		all[i] = byte(i ^ i>>8 ^ i>>16)
	}
	for _, size := range []int{wholePart, 100_000, 1 << 20, 3<<20 + 1, 9 << 20} {
		for _, announced := range []int64{-1, int64(size)} {
			sent := all[:size]
			r := incoming(iotest.HalfReader(bytes.NewReader(sent)))
			r.ContentLength = announced
			body, err := d.ReadBody(r)
			held := int64(size)
			if announced > wholePart {
				held++ // the end is seen in a byte behind it
			}
			if !bytes.Equal(body.Bytes, sent) || err != nil || r.taken != held || d.budget.free() != defaultBudget-held {
				t.Errorf("%d, announced %d: got %d, took %d, %v", size, announced, len(body.Bytes), r.taken, err)
			}
			body.Release()
		}
	}
}

func TestALengthThatIsALieDoesNoHarm(t *testing.T) {
	d, _ := newDoor(Options{})
	for _, announced := range []int64{0, 1, 5, MaxBody, -1, -2} {
		r := incoming(strings.NewReader(strings.Repeat("x", 10_000)))
		r.ContentLength = announced
		if got := receive(t, d, r); len(got) != 10_000 {
			t.Errorf("%d announced: got %d bytes", announced, len(got))
		}
	}
}

// raw sends bytes as they are over a connection of its own and returns the status line of the answer.
func raw(t testing.TB, url, sent string) string {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, sent); err != nil {
		t.Fatal(err)
	}
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	status, _, _ := strings.Cut(string(answer), "\r\n")
	_, body, _ := strings.Cut(string(answer), "\r\n\r\n")
	return strings.TrimPrefix(status, "HTTP/1.1 ") + " " + body
}

func TestBodiesCutOnTheWayAreRefused(t *testing.T) {
	d, lines := newDoor(Options{})
	h := func(r *Request) (Answer, error) {
		body, err := d.ReadBody(r)
		return Answer{Status: 200, Body: fmt.Appendf(nil, `"%s"`, body.Bytes)}, err
	}
	url := start(t, d.Handle("x", h))
	const head = "POST / HTTP/1.1\r\nHost: x\r\nX-Request-Id: 1\r\nConnection: close\r\n"
	const cut = `400 Bad Request {"success":false,"message":"The request body ended too early","requestId":"1"}`
	for sent, want := range map[string]string{
		"Content-Length: 5\r\n\r\nhello": `200 OK "hello"`,
		"Content-Length: 0\r\n\r\n":      `200 OK ""`,
		"\r\n":                           `200 OK ""`,
		"Content-Length: 3\r\n\r\nhello": `200 OK "hel"`,
		"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n":        `200 OK "hello"`,
		"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n":                               `200 OK ""`,
		"Content-Length: 9\r\n\r\nhello":                                            cut,
		"Content-Length: 70000000\r\n\r\nhello":                                     cut,
		"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n":                          cut,
		"Transfer-Encoding: chunked\r\n\r\n9\r\nhello":                              cut,
		"Transfer-Encoding: chunked\r\n\r\nxyz\r\nhello":                            cut,
		"Content-Length: 9\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b":               cut,
		"Content-Length: 80000000\r\n\r\nhello":                                     `413 Request Entity Too Large {"success":false,"message":"The request body is larger than 75 MB","requestId":"1"}`,
		"Content-Length: 5\r\nExpect: 100-continue\r\n\r\nhello":                    `100 Continue HTTP/1.1 200 OK`,
		"Content-Length: 5\r\nExpect: 100-continue\r\nContent-Type: x\r\n\r\nhello": `415 Unsupported Media Type {"success":false,"message":"Content-Type must be application/json","requestId":"1"}`,
	} {
		if got := raw(t, url, head+sent); !strings.HasPrefix(got, want) {
			t.Errorf("%q: got %s, want %s", sent, got, want)
		}
		lines.next(t)
		if left := d.budget.free(); left != defaultBudget {
			t.Errorf("%q: the budget has %d bytes left", sent, left)
		}
	}
}
