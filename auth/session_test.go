package auth

import (
	"fmt"
	"strings"
	"testing"
)

func TestASessionIsLookedUpByTheHashOfItsToken(t *testing.T) {
	token, other := NewSessionToken(), NewSessionToken()
	if token.Text == other.Text || len(token.Text) != 43 || strings.Contains(token.Hash, token.Text) {
		t.Errorf("tokens %q and %q", token.Text, other.Text)
	}
	hash, ok := ParseSessionToken(token.Text)
	if !ok || hash != token.Hash || hash == other.Hash || len(hash) != 64 {
		t.Errorf("hash %q, %v; want %q", hash, ok, token.Hash)
	}
	for _, wrong := range []string{"", token.Text[:42], token.Text + "A", token.Text[:42] + "=", token.Text[:41] + "\r\n", strings.Repeat("é", 21) + "A", token.Text[:42] + "B"} {
		if hash, ok := ParseSessionToken(wrong); ok && wrong != token.Text {
			t.Errorf("%q is taken for a token, with hash %s", wrong, hash)
		}
	}
	if shown := fmt.Sprintf("%v %+v %#v", token, token, token); strings.Contains(shown, token.Text) {
		t.Errorf("the token prints as %s", shown)
	}
}
