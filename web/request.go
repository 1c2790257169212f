package web

import (
	"crypto/sha256"
	"encoding/base64"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"banksulutgo.co.id/servicedesk/desk"
)

// requestID takes the caller's id of a request when it is short and plain, else makes one.
func requestID(given string) string {
	if given == "" || len(given) > 128 || desk.IsCard(given) {
		return newRequestID()
	}
	for _, r := range given {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:", r) {
			return newRequestID()
		}
	}
	return given
}

// language picks the language of messages: Indonesian when it is asked for before English, else English.
func language(accept string) desk.Language {
	for part := range strings.SplitSeq(accept, ",") {
		tag, quality, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.TrimSpace(quality) == "q=0" {
			continue
		}
		switch strings.ToLower(strings.SplitN(tag, "-", 2)[0]) {
		case "id":
			return desk.Indonesian
		case "en":
			return desk.English
		}
	}
	return desk.English
}

// clientAddress is where a request came from. What X-Forwarded-For says counts as far as trusted proxies said it: the
// last address in it that is not one of them.
func clientAddress(r *http.Request, proxies []netip.Prefix) netip.Addr {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	address, _ := netip.ParseAddr(host)
	address = address.Unmap().WithZone("")
	trusted := func(a netip.Addr) bool {
		return slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(a) })
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && trusted(address); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		address = hop.Unmap().WithZone("")
	}
	return address
}

// Tag makes the weak ETag of an answer: the version of what it shows, for If-Match, and a digest of everything shown.
func Tag(version int64, body []byte) string {
	sum := sha256.Sum256(body)
	return `W/"` + strconv.FormatInt(version, 10) + `-` + base64.RawURLEncoding.EncodeToString(sum[:9]) + `"`
}

// conditional answers 304 when the caller has the very answer already.
func conditional(r *Request, a Answer) Answer {
	if a.Tag == "" || a.Status != http.StatusOK || (r.Method != http.MethodGet && r.Method != http.MethodHead) {
		return a
	}
	for _, tag := range tags(r.Header.Values("If-None-Match")) {
		if tag == "*" || strings.TrimPrefix(tag, "W/") == strings.TrimPrefix(a.Tag, "W/") {
			return Answer{Status: http.StatusNotModified, Tag: a.Tag, Header: a.Header}
		}
	}
	return a
}

// MatchVersion reads If-Match: the version that the caller read, or 0 when any will do. ok is false when the header has
// no tag that this API gave out, which no version can match.
func MatchVersion(r *http.Request) (version int64, ok bool) {
	given := tags(r.Header.Values("If-Match"))
	if len(given) == 0 || slices.Contains(given, "*") {
		return 0, true
	}
	for _, tag := range given {
		tag = strings.Trim(strings.TrimPrefix(tag, "W/"), `"`)
		number, _, found := strings.Cut(tag, "-")
		if n, err := strconv.ParseInt(number, 10, 64); found && err == nil && n > 0 {
			return n, true
		}
	}
	return 0, false
}

// tags splits a list of entity tags.
func tags(values []string) []string {
	var list []string
	for _, v := range values {
		for part := range strings.SplitSeq(v, ",") {
			if part = strings.TrimSpace(part); part != "" {
				list = append(list, part)
			}
		}
	}
	return list
}
