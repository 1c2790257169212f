package sociomile

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"syscall"
	"time"

	"banksulutgo.co.id/servicedesk/guard"
	"banksulutgo.co.id/servicedesk/mask"
)

// Of a diagnosis.
const (
	lookRead      = 64 << 10            // bytes of an answer that are read at most
	bodyShown     = 400                 // bytes of a body that is not understood otherwise
	lookKept      = 800                 // characters of a fact that are shown
	alwaysSlow    = 5 * time.Second     // an answer that takes longer is slow; so is one that takes half of Config.Timeout
	expiresSoon   = 14 * 24 * time.Hour // of a certificate
	frameworkName = "RoutesRequests.php"
)

// Mark says what a finding means.
type Mark string

// The marks.
const (
	markGood    Mark = "ok"
	markNoted   Mark = "note"    // proves nothing by itself
	markWarned  Mark = "warning" // works, but somebody should know
	markFailing Mark = "failed"
)

// Finding is what one look at the provider found. The names are part of the command line's form: scripts depend on them.
type Finding struct {
	Check  string `json:"check"`
	Mark   Mark   `json:"verdict"`
	Fact   string `json:"fact"`
	Status int    `json:"status,omitempty"` // that was answered
	File   string `json:"file,omitempty"`   // of the provider's program, when it told one
	Line   int    `json:"line,omitempty"`
	TookMs int64  `json:"tookMs"`
	Slow   bool   `json:"slow,omitempty"`
}

// Diagnosis is what was found, and what follows from it.
type Diagnosis struct {
	OK         bool      `json:"ok"`         // tickets can be created
	ExitStatus int       `json:"exitStatus"` // 0: the create route answered 2xx, 405 or 422 to a harmless method; 1: anything else; 2: it cannot be reached, or is not configured
	Fault      Fault     `json:"fault"`
	Whose      Side      `json:"whose"`
	English    string    `json:"en"` // whose fault it is, and whom to ask what: one sentence
	Indonesian string    `json:"id"`
	Findings   []Finding `json:"checks"`
}

// DiagnoseOptions are what Diagnose may be told.
type DiagnoseOptions struct {
	CreateTicket bool          // create one ticket at the provider, marked as a test; default: nothing is created
	Tell         func(Finding) // is called with each finding as it is made; default: nobody
}

// examiner looks at a provider.
type examiner struct {
	config   Config
	options  DiagnoseOptions
	guard    *guard.Guard
	wire     http.RoundTripper // and no http.Client, whose errors show the address
	secret   *regexp.Regexp    // the token in each form; nil: there is none
	findings []Finding
	words    map[string]string // for the slots of the sentence
}

// Diagnose looks at the provider from its name to its routes, by methods that change nothing there, and says whose fault it
// is when tickets cannot be created (the spec, Sociomile connector, Behaviour 7). What it tells never holds the token.
func Diagnose(ctx context.Context, c Config, g *guard.Guard, o DiagnoseOptions) Diagnosis {
	c.Timeout = cmp.Or(c.Timeout, defaultTimeout)
	wire := g.Transport()
	wire.DisableKeepAlives = true // each call takes as long as that of a ticket
	e := &examiner{config: c, options: o, guard: g, wire: wire, words: map[string]string{}}
	if c.Token != "" {
		e.secret = formsOf(c.Token)
	}
	found, exit := e.examine(ctx)
	s := sentences[found]
	return Diagnosis{OK: exit == 0, ExitStatus: exit, Fault: found, Whose: s.whose, English: e.fill(blames[s.whose][0] + s.english), Indonesian: e.fill(blames[s.whose][1] + s.indonesian), Findings: e.findings}
}

// examine looks at everything, what the rest stands on first.
func (e *examiner) examine(ctx context.Context) (Fault, int) {
	create, fault := e.settings()
	if fault != "" {
		return fault, 2
	}
	if fault := e.reach(ctx, create); fault != "" {
		return fault, 2
	}
	return e.routes(ctx, create)
}

// settings checks what the rest needs, and returns the create address.
func (e *examiner) settings() (*url.URL, Fault) {
	c := e.config
	create, err := c.address(CreateRoute)
	switch {
	case err != nil:
		e.note(Finding{Check: "settings", Mark: markFailing, Fact: err.Error()})
		return nil, faultNotConfigured
	case c.Token == "":
		e.note(Finding{Check: "settings", Mark: markFailing, Fact: "OMNI_API_TOKEN is missing: set it to the client secret that the provider gave the bank"})
		return nil, faultNotConfigured
	}
	e.words["host"], e.words["create"], e.words["auth"], e.words["other"] = create.Host, c.URL(CreateRoute), c.way(), c.other().way()
	e.note(Finding{Check: "settings", Mark: markGood, Fact: fmt.Sprintf("OMNI_API_URL %s, the token by %s, at most %s", c.URL(CreateRoute), c.way(), c.Timeout)})
	if c.ConnectID == "" {
		e.note(Finding{Check: "settings", Mark: markWarned, Fact: "OMNI_CONNECT_ID is missing: the provider refuses tickets without it"})
	}
	if create.Scheme == "http" {
		e.note(Finding{Check: "settings", Mark: markNoted, Fact: "OMNI_API_URL is not encrypted (http): token and tickets can be read on the way"})
	}
	return create, ""
}

// way names how the token travels, as OMNI_AUTH does.
func (c Config) way() string {
	if c.Header {
		return "header"
	}
	return "query"
}

// other is the same with the token the other way.
func (c Config) other() Config {
	c.Header = !c.Header
	return c
}

// reach looks for the name, the port, and the certificate.
func (e *examiner) reach(ctx context.Context, at *url.URL) Fault {
	ctx, cancel := context.WithTimeout(ctx, e.config.Timeout)
	defer cancel()
	if fault := e.resolve(ctx, at.Hostname()); fault != "" {
		return fault
	}
	port := cmp.Or(at.Port(), map[string]string{"http": "80", "https": "443"}[at.Scheme])
	conn, fault := e.connect(ctx, net.JoinHostPort(at.Hostname(), port))
	if fault != "" {
		return fault
	}
	defer conn.Close()
	if at.Scheme == "http" {
		return ""
	}
	return e.handshake(ctx, conn, at.Hostname())
}

func (e *examiner) resolve(ctx context.Context, host string) Fault {
	if _, err := netip.ParseAddr(host); err == nil {
		e.note(Finding{Check: "name", Mark: markGood, Fact: host + " is an address: there is no name to resolve"})
		return ""
	}
	start := time.Now()
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	f := Finding{Check: "name", Mark: markGood, Fact: fmt.Sprintf("%s is %v", host, addresses)}
	if err != nil {
		f.Mark, f.Fact = markFailing, fmt.Sprintf("%s cannot be resolved: %v", host, err)
	}
	e.noteTime(f, start)
	if err != nil {
		return faultNoName
	}
	return ""
}

// connect opens a connection, through the guard.
func (e *examiner) connect(ctx context.Context, address string) (net.Conn, Fault) {
	start := time.Now()
	conn, err := e.guard.Dialer().DialContext(ctx, "tcp", address)
	if err != nil {
		e.noteTime(Finding{Check: "tcp", Mark: markFailing, Fact: fmt.Sprintf("no connection to %s: %v", address, err)}, start)
		return nil, faultOfDial(err)
	}
	e.noteTime(Finding{Check: "tcp", Mark: markGood, Fact: "connected to " + conn.RemoteAddr().String()}, start)
	return conn, ""
}

// handshake looks at the certificate.
func (e *examiner) handshake(ctx context.Context, conn net.Conn, host string) Fault {
	start := time.Now()
	secure := tls.Client(conn, &tls.Config{ServerName: host})
	if err := secure.HandshakeContext(ctx); err != nil {
		e.noteTime(Finding{Check: "tls", Mark: markFailing, Fact: "no secure connection: " + err.Error() + certificateOf(err)}, start)
		return faultOfTLS(err)
	}
	state := secure.ConnectionState()
	until := state.PeerCertificates[0].NotAfter
	f := Finding{Check: "tls", Mark: markGood, Fact: fmt.Sprintf("%s; the certificate is good for %s until %s", tls.VersionName(state.Version), host, until.UTC().Format(time.DateOnly))}
	if time.Until(until) < expiresSoon {
		f.Mark, f.Fact = markWarned, f.Fact+": the provider must renew it now"
	}
	e.noteTime(f, start)
	return ""
}

// certificateOf says of which certificate an error is.
func certificateOf(err error) string {
	bad, ok := errors.AsType[*tls.CertificateVerificationError](err)
	if !ok || len(bad.UnverifiedCertificates) == 0 {
		return ""
	}
	c := bad.UnverifiedCertificates[0]
	return fmt.Sprintf(" (it is for %v, issued by %q, valid until %s)", c.DNSNames, c.Issuer.String(), c.NotAfter.UTC().Format(time.DateOnly))
}

// look is what a call found.
type look struct {
	Finding
	err      error // there was no answer
	html     bool  // the body is a page
	location string
}

// call is one harmless call, or the test ticket.
type call struct {
	check, method string
	at            *url.URL
	as            *Config // how the token is sent; nil: not
	body          []byte
}

// ask makes a call. It reads the answer, follows no redirect, and judges nothing.
func (e *examiner) ask(ctx context.Context, c call) (look, []byte) {
	ctx, cancel := context.WithTimeout(ctx, e.config.Timeout)
	defer cancel()
	l := look{Finding: Finding{Check: c.check}}
	start := time.Now()
	request, err := http.NewRequestWithContext(ctx, c.method, c.at.String(), bytes.NewReader(c.body))
	if err != nil {
		l.err = errors.New("the address cannot be called")
		return l, nil
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "ServiceDesk-Sociomile/1")
	if c.body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.as != nil {
		c.as.authorize(request)
	}
	said, err := e.exchange(request, &l)
	e.measure(&l.Finding, start)
	asked := c.method + " " + c.at.String()
	if err != nil {
		l.err = err
		l.Mark, l.Fact = markFailing, fmt.Sprintf("%s had no answer after %s: %v", asked, took(l.TookMs), plainly(ctx, err))
		return l, nil
	}
	l.Fact = fmt.Sprintf("%s answered %d after %s%s", asked, l.Status, took(l.TookMs), l.evidence(said))
	return l, said
}

// exchange sends a request and reads the answer into a look.
func (e *examiner) exchange(request *http.Request, l *look) ([]byte, error) {
	answer, err := e.wire.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(io.LimitReader(answer.Body, lookRead))
	if err != nil && len(said) == 0 {
		return nil, err
	}
	said = bytes.TrimSpace(bytes.TrimPrefix(said, []byte("\ufeff")))
	l.Status = answer.StatusCode
	l.html = bytes.HasPrefix(said, []byte("<"))
	l.File, l.Line, _ = frameworkFault(said)
	if to, err := answer.Location(); err == nil {
		l.location = to.Scheme + "://" + to.Host + to.Path // what follows may hold the token
	}
	return said, nil
}

// frameworkFault reads where the provider's program says that a fault is. ok: it is the framework's, which tells so that a
// route is not registered.
func frameworkFault(body []byte) (file string, line int, ok bool) {
	type place struct {
		File string `json:"file"`
		Line int    `json:"line"`
	}
	var said struct {
		place
		Errors json.RawMessage `json:"errors"`
	}
	if json.Unmarshal(body, &said) != nil {
		return "", 0, false
	}
	var inner place
	if json.Unmarshal(said.Errors, &inner) != nil || inner.File == "" {
		inner = said.place
	}
	return inner.File, inner.Line, strings.HasSuffix(inner.File, frameworkName)
}

var titleOfPage = regexp.MustCompile(`(?is)<title>(.*?)</title>`)

// evidence words what an answer says of itself.
func (l look) evidence(said []byte) string {
	var object struct {
		Message string `json:"message"`
	}
	var facts []string
	if l.File != "" {
		facts = append(facts, fmt.Sprintf("in %s, line %d", l.File, l.Line))
	}
	title := titleOfPage.FindSubmatch(said)
	switch err := json.Unmarshal(said, &object); {
	case object.Message != "":
		facts = append(facts, fmt.Sprintf("%q", object.Message))
	case title != nil:
		facts = append(facts, fmt.Sprintf("a page, %q", html.UnescapeString(string(title[1]))))
	case err == nil && l.File == "": // what is wrong with each field
		facts = append(facts, string(said[:min(len(said), bodyShown)]))
	}
	if l.location != "" {
		facts = append(facts, "to "+l.location)
	}
	if len(facts) == 0 {
		return ""
	}
	return ": " + strings.Join(facts, ", ")
}

// plainly words an error; one that is but the end of its time says so.
func plainly(ctx context.Context, err error) string {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return "the time (OMNI_TIMEOUT) was over"
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) {
		return "the connection was cut"
	}
	return err.Error()
}

func took(ms int64) string { return fmt.Sprintf("%d ms", ms) }

// measure notes how long something took.
func (e *examiner) measure(f *Finding, start time.Time) {
	passed := time.Since(start)
	f.TookMs, f.Slow = passed.Milliseconds(), passed > min(alwaysSlow, e.config.Timeout/2)
}

func (e *examiner) noteTime(f Finding, start time.Time) {
	e.measure(&f, start)
	e.note(f)
}

// note adds a finding, on one line and without the token, in whatever form somebody repeats it.
func (e *examiner) note(f Finding) {
	f.Fact, f.File = e.shown(f.Fact), e.shown(f.File)
	if f.Slow && f.Mark == markGood {
		f.Mark = markWarned
	}
	e.findings = append(e.findings, f)
	if e.options.Tell != nil {
		e.options.Tell(f)
	}
}

// formsOf finds a token however somebody writes its characters: as they are, behind a backslash, for an address, for a page.
func formsOf(token string) *regexp.Regexp {
	var pattern strings.Builder
	for _, r := range token {
		forms := []string{`\\?` + regexp.QuoteMeta(string(r)), fmt.Sprintf(`&#0*%d;`, r), fmt.Sprintf(`(?i:&#x0*%x;|\\u%04x)`, r, r),
			regexp.QuoteMeta(html.EscapeString(string(r))), `(?i:` + regexp.QuoteMeta(url.QueryEscape(string(r))) + `)`}
		if r < 0x80 {
			forms = append(forms, fmt.Sprintf(`(?i:%%%02x)`, r))
		}
		fmt.Fprintf(&pattern, "(?:%s)", strings.Join(forms, "|"))
	}
	return regexp.MustCompile(pattern.String())
}

// shown is a text on one line, without the token and cards.
func (e *examiner) shown(text string) string {
	if e.secret != nil {
		text = e.secret.ReplaceAllString(text, "[token]")
	}
	text, _ = mask.Cards(mask.Showable(text))
	if r := []rune(text); len(r) > lookKept {
		text, _ = mask.Cards(string(r[:lookKept]))
		text += "…"
	}
	return text
}

// fill puts what was found into a sentence.
func (e *examiner) fill(text string) string {
	for name, value := range e.words {
		text = strings.ReplaceAll(text, "{"+name+"}", value)
	}
	return e.shown(text)
}
