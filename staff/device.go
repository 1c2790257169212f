package staff

import (
	"crypto/rand"
	"slices"
	"strings"

	"banksulutgo.co.id/servicedesk/auth"
)

// The text of a device is a list of marks, one for each of the last accounts that signed in with the browser: colleagues
// share computers. A mark is a random text and its MAC over the account. There is no table of them: whoever has a mark can
// do nothing with it but try passwords in a count of his own, so that nobody is locked out by somebody who guesses elsewhere.
const (
	marksMost = 4
	markBytes = 26 + 1 + 43 // rand.Text, a dot, a digest
)

// known returns the mark of an account in the text of a device; empty when there is none.
func (s *Staff) known(device, agentID string) string {
	for _, mark := range marks(device) {
		random, _, _ := strings.Cut(mark, ".")
		if auth.SameHash(s.mark(agentID, random), mark) {
			return mark
		}
	}
	return ""
}

// remember returns the text of a device with a mark of the account, which is made when there is none yet.
func (s *Staff) remember(device, agentID string) string {
	if s.known(device, agentID) != "" {
		return device
	}
	all := append(marks(device), s.mark(agentID, rand.Text()))
	return strings.Join(all[max(0, len(all)-marksMost):], "~")
}

// mark makes the mark of an account.
func (s *Staff) mark(agentID, random string) string {
	return random + "." + s.keyring.Digest("device of an employee", agentID, random)
}

// marks reads the text of a device. Only what could be a mark is one.
func marks(device string) []string {
	return slices.DeleteFunc(strings.Split(device, "~"), func(mark string) bool { return len(mark) != markBytes })
}
