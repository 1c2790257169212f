package console

import "strings"

// mark is a word of a browser's name for itself, and what it stands for. The first that is found counts: most browsers also
// name those that they descend from, and systems theirs.
type mark struct{ word, name string }

var browserMarks = [...]mark{{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"},
	{"CriOS/", "Chrome"}, {"HeadlessChrome/", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}}

var systemMarks = [...]mark{{"Windows", "Windows"}, {"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Macintosh", "macOS"},
	{"CrOS", "ChromeOS"}, {"Linux", "Linux"}}

// browser words what a browser says of itself: `Chrome di Windows`. What is not known is shown as it is.
func (w words) browser(agent string) string {
	browser, system := named(agent, browserMarks[:]), named(agent, systemMarks[:])
	switch {
	case browser == "":
		return agent
	case system == "":
		return browser
	}
	return w.t("%s di %s", browser, system)
}

func named(agent string, marks []mark) string {
	for _, m := range marks {
		if strings.Contains(agent, m.word) {
			return m.name
		}
	}
	return ""
}
