package console

import (
	"testing"

	"banksulutgo.co.id/servicedesk/desk"
)

func TestBrowsersAreToldByNameAndSystem(t *testing.T) {
	const mozilla, khtml = "Mozilla/5.0 ", " AppleWebKit/537.36 (KHTML, like Gecko) "
	for agent, want := range map[string][2]string{
		mozilla + "(Windows NT 10.0; Win64; x64)" + khtml + "Chrome/142.0.0.0 Safari/537.36":                                       {"Chrome di Windows", "Chrome on Windows"},
		mozilla + "(Windows NT 10.0; Win64; x64)" + khtml + "Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0":                         {"Edge di Windows", "Edge on Windows"},
		mozilla + "(X11; Linux x86_64)" + khtml + "HeadlessChrome/142.0.0.0 Safari/537.36":                                         {"Chrome di Linux", "Chrome on Linux"},
		mozilla + "(X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0":                                                     {"Firefox di Linux", "Firefox on Linux"},
		mozilla + "(Linux; Android 10; K)" + khtml + "Chrome/142.0.0.0 Mobile Safari/537.36":                                       {"Chrome di Android", "Chrome on Android"},
		mozilla + "(Linux; Android 14; SM-S918B)" + khtml + "SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36":            {"Samsung Internet di Android", "Samsung Internet on Android"},
		mozilla + "(Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15":      {"Safari di macOS", "Safari on macOS"},
		mozilla + "(iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/142.0 Mobile Safari/": {"Chrome di iPhone", "Chrome on iPhone"},
		mozilla + "(X11; CrOS x86_64 14541.0.0)" + khtml + "Chrome/142.0.0.0 Safari/537.36 OPR/120.0":                              {"Opera di ChromeOS", "Opera on ChromeOS"},
		"Firefox/1.0": {"Firefox", "Firefox"},
		"curl/8.5.0":  {"curl/8.5.0", "curl/8.5.0"},
		"":            {"", ""},
	} {
		if id, en := wordsIn(desk.Indonesian).browser(agent), wordsIn(desk.English).browser(agent); id != want[0] || en != want[1] {
			t.Errorf("%q is told as %q and %q, want %q", agent, id, en, want)
		}
	}
}
