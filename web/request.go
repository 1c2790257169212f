package web

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"banksulutgo.co.id/servicedesk/desk"
)

// requestID takes the caller's id of a request when it is short, plain and shows no card number, else makes one.
func requestID(given string) string {
	if given == "" || len(given) > 128 || strings.ContainsFunc(given, odd) || withoutCards(given) != given {
		return newRequestID()
	}
	return given
}

// odd reports whether a character cannot stand in the id of a request.
func odd(c rune) bool {
	return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' && c != '_' && c != '.' && c != ':'
}

func newRequestID() string { return strings.ToLower(rand.Text()[:20]) }

// Language picks the language of messages by Accept-Language (RFC 9110, section 12.5.4): the one of the two that is
// wanted more, or the earlier one; the usual one when neither is. Java called Indonesian `in` until version 17.
func Language(r *http.Request, usual desk.Language) desk.Language {
	return mostWanted(strings.Join(r.Header.Values("Accept-Language"), ","), usual, func(name string) (desk.Language, bool) {
		tag, _, _ := strings.Cut(name, "-")
		switch tag {
		case "id", "in":
			return desk.Indonesian, true
		case "en":
			return desk.English, true
		case "*":
			return usual, true
		}
		return "", false
	})
}

// Preferred is the media type, of those that an answer can have, that Accept wants most (RFC 9110, section 12.5.1), or
// of two the one that it names first. Ranges such as `*/*` name none; when none is named, it is the usual one.
func Preferred(r *http.Request, usual string, others ...string) string {
	return mostWanted(strings.Join(r.Header.Values("Accept"), ","), usual, func(name string) (string, bool) {
		return name, name == usual || slices.Contains(others, name)
	})
}

// mostWanted picks the choice that a header wants most, or the earlier one of two. known tells what a name in lower
// case stands for; when the header wants nothing that is known, the choice is otherwise.
func mostWanted[T any](header string, otherwise T, known func(name string) (T, bool)) T {
	chosen, most := otherwise, 0.0
	for part := range strings.SplitSeq(header, ",") {
		name, weight, _ := strings.Cut(part, ";")
		choice, ok := known(strings.ToLower(strings.TrimSpace(name)))
		if q := quality(weight); ok && q > most {
			chosen, most = choice, q
		}
	}
	return chosen
}

// quality reads the weight `q=0.8`; 1 when there is none, or none that can be read.
func quality(weight string) float64 {
	name, value, _ := strings.Cut(strings.ToLower(weight), "=")
	q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if strings.TrimSpace(name) != "q" || err != nil {
		return 1
	}
	return min(q, 1)
}

// clientAddress is where a request came from. What X-Forwarded-For says counts as far as trusted proxies said it: the
// last address in it that is not one of them.
func clientAddress(r *http.Request, proxies []netip.Prefix) netip.Addr {
	trusted := func(a netip.Addr) bool {
		return slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(a) })
	}
	address, _ := hostAddress(r.RemoteAddr)
	said := r.Header.Values("X-Forwarded-For")
	if len(said) == 0 || !trusted(address) {
		return address
	}
	for _, hop := range slices.Backward(strings.Split(strings.Join(said, ","), ",")) {
		before, ok := hostAddress(strings.TrimSpace(hop))
		if !ok {
			break
		}
		if address = before; !trusted(address) {
			break
		}
	}
	return address
}

// hostAddress reads an address with or without a port (some proxies note it): `192.0.2.1`, `192.0.2.1:80`,
// `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`.
func hostAddress(s string) (netip.Addr, bool) {
	if whole, err := netip.ParseAddrPort(s); err == nil {
		return whole.Addr().Unmap().WithZone(""), true
	}
	if inner, found := strings.CutPrefix(s, "["); found {
		s = strings.TrimSuffix(inner, "]")
	}
	address, err := netip.ParseAddr(s)
	return address.Unmap().WithZone(""), err == nil
}

// Tag makes the weak ETag of an answer: the version of what it shows, for If-Match, and a digest of everything shown.
func Tag(version int64, body []byte) string {
	sum := sha256.Sum256(body)
	return `W/"` + strconv.FormatInt(version, 10) + `-` + base64.RawURLEncoding.EncodeToString(sum[:9]) + `"`
}

// conditional answers 304 when the caller has the very answer already (RFC 9110, section 13.1.2).
func conditional(r *Request, a Answer) Answer {
	if a.Tag == "" || a.Status != http.StatusOK || (r.Method != http.MethodGet && r.Method != http.MethodHead) {
		return a
	}
	ours := strings.TrimPrefix(a.Tag, "W/")
	for _, tag := range tags(r.Header.Values("If-None-Match")) {
		if tag == "*" || strings.TrimPrefix(tag, "W/") == ours {
			return Answer{Status: http.StatusNotModified, Tag: a.Tag, Header: a.Header}
		}
	}
	return a
}

// MatchVersion reads If-Match: the version that the caller read, or 0 when any will do. Of several tags the newest
// counts: versions only grow, so what is stored now cannot be newer than a tag that was given out, and if it is one of
// those listed it is the newest. ok is false when the header has no tag that this API gave out, which no version can
// match. A tag without its quotes is understood, as some clients take them off.
func MatchVersion(r *http.Request) (version int64, ok bool) {
	values := r.Header.Values("If-Match")
	given := tags(values)
	if len(values) == 0 || slices.Contains(given, "*") {
		return 0, true
	}
	for _, tag := range given {
		number, _, found := strings.Cut(strings.Trim(strings.TrimPrefix(tag, "W/"), `"`), "-")
		if n, err := strconv.ParseInt(number, 10, 64); found && err == nil {
			version = max(version, n)
		}
	}
	return version, version > 0
}

// tags splits lists of entity tags. A comma inside quotes belongs to the tag (RFC 9110, section 8.8.3).
func tags(values []string) []string {
	var list []string
	for _, v := range values {
		start, quoted := 0, false
		for i := range len(v) + 1 {
			switch {
			case i < len(v) && v[i] == '"':
				quoted = !quoted
			case i == len(v) || v[i] == ',' && !quoted:
				if tag := strings.TrimSpace(v[start:i]); tag != "" {
					list = append(list, tag)
				}
				start = i + 1
			}
		}
	}
	return list
}
