package auth

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// testMaster returns the master key 0, 1, 2 … 31 shifted by n.
func testMaster(n byte) MasterKey {
	m := MasterKey{secret: new([keyBytes]byte)}
	for i := range m.secret {
		m.secret[i] = byte(i) + n
	}
	return m
}

// keyFileOf writes a key file and returns its path.
func keyFileOf(t *testing.T, text string, mode fs.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

// mustMode fails unless the file has the mode.
func mustMode(t *testing.T, path string, want fs.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != want {
		t.Errorf("%s has mode %04o, want %04o", path, got, want)
	}
}

func TestCreatedMasterKeyLoadsAgainAndBelongsToItsOwner(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "new", "data")
	path := filepath.Join(folder, "key")
	created, err := CreateMasterKey(path)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := LoadMasterKey(path)
	if err != nil {
		t.Fatal(err)
	}
	if *created.secret != *loaded.secret || *created.secret == [keyBytes]byte{} {
		t.Error("the key in the file is not the created one, or is empty")
	}
	mustMode(t, path, 0o600)
	mustMode(t, folder, 0o700)
	mustMode(t, filepath.Dir(folder), 0o700)
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v (%v), want only the key", entries, err)
	}
}

func TestManyCreatorsEndWithOneKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "key")
	prints := make([]string, 16)
	var group sync.WaitGroup
	for i := range prints {
		group.Go(func() {
			m, err := CreateMasterKey(path)
			if err != nil {
				t.Error(err)
				return
			}
			prints[i] = m.Fingerprint()
		})
	}
	group.Wait()
	for _, p := range prints {
		if p != prints[0] || p == "" {
			t.Fatalf("creators hold different keys: %v", prints)
		}
	}
}

func TestExistingMasterKeyIsNeverReplaced(t *testing.T) {
	want := testMaster(7)
	path := keyFileOf(t, want.line(), 0o600)
	got, err := CreateMasterKey(path)
	if err != nil {
		t.Fatal(err)
	}
	if got.Fingerprint() != want.Fingerprint() {
		t.Error("another key was returned than the one that was there")
	}
	text, err := os.ReadFile(path)
	if err != nil || string(text) != want.line() {
		t.Errorf("the key file was changed (%v)", err)
	}
	damaged := keyFileOf(t, "not a key", 0o600)
	if _, err := CreateMasterKey(damaged); err == nil {
		t.Error("a damaged key file was taken for a missing one")
	}
}

func TestMissingMasterKeySaysWhatToDo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	_, err := LoadMasterKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("got %v, want an error that wraps fs.ErrNotExist", err)
	}
	for _, want := range []string{path, "SERVICEDESK_KEY_FILE", "backup"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not name %s", err, want)
		}
	}
}

func TestMasterKeyThatOthersMayUseIsRefused(t *testing.T) {
	for mode, allowed := range map[fs.FileMode]bool{
		0o600: true, 0o400: true, 0o700: true,
		0o640: false, 0o604: false, 0o620: false, 0o602: false, 0o610: false, 0o601: false, 0o644: false, 0o777: false,
	} {
		path := keyFileOf(t, testMaster(0).line(), mode)
		_, err := LoadMasterKey(path)
		if allowed != (err == nil) {
			t.Errorf("mode %04o: got %v, allowed %v", mode, err, allowed)
		}
		if err != nil && !strings.Contains(err.Error(), "chmod 600 "+path) {
			t.Errorf("mode %04o: %q gives no advice", mode, err)
		}
	}
	if _, err := LoadMasterKey(t.TempDir()); err == nil {
		t.Error("a folder was taken for a key file")
	}
}

func TestDamagedMasterKeyIsRefusedWithoutShowingIt(t *testing.T) {
	whole := testMaster(3).line()
	body := strings.TrimSuffix(whole, "\n")
	damaged := map[string]string{
		"empty":            "",
		"only a line end":  "\n",
		"two lines":        whole + whole,
		"text behind":      body + "A",
		"newer version":    strings.Replace(whole, "key-1:", "key-2:", 1),
		"line end inside":  body[:30] + "\n" + body[30:],
		"space in front":   " " + whole,
		"longer than read": body + strings.Repeat("A", maxKeyFile),
	}
	for i := range body {
		damaged[fmt.Sprintf("cut at %d", i)] = body[:i]
		damaged[fmt.Sprintf("flipped at %d", i)] = body[:i] + string(body[i]^1) + body[i+1:]
	}
	for name, text := range damaged {
		_, err := LoadMasterKey(keyFileOf(t, text, 0o600))
		if err == nil {
			t.Errorf("%s: a damaged key was loaded", name)
			continue
		}
		if strings.Contains(err.Error(), body[30:50]) {
			t.Errorf("%s: the error shows the key: %v", name, err)
		}
	}
}

func TestMasterKeyMayLackOrChangeItsLineEnd(t *testing.T) {
	body := strings.TrimSuffix(testMaster(3).line(), "\n")
	for _, end := range []string{"", "\n", "\r\n"} {
		m, err := LoadMasterKey(keyFileOf(t, body+end, 0o600))
		if err != nil || m.Fingerprint() != testMaster(3).Fingerprint() {
			t.Errorf("line end %q: %v", end, err)
		}
	}
}

// The fingerprint is in the database and the key in a file: both forms must be read by every later version.
func TestKeyFileAndFingerprintKeepTheirForm(t *testing.T) {
	const line = "servicedesk-key-1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh+RJn6K\n"
	m, err := LoadMasterKey(keyFileOf(t, line, 0o600))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("f19c794d4552df5d", m.Fingerprint()); diff != "" {
		t.Error(diff)
	}
}

func TestFingerprintsTellKeysApart(t *testing.T) {
	a, b := testMaster(0).Fingerprint(), testMaster(1).Fingerprint()
	if a == b || !regexp.MustCompile(`^[0-9a-f]{16}$`).MatchString(a) {
		t.Errorf("fingerprints %q and %q", a, b)
	}
}

func TestSecretsArePrintedByNothing(t *testing.T) {
	m := testMaster('A') // its bytes are readable letters
	ring, _ := testKeyring(t)
	key := NewAPIKey()
	type holder struct {
		Master MasterKey
		Ring   *Keyring
		Key    APIKey
	}
	// In fields that fmt may not ask, the usual verbs must stop at an address.
	type closed struct {
		master MasterKey
		ring   *Keyring
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%[1]v %+[1]v %#[1]v\n", closed{m, ring})
	for _, v := range []any{m, &m, ring, key, &key, holder{m, ring, key}, &holder{m, ring, key}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%c", "%U", "%o"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("text", "value", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("json", "value", v)
		if err := json.NewEncoder(&out).Encode(v); err != nil {
			t.Fatal(err)
		}
	}
	secret := string(m.secret[:])
	for _, leak := range []string{
		secret[:8], fmt.Sprintf("%x", secret[:8]), fmt.Sprintf("%X", secret[:8]), "65 66 67 68", "0x41, 0x42", "QUJDREVG", "101 102 103",
		fmt.Sprint(ring.keys[0].secret[:4]), fmt.Sprintf("%x", ring.keys[0].secret[:8]),
		key.Text, fmt.Sprintf("%x", key.Text),
	} {
		if leak = strings.Trim(leak, "[]"); strings.Contains(out.String(), leak) {
			t.Errorf("%q was printed", leak)
		}
	}
	if !strings.Contains(out.String(), "[redacted]") {
		t.Error("nothing says that something was left out")
	}
}
