package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"banksulutgo.co.id/servicedesk/outbox"
	"banksulutgo.co.id/servicedesk/sociomile"
)

// config is every setting of the program.
type config struct {
	listen         string
	data           string
	database       string
	keyFile        string
	blobs          string
	publicURL      string
	trustedProxies []netip.Prefix
	tlsCert        string
	tlsKey         string
	metricsListen  string
	firstTicket    int64
	autoClose      time.Duration
	testKeep       time.Duration
	allowNets      []netip.Prefix // that webhooks may reach although they are private
	waits          outbox.Waits
	probe          time.Duration
	keepAttempts   time.Duration
	omni           sociomile.Config
	connector      connectorConfig
	logJSON        bool
	logLevel       slog.Level
	unused         []string // settings that were given and that this version has no use for
}

// setting is one environment variable, and a flag when it is a common one.
type setting struct {
	name, flag, standard, help string
	set                        func(c *config, value string) error
}

// The settings that the code below treats by name.
const (
	listenVariable  = "SERVICEDESK_LISTEN"         // only serve has its flag
	metricsVariable = "SERVICEDESK_METRICS_LISTEN" // empty is a value of its own
)

// settings lists every variable that the program knows.
func settings() []setting {
	return []setting{
		{listenVariable, "listen", "127.0.0.1:8080", "`address` that the desk is served at; port 0: any free one", address(func(c *config) *string { return &c.listen })},
		{"SERVICEDESK_DATA", "data", "./data", "`folder` of the embedded database, the attachments and the key file", text(func(c *config) *string { return &c.data })},
		{"SERVICEDESK_DATABASE", "database", "", "`postgres://…` for any number of nodes; empty: SQLite in the data folder", setDatabase},
		{"SERVICEDESK_KEY_FILE", "", "<data>/key", "master key of the installation; every node needs the same file", text(func(c *config) *string { return &c.keyFile })},
		{"SERVICEDESK_BLOBS", "", "<data>/blobs", "where attachments are: a folder (shared between nodes) or s3://bucket/prefix", text(func(c *config) *string { return &c.blobs })},
		{"SERVICEDESK_PUBLIC_URL", "", "http://<listen>", "how the desk is reached from outside, for links; https://<listen> with a certificate", setPublicURL},
		{"SERVICEDESK_TRUSTED_PROXIES", "", "", "CIDRs whose X-Forwarded-For is believed, separated by commas", setProxies},
		{"SERVICEDESK_TLS_CERT", "", "", "certificate file; read again when it changes", text(func(c *config) *string { return &c.tlsCert })},
		{"SERVICEDESK_TLS_KEY", "", "", "private key file of the certificate", text(func(c *config) *string { return &c.tlsKey })},
		{metricsVariable, "", "127.0.0.1:9464", "address of /metrics; empty: none", address(func(c *config) *string { return &c.metricsListen })},
		{"SERVICEDESK_FIRST_TICKET_NUMBER", "", "10001", "number of the first ticket of a new installation", setFirstTicket},
		{"SERVICEDESK_AUTO_CLOSE", "", "7d", "how long a resolved ticket waits before it is closed; 0: for ever", setAutoClose},
		{"SERVICEDESK_TEST_KEEP", "", "30d", "how long tickets of test keys are kept; 0: for ever", setTestKeep},
		{"SERVICEDESK_LOG", "", "text", "text or json, and a level (debug, info, warn, error): json,debug", setLog},
		{"SERVICEDESK_WEBHOOK_ALLOW_NETS", "", "", "CIDRs that partner-given URLs may reach although they are private", setAllowNets},
		{"SERVICEDESK_WEBHOOK_RETRY", "", "5s,5m,30m,2h,5h,10h,14h,20h,24h", "waits between attempts to deliver a webhook, each a fifth more or less", pauses(func(c *config) *outbox.Waits { return &c.waits })},
		{"SERVICEDESK_WEBHOOK_PROBE", "", "30s", "pause between single tries while a webhook's receiver cannot be reached", pause(func(c *config) *time.Duration { return &c.probe })},
		{"SERVICEDESK_WEBHOOK_KEEP", "", "90d", "how long the log of webhook deliveries is kept", setKeep},
		{"SERVICEDESK_SMTP_URL", "", "", "mail server", later},
		{"SERVICEDESK_MAIL_FROM", "", "", "sender of mails", later},
		{"OMNI_ENABLED", "", "false", "true: forward claims to Sociomile", setForwarding},
		{"OMNI_API_URL", "", "", "the provider's create address", providerURL(func(c *config) *string { return &c.omni.CreateURL })},
		{"OMNI_API_TOKEN", "", "", "the provider's client secret", setProviderToken},
		{"OMNI_UPDATE_STATUS_URL", "", "<OMNI_API_URL with /update-status for /create>", "the provider's status address", providerURL(func(c *config) *string { return &c.omni.StatusURL })},
		{"OMNI_CONNECT_ID", "", "", "the provider's connect id", text(func(c *config) *string { return &c.omni.ConnectID })},
		{"OMNI_AUTH", "", "query", "how the provider's client secret is sent: query or header", setProviderAuth},
		{"OMNI_TIMEOUT", "", "30s", "how long a call to the provider may take", setProviderTimeout},
		{"OMNI_SERVICES", "", "CLAIM", "services whose tickets are forwarded: service types, or names of the catalogue, separated by commas", setServices},
		{"OMNI_RETRY", "", "10s,30s,2m,10m,30m,1h", "waits after a failed call; the last one repeats", pauses(func(c *config) *outbox.Waits { return &c.connector.waits })},
		{"OMNI_PROBE", "", "1m", "pause between probes while the provider cannot be reached", pause(func(c *config) *time.Duration { return &c.connector.probe })},
		{"OMNI_CONCURRENCY", "", "4", "calls to the provider at once, for each route", setConcurrency},
		{"OMNI_MAP", "", "", "`file` with the map of fields and states; read again when it changes; empty: that of `servicedesk sociomile map`", text(func(c *config) *string { return &c.connector.mapFile })},
		{"OMNI_ALERT_URL", "", "", "where a webhook is sent when nothing reaches the provider, and when it does again", providerURL(func(c *config) *string { return &c.connector.alertURL })},
		{"OMNI_ALERT_AFTER", "", "30m", "how long nothing may reach the provider while tickets wait", pause(func(c *config) *time.Duration { return &c.connector.alertAfter })},
	}
}

// later marks a setting of a capability that this version does not have: it may be set, and a warning says that it has
// no effect.
func later(*config, string) error { return errLater }

var errLater = errors.New("this version has no use for it")

// load reads the settings from flags and environment. An unknown variable is an error that names the nearest one.
func (p *program) load(flags *flag.FlagSet, args []string, arguments int) (*config, []string, error) {
	given := map[string]*string{}
	for _, s := range settings() {
		if s.flag != "" && (s.name != listenVariable || flags.Name() == "serve") {
			given[s.flag] = flags.String(s.flag, "", s.help)
		}
	}
	envFile := envFileFlag(flags)
	rest, err := parse(flags, args, arguments)
	if err != nil {
		return nil, nil, err
	}
	flagged := map[string]string{}
	flags.Visit(func(f *flag.Flag) {
		if value, ok := given[f.Name]; ok {
			flagged[variableOf(f.Name)] = *value
		}
	})
	if err := p.readEnvFile(*envFile, len(flagged) > 0); err != nil {
		return nil, nil, err
	}
	values, err := p.environment()
	if err != nil {
		return nil, nil, err
	}
	maps.Copy(values, flagged)
	c, err := build(values)
	if err != nil {
		return nil, nil, err
	}
	return c, rest, c.checkUser(os.Geteuid())
}

// settingNames are the variables that the program knows.
func settingNames() []string {
	var names []string
	for _, s := range settings() {
		names = append(names, s.name)
	}
	return names
}

// checkUser keeps root out of a data folder that belongs to somebody else: the desk, which runs as its owner, could
// not use the files that root would leave there.
func (c *config) checkUser(uid int) error {
	info, err := os.Stat(c.data)
	if err != nil || uid != 0 {
		return nil
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || owner.Uid == 0 {
		return nil
	}
	name := "#" + strconv.Itoa(int(owner.Uid))
	if known, err := user.LookupId(name[1:]); err == nil {
		name = known.Username
	}
	return fmt.Errorf("the data folder %s belongs to the user %s, and root would leave files there that the desk cannot use; run the command as that user:\n    sudo -u %s servicedesk …",
		c.data, name, name)
}

// variableOf is the environment variable that a flag stands for.
func variableOf(flagName string) string {
	i := slices.IndexFunc(settings(), func(s setting) bool { return s.flag == flagName })
	return settings()[i].name
}

// environment reads the variables that belong to the program.
func (p *program) environment() (map[string]string, error) {
	known := settingNames()
	values := map[string]string{}
	for _, pair := range p.env {
		name, value, _ := strings.Cut(pair, "=")
		if !isOurs(name) {
			continue
		}
		if !slices.Contains(known, name) {
			return nil, usageError{"config", fmt.Sprintf("unknown setting %s; did you mean %s?", name, nearest(name, known))}
		}
		values[name] = value
	}
	return values, nil
}

// build makes the configuration of the values that were given, and the standard ones. An empty value is none, as
// whoever writes `NAME=` into a file of settings expects, but where empty says something of its own.
func build(values map[string]string) (*config, error) {
	c := &config{}
	for _, s := range settings() {
		value, given := values[s.name]
		given = given && (value != "" || s.name == metricsVariable)
		if !given && strings.Contains(s.standard, "<") {
			continue // depends on another setting
		}
		if !given {
			value = s.standard
		}
		err := s.set(c, value)
		if err == errLater {
			if given && value != s.standard {
				c.unused = append(c.unused, s.name)
			}
			continue
		}
		if err != nil {
			return nil, usageError{"config", fmt.Sprintf("%s: %v", s.name, err)}
		}
	}
	c.keyFile = cmp.Or(c.keyFile, filepath.Join(c.data, "key"))
	c.blobs = cmp.Or(c.blobs, filepath.Join(c.data, "blobs"))
	if err := c.checkConnector(); err != nil {
		return nil, usageError{"config", err.Error()}
	}
	if (c.tlsCert == "") != (c.tlsKey == "") {
		return nil, usageError{"config", "SERVICEDESK_TLS_CERT and SERVICEDESK_TLS_KEY must be set together"}
	}
	return c, nil
}

// text sets a setting that is any text.
func text(field func(*config) *string) func(*config, string) error {
	return func(c *config, value string) error {
		*field(c) = value
		return nil
	}
}

// address sets a setting that is an address to listen at.
func address(field func(*config) *string) func(*config, string) error {
	return func(c *config, value string) error {
		if _, _, err := net.SplitHostPort(value); err != nil && value != "" {
			return fmt.Errorf("%q is no address like 127.0.0.1:8080", value)
		}
		*field(c) = value
		return nil
	}
}

// setDatabase does not repeat the value in its error: there may be a password in it.
func setDatabase(c *config, value string) error {
	if value != "" && !strings.HasPrefix(value, "postgres://") && !strings.HasPrefix(value, "postgresql://") {
		return errors.New("it must begin with postgres://, or be empty for SQLite in the data folder")
	}
	c.database = value
	return nil
}

func setPublicURL(c *config, value string) error {
	u, err := url.Parse(value)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("%q is no address like https://desk.example.org", value)
	}
	c.publicURL = strings.TrimSuffix(value, "/")
	return nil
}

func setProxies(c *config, value string) (err error) {
	c.trustedProxies, err = parseNets(value)
	return err
}

// parseNets reads networks or single addresses, separated by commas.
func parseNets(value string) ([]netip.Prefix, error) {
	var nets []netip.Prefix
	for part := range strings.SplitSeq(value, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		if a, err := netip.ParseAddr(part); err == nil {
			nets = append(nets, netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()))
			continue
		}
		n, err := netip.ParsePrefix(part)
		if err != nil {
			return nil, fmt.Errorf("%q is neither a network like 10.0.0.0/8 nor an address", part)
		}
		nets = append(nets, unmapped(n))
	}
	return nets, nil
}

// unmapped is a network as addresses are compared with it: one of IPv4 that was written as IPv6 is one of IPv4.
func unmapped(n netip.Prefix) netip.Prefix {
	if n.Addr().Is4In6() && n.Bits() >= 96 {
		n = netip.PrefixFrom(n.Addr().Unmap(), n.Bits()-96)
	}
	return n.Masked()
}

func setFirstTicket(c *config, value string) error {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n < 1 || n > 1_000_000_000_000 {
		return fmt.Errorf("%q is no ticket number", value)
	}
	c.firstTicket = n
	return nil
}

func setAutoClose(c *config, value string) (err error) {
	c.autoClose, err = parseDuration(value)
	return err
}

func setTestKeep(c *config, value string) (err error) {
	c.testKeep, err = parseDuration(value)
	return err
}

func setAllowNets(c *config, value string) (err error) {
	c.allowNets, err = parseNets(value)
	return err
}

// pauses reads a list of pauses.
func pauses(field func(*config) *outbox.Waits) func(*config, string) error {
	return func(c *config, value string) error {
		for part := range strings.SplitSeq(value, ",") {
			wait, err := parseDuration(strings.TrimSpace(part))
			if err != nil || wait == 0 {
				return fmt.Errorf("%q is no list of pauses like 5s,5m,2h", value)
			}
			*field(c) = append(*field(c), wait)
		}
		return nil
	}
}

// pause reads a pause.
func pause(field func(*config) *time.Duration) func(*config, string) error {
	return func(c *config, value string) error {
		d, err := parseDuration(value)
		if err != nil || d == 0 {
			return fmt.Errorf("%q is no pause like 30s", value)
		}
		*field(c) = d
		return nil
	}
}

func setKeep(c *config, value string) (err error) {
	c.keepAttempts, err = parseDuration(value)
	return err
}

// parseDuration reads a duration like 90d, 12h or 30m; 0 is none.
func parseDuration(value string) (time.Duration, error) {
	if days, found := strings.CutSuffix(value, "d"); found {
		n, err := strconv.Atoi(days)
		if err != nil || n < 0 || n > 36500 {
			return 0, fmt.Errorf("%q is no duration like 7d, 12h or 30m", value)
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	d, err := time.ParseDuration(value)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is no duration like 7d, 12h or 30m", value)
	}
	return d, nil
}

func setLog(c *config, value string) error {
	for part := range strings.SplitSeq(value, ",") {
		switch part = strings.TrimSpace(part); part {
		case "text":
		case "json":
			c.logJSON = true
		default:
			if err := c.logLevel.UnmarshalText([]byte(part)); err != nil {
				return fmt.Errorf("%q is neither text, json, nor a level (debug, info, warn, error)", part)
			}
		}
	}
	return nil
}

// providerURL sets an address of the provider. Its error does not repeat the value: there may be the token in it.
func providerURL(field func(*config) *string) func(*config, string) error {
	return func(c *config, value string) error {
		u, err := url.Parse(value)
		if value != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil) {
			return errors.New("it must be an address like https://provider.example/helpdesk/create")
		}
		*field(c) = value
		return nil
	}
}

// setProviderToken does not repeat the value in its error.
func setProviderToken(c *config, value string) error {
	if strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return errors.New("it must not hold spaces or control characters: copy it whole, as the provider gave it")
	}
	c.omni.Token = value
	return nil
}

func setProviderAuth(c *config, value string) error {
	if value != "query" && value != "header" {
		return fmt.Errorf("%q is neither query nor header", value)
	}
	c.omni.Header = value == "header"
	return nil
}

func setProviderTimeout(c *config, value string) error {
	timeout, err := parseDuration(value)
	if err != nil || timeout < 100*time.Millisecond || timeout > 10*time.Minute {
		return fmt.Errorf("%q is no time from 100ms to 10m like 30s", value)
	}
	c.omni.Timeout = timeout
	return nil
}

// nearest picks the word that needs the fewest changes to become the given one.
func nearest(word string, words []string) string {
	return slices.MinFunc(words, func(a, b string) int { return cmp.Compare(distance(word, a), distance(word, b)) })
}

// distance counts the letters to add or drop between two words. A letter in place of another counts twice: who leaves
// out a part of a name is more usual than who writes another name.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := corner
			if a[i] != b[j] {
				change += 2
			}
			corner = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
