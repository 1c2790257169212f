package main

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// FuzzSettings gives one setting any value. What is refused names the setting, and of what may hold a password or a
// token nothing else; what is accepted holds what the rest of the program relies on.
func FuzzSettings(f *testing.F) {
	for _, seed := range [][2]string{
		{"SERVICEDESK_LISTEN", ":8080"}, {"SERVICEDESK_LISTEN", "[::1%lo]:http"}, {"SERVICEDESK_DATABASE", "postgres://u:secret@h/d"}, {"SERVICEDESK_DATABASE", "mysql://u:secret@h/d"}, {"SERVICEDESK_PUBLIC_URL", "https://desk.example.org/"},
		{"SERVICEDESK_PUBLIC_URL", "http://%41:8"}, {"SERVICEDESK_TRUSTED_PROXIES", "10.0.0.0/8, ::1 ,"}, {"SERVICEDESK_FIRST_TICKET_NUMBER", "+7"}, {"SERVICEDESK_FIRST_TICKET_NUMBER", "1000000000001"}, {"SERVICEDESK_AUTO_CLOSE", "36500d"},
		{"SERVICEDESK_AUTO_CLOSE", "2562047h47m16.854775807s"}, {"SERVICEDESK_AUTO_CLOSE", "-1d"}, {"SERVICEDESK_LOG", "json,debug+3"}, {"SERVICEDESK_METRICS_LISTEN", ""}, {"SERVICEDESK_TLS_CERT", "x"}, {"OMNI_TIMEOUT", "x"}, {"OMNI_API_TOKEN", "half of a token"}, {"OMNI_API_URL", "https://user:secret@provider.example/create"},
	} {
		f.Add(slices.Index(settingNames(), seed[0]), seed[1])
	}
	f.Fuzz(func(t *testing.T, index int, value string) {
		names := settingNames()
		name := names[uint(index)%uint(len(names))]
		c, err := build(map[string]string{name: value})
		var usage usageError
		switch {
		case err == nil:
			checkConfig(t, c)
		case !errors.As(err, &usage) || !strings.Contains(usage.text, name):
			t.Errorf("%s=%q: %v", name, value, err)
		case slices.Contains([]string{"SERVICEDESK_DATABASE", "OMNI_API_URL", "OMNI_API_TOKEN", "OMNI_UPDATE_STATUS_URL"}, name) && len(value) > 12 && strings.Contains(usage.text, value):
			t.Errorf("what may hold a secret is repeated: %v", err)
		}
	})
}

func checkConfig(t *testing.T, c *config) {
	t.Helper()
	for _, address := range []string{c.listen, c.metricsListen} {
		if _, _, err := net.SplitHostPort(address); err != nil && address != "" {
			t.Errorf("address %q", address)
		}
	}
	if u, err := url.Parse(c.publicURL); c.publicURL != "" && (err != nil || u.Host == "") || strings.HasSuffix(c.publicURL, "/") {
		t.Errorf("address %q", c.publicURL)
	}
	if c.firstTicket < 1 || c.autoClose < 0 || c.testKeep < 0 || c.data == "" || c.keyFile == "" || c.blobs == "" {
		t.Errorf("%+v", c)
	}
	checkNets(t, c.trustedProxies)
}

// checkNets fails the test at a network that no address, as doors know it, is compared with.
func checkNets(t *testing.T, nets []netip.Prefix) {
	t.Helper()
	for _, n := range nets {
		if !n.IsValid() || n != n.Masked() || n.Addr().Is4In6() || n.Addr().Zone() != "" {
			t.Errorf("network %v", n)
		}
	}
}

// FuzzNets reads lists of networks. What is read means the same when it is written and read again.
func FuzzNets(f *testing.F) {
	for _, seed := range []string{"", ",", "10.0.0.0/8", "192.0.2.1, 2001:db8::1/32 ,", "::ffff:10.0.0.0/104", "::ffff:1.2.3.4", "::ffff:1.2.3.4/95", "fe80::1%eth0", "fe80::1%eth0/64", "10.0.0.0/33", "010.0.0.1", "1.2.3", "::/0", "0.0.0.0/0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		nets, err := parseNets(text)
		if err != nil {
			return
		}
		checkNets(t, nets)
		var written []string
		for _, n := range nets {
			written = append(written, n.String())
		}
		if again, err := parseNets(strings.Join(written, ",")); err != nil || !slices.Equal(again, nets) {
			t.Errorf("%q is %v, and again %v (%v)", text, nets, again, err)
		}
	})
}

// FuzzEnvFile reads files of settings. What is refused names its line and tells no value; what is read are settings.
func FuzzEnvFile(f *testing.F) {
	for _, seed := range []string{
		"", "# x\n\n;y\nexport SERVICEDESK_DATA = '/srv/a b'\nOMNI_URL=1\n", "SERVICEDESK_DATABASE=\"postgres://u:p@h/d?a='b'\"\r\n", "SERVICEDESK_DATA='a'b'", "SERVICEDESK_DATA=\"", "SERVICEDESK_DATA", "=x", "AWS_SECRET_ACCESS_KEY==", "\ufeffSERVICEDESK_DATA=x", "SERVICEDESK_DATA=\x00",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		pairs, err := parseEnvFile(text)
		if err != nil {
			for line := range strings.SplitSeq(string(text), "\n") {
				if _, value, _ := strings.Cut(line, "="); len(value) > 60 && strings.Contains(err.Error(), value) {
					t.Errorf("the error tells a value: %v", err)
				}
			}
			return
		}
		for _, pair := range pairs {
			name, _, found := strings.Cut(pair, "=")
			if !found || !slices.Contains(append(settingNames(), foreignVariables()...), name) || strings.ContainsAny(pair, "\n") {
				t.Errorf("read %q", pair)
			}
		}
	})
}
