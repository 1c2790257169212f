package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf8"

	"banksulutgo.co.id/servicedesk/app"
	"banksulutgo.co.id/servicedesk/desk"
)

// keyOut is a key as the command line prints it. The names are part of the command line's form: scripts depend on them.
type keyOut struct {
	ID            string   `json:"id"`
	Name          string   `json:"name"`
	Key           string   `json:"key,omitempty"`
	WebhookSecret string   `json:"webhookSecret,omitempty"`
	Permissions   []string `json:"permissions"`
	Partner       string   `json:"partner"`
	PartnerID     string   `json:"partnerId"`
	Prefix        string   `json:"prefix"`
	AllowIP       []string `json:"allowIp"`
	RateLimit     int      `json:"rateLimit"`
	CreatedAt     string   `json:"createdAt"`
	ExpiresAt     *string  `json:"expiresAt"`
	RevokedAt     *string  `json:"revokedAt"`
	Test          bool     `json:"test"`
}

func wordKey(k desk.APIKey) keyOut {
	out := keyOut{ID: k.ID, Name: k.Name, Permissions: []string{}, Partner: k.PartnerName, PartnerID: k.PartnerID, Prefix: k.Prefix,
		AllowIP: []string{}, RateLimit: k.Rate, CreatedAt: desk.FormatTime(k.CreatedAt), ExpiresAt: stamp(k.ExpiresAt), RevokedAt: stamp(k.RevokedAt), Test: k.Test}
	for _, permission := range k.Permissions {
		out.Permissions = append(out.Permissions, string(permission))
	}
	for _, n := range k.AllowNets {
		out.AllowIP = append(out.AllowIP, n.String())
	}
	return out
}

func stamp(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := desk.FormatTime(t)
	return &s
}

func (p *program) printJSON(v any) error {
	e := json.NewEncoder(p.stdout)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

func createKeyCommand(ctx context.Context, p *program, flags *flag.FlagSet, args []string) error {
	name := flags.String("name", "", "`name` of the key")
	partner := flags.String("partner", "", "`name` of the partner; else that of the key")
	sociomile := flags.Bool("sociomile", false, "the partner is the provider itself")
	test := flags.Bool("test", false, "a key for tests, whose tickets are nobody's work: not listed with others, and purged after SERVICEDESK_TEST_KEEP")
	permissions := flags.String("permissions", "", "what the key may do: a `list` of omnichannel:create, …:read, …:update, …:manage, …:*")
	allow := flags.String("allow-ip", "", "`CIDR,…` that the key may be used from; else from anywhere")
	rate := flags.Int("rate-limit", 20, "requests a second of a node, a `number`; 20 when not given, 0: no limit; five seconds of it, and never less than 100 requests, may come at once")
	expires := flags.String("expires", "", "`time` that the key may be used, as 90d or 12h; else for ever")
	asJSON := flags.Bool("json", false, "print JSON")
	c, _, err := p.load(flags, args, 0)
	if err != nil {
		return err
	}
	n := app.NewKey{Name: strings.TrimSpace(*name), Partner: strings.TrimSpace(*partner), Sociomile: *sociomile, Test: *test, Rate: *rate}
	if err := readKey(&n, *permissions, *allow, *expires); err != nil {
		return err
	}
	return p.with(ctx, c, func(o *opened) error {
		created, err := o.app.CreateKey(ctx, operator(), n)
		if err != nil {
			return refusedKey(n, err)
		}
		return p.printKey(created, *asJSON)
	})
}

// refusedKey says what is wrong with a key that cannot be made.
func refusedKey(n app.NewKey, err error) error {
	e, ok := errors.AsType[*desk.Error](err)
	partner := cmp.Or(n.Partner, n.Name)
	switch {
	case !ok:
		return err
	case e.Fields.Has("permissions"):
		return usageError{"apikey create", "--test: a key for tests cannot have omnichannel:manage, nor * which includes it"}
	case e.Fields.Has("sociomile") && n.Test:
		return usageError{"apikey create", "--test: a key for tests cannot be the provider's (--sociomile)"}
	case e.Fields.Has("sociomile"):
		return fmt.Errorf("--sociomile: the partner %q exists already and is not the provider", partner)
	case e.Fields.Has("partner"):
		return fmt.Errorf("--partner: %q, or that name with (test) behind it, stands for the tests of a partner already or for a partner of its own; make test keys with --test and the partner's real name", partner)
	}
	return err
}

// readKey reads what a new key shall be from the flags.
func readKey(n *app.NewKey, permissions, allow, expires string) (err error) {
	refuse := func(flag string, err error) error {
		return usageError{"apikey create", fmt.Sprintf("--%s: %s", flag, plain(err))}
	}
	if n.Name == "" {
		return usageError{"apikey create", "--name is required"}
	}
	for _, name := range []string{n.Name, n.Partner} {
		if utf8.RuneCountInString(name) > desk.MaxName || strings.ContainsFunc(name, unicode.IsControl) {
			return usageError{"apikey create", fmt.Sprintf("names must have at most %d characters, none of them a control character", desk.MaxName)}
		}
	}
	if permissions == "" {
		return usageError{"apikey create", "--permissions is required"}
	}
	if n.Rate < 0 || n.Rate > 1_000_000 {
		return usageError{"apikey create", "--rate-limit must be from 0 to 1000000 requests a second"}
	}
	if n.Permissions, err = desk.ParsePermissions(permissions); err != nil {
		return refuse("permissions", err)
	}
	if n.AllowNets, err = parseNets(allow); err != nil {
		return refuse("allow-ip", err)
	}
	if expires != "" {
		d, err := parseDuration(expires)
		if err == nil && d == 0 {
			err = errors.New("a key that expires at once is of no use")
		}
		if err != nil {
			return refuse("expires", err)
		}
		n.Expires = time.Now().UTC().Add(d)
	}
	return nil
}

// printKey shows a new key, this once.
func (p *program) printKey(created app.CreatedKey, asJSON bool) error {
	if asJSON {
		out := wordKey(created.Key)
		out.Key, out.WebhookSecret = created.Text, created.WebhookSecret
		return p.printJSON(out)
	}
	kind := "API key"
	if created.Key.Test {
		kind = "Test key"
	}
	_, err := fmt.Fprintf(p.stdout, `%s %q of partner %q, shown only here:

  key             %s
  webhook secret  %s
  id              %s
  permissions     %s

The webhook secret signs what is sent to the addresses that this key's tickets name
(integration.webhookUrl): whoever receives there verifies with it that it comes from this desk.
Webhooks registered with POST /webhooks get a secret of their own.

`, kind, created.Key.Name, created.Key.PartnerName, created.Text, created.WebhookSecret, created.Key.ID, created.Key.Permissions)
	return err
}

func listKeysCommand(ctx context.Context, p *program, flags *flag.FlagSet, args []string) error {
	asJSON := flags.Bool("json", false, "print JSON")
	c, _, err := p.load(flags, args, 0)
	if err != nil {
		return err
	}
	return p.withExisting(ctx, c, func(o *opened) error {
		keys, err := o.app.Keys(ctx)
		if err != nil {
			return err
		}
		if *asJSON {
			out := []keyOut{}
			for _, k := range keys {
				out = append(out, wordKey(k))
			}
			return p.printJSON(out)
		}
		return p.printKeys(keys)
	})
}

func (p *program) printKeys(keys []desk.APIKey) error {
	if len(keys) == 0 {
		_, err := fmt.Fprintln(p.stdout, "There are no API keys. Make one with: servicedesk apikey create --name N --permissions omnichannel:create,omnichannel:read")
		return err
	}
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tPARTNER\tNAME\tKEY\tPERMISSIONS\tRATE\tSTATE")
	now := time.Now()
	for _, k := range keys {
		rate := strconv.Itoa(k.Rate) + "/s"
		if k.Rate == 0 {
			rate = "no limit"
		}
		partner := k.PartnerName
		if k.Test {
			partner += " (test)"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s…\t%s\t%s\t%s\n", k.ID, partner, k.Name, k.Prefix, k.Permissions, rate, state(k, now))
	}
	return w.Flush()
}

func state(k desk.APIKey, now time.Time) string {
	switch {
	case !k.RevokedAt.IsZero():
		return "revoked " + desk.FormatTime(k.RevokedAt)
	case k.ExpiresAt.IsZero():
		return "in use"
	case now.After(k.ExpiresAt):
		return "expired " + desk.FormatTime(k.ExpiresAt)
	}
	return "until " + desk.FormatTime(k.ExpiresAt)
}

func revokeKeyCommand(ctx context.Context, p *program, flags *flag.FlagSet, args []string) error {
	c, rest, err := p.load(flags, args, 1)
	if err != nil {
		return err
	}
	return p.withExisting(ctx, c, func(o *opened) error {
		if err := o.app.RevokeKey(ctx, operator(), rest[0]); err != nil {
			return err
		}
		_, err := fmt.Fprintf(p.stdout, "API key %s is revoked.\n", rest[0])
		return err
	})
}

func rotateKeyCommand(ctx context.Context, p *program, flags *flag.FlagSet, args []string) error {
	asJSON := flags.Bool("json", false, "print JSON")
	c, rest, err := p.load(flags, args, 1)
	if err != nil {
		return err
	}
	return p.withExisting(ctx, c, func(o *opened) error {
		created, err := o.app.RotateKey(ctx, operator(), rest[0])
		if err != nil {
			return err
		}
		return p.printKey(created, *asJSON)
	})
}
