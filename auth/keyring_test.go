package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// testKeyring makes the same data keys every time, wrapped by testMaster(0).
func testKeyring(t *testing.T) (*Keyring, []WrappedKey) {
	t.Helper()
	return keyringOf(t, 1)
}

// keyringOf makes data keys that depend on the seed only.
func keyringOf(t *testing.T, seed byte) (*Keyring, []WrappedKey) {
	t.Helper()
	ring, wrapped, err := NewKeyring(testMaster(0), rand.NewChaCha8([32]byte{seed}))
	if err != nil {
		t.Fatal(err)
	}
	return ring, wrapped
}

func TestKeyringOpensWithItsMasterKeyAndDoesTheSame(t *testing.T) {
	made, wrapped := testKeyring(t)
	opened, err := OpenKeyring(testMaster(0), wrapped)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := opened.Open(made.Seal([]byte("Budi"), "customer", "name", "1"), "customer", "name", "1")
	if err != nil || string(plain) != "Budi" {
		t.Errorf("a field: %q, %v", plain, err)
	}
	blob, err := opened.OpenBytes(made.SealBytes([]byte("content"), "id"), "id")
	if err != nil || string(blob) != "content" {
		t.Errorf("a blob: %q, %v", blob, err)
	}
	if made.Hash("email", "a@b.id") != opened.Hash("email", "a@b.id") {
		t.Error("hashes differ")
	}
	if made.Digest("a", "b") != opened.Digest("a", "b") {
		t.Error("digests differ")
	}
	if made.ChainMAC("", []byte("x")) != opened.ChainMAC("", []byte("x")) {
		t.Error("chain codes differ")
	}
}

func TestEachPurposeHasAKeyOfItsOwn(t *testing.T) {
	ring, wrapped := testKeyring(t)
	purposes, secrets := make(map[string]bool), make(map[string]bool)
	for i, key := range ring.keys {
		purposes[wrapped[i].Purpose] = true
		secrets[string(key.secret)] = true
	}
	if len(purposes) != 5 || len(secrets) != 5 {
		t.Errorf("%d purposes have %d keys, want 5 and 5", len(purposes), len(secrets))
	}
}

func TestNewKeyringNeedsEnoughRandomBytes(t *testing.T) {
	_, _, err := NewKeyring(testMaster(0), strings.NewReader(strings.Repeat("x", 5*keyBytes-1)))
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v, want %v", err, io.ErrUnexpectedEOF)
	}
}

func TestDataKeysDoNotOpenWhenAnythingAboutThemChanged(t *testing.T) {
	_, wrapped := testKeyring(t)
	_, other := keyringOf(t, 2)
	change := func(edit func(keys []WrappedKey)) []WrappedKey {
		keys := append([]WrappedKey(nil), wrapped...)
		edit(keys)
		return keys
	}
	cases := map[string][]WrappedKey{
		"exchanged ids":      change(func(k []WrappedKey) { k[0].ID, k[1].ID = k[1].ID, k[0].ID }),
		"exchanged purposes": change(func(k []WrappedKey) { k[2].Purpose, k[3].Purpose = k[3].Purpose, k[2].Purpose }),
		"exchanged texts":    change(func(k []WrappedKey) { k[0].Wrapped, k[1].Wrapped = k[1].Wrapped, k[0].Wrapped }),
		"no text":            change(func(k []WrappedKey) { k[0].Wrapped = "" }),
		"other version":      change(func(k []WrappedKey) { k[0].Wrapped = "2" + k[0].Wrapped[1:] }),
		"cut text":           change(func(k []WrappedKey) { k[0].Wrapped = k[0].Wrapped[:20] }),
		"stray line end":     change(func(k []WrappedKey) { k[0].Wrapped += "\n" }),
	}
	for i := range wrapped[0].Wrapped {
		cases["flipped at "+string(rune('A'+i))] = change(func(k []WrappedKey) {
			k[0].Wrapped = wrapped[0].Wrapped[:i] + string(wrapped[0].Wrapped[i]^1) + wrapped[0].Wrapped[i+1:]
		})
	}
	for name, keys := range cases {
		if _, err := OpenKeyring(testMaster(0), keys); !errors.Is(err, ErrWrongMasterKey) {
			t.Errorf("%s: got %v, want ErrWrongMasterKey", name, err)
		}
	}
	if _, err := OpenKeyring(testMaster(1), wrapped); !errors.Is(err, ErrWrongMasterKey) {
		t.Errorf("another master key: got %v, want ErrWrongMasterKey", err)
	}
	if _, err := OpenKeyring(testMaster(0), other); err != nil {
		t.Errorf("another set of whole keys: %v", err)
	}
}

func TestIncompleteOrDoubledDataKeysAreRefused(t *testing.T) {
	ring, wrapped := testKeyring(t)
	for i := range wrapped {
		rest := append(append([]WrappedKey(nil), wrapped[:i]...), wrapped[i+1:]...)
		if _, err := OpenKeyring(testMaster(0), rest); err == nil {
			t.Errorf("a keyring without the key for %s was opened", wrapped[i].Purpose)
		}
	}
	if _, err := OpenKeyring(testMaster(0), append(wrapped, wrapped[0])); err == nil {
		t.Error("one id was taken twice")
	}
	for _, purpose := range []string{purposeHash, purposeChain, purposeDigest, "of a later version"} {
		w, err := wrap(testMaster(0), dataKey{id: 9, purpose: purpose, secret: ring.keys[0].secret})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := OpenKeyring(testMaster(0), append(wrapped, w)); err == nil {
			t.Errorf("a further key for %q was taken", purpose)
		}
	}
	if _, err := OpenKeyring(testMaster(0), nil); err == nil {
		t.Error("an empty keyring was opened")
	}
}

func TestNewestKeySealsAndOldOnesStillOpen(t *testing.T) {
	old, wrapped := testKeyring(t)
	other, _ := keyringOf(t, 2)
	for _, key := range []dataKey{
		{id: 12, purpose: purposeField, secret: other.keys[0].secret},
		{id: 258, purpose: purposeBlob, secret: other.keys[1].secret},
	} {
		w, err := wrap(testMaster(0), key)
		if err != nil {
			t.Fatal(err)
		}
		wrapped = append([]WrappedKey{w}, wrapped...) // in front: the id decides and not the order
	}
	ring, err := OpenKeyring(testMaster(0), wrapped)
	if err != nil {
		t.Fatal(err)
	}
	before := old.Seal([]byte("x"), "t", "c", "r")
	after := ring.Seal([]byte("x"), "t", "c", "r")
	if !strings.HasPrefix(before, "1:1:") || !strings.HasPrefix(after, "1:12:") {
		t.Errorf("sealed as %s and %s, want keys 1 and 12", before[:5], after[:5])
	}
	for _, sealed := range []string{before, after} {
		if _, err := ring.Open(sealed, "t", "c", "r"); err != nil {
			t.Errorf("%s…: %v", sealed[:5], err)
		}
	}
	if _, err := old.Open(after, "t", "c", "r"); !errors.Is(err, ErrNotOpened) {
		t.Errorf("without the key: got %v, want ErrNotOpened", err)
	}
	for _, sealer := range []*Keyring{old, ring} {
		if _, err := ring.OpenBytes(sealer.SealBytes([]byte("x"), "id"), "id"); err != nil {
			t.Errorf("a blob: %v", err)
		}
	}
	if _, err := old.OpenBytes(ring.SealBytes([]byte("x"), "id"), "id"); !errors.Is(err, ErrNotOpened) {
		t.Errorf("a blob without the key: got %v, want ErrNotOpened", err)
	}
}

func TestRewrapChangesTheMasterKeyAndNothingElse(t *testing.T) {
	ring, wrapped := testKeyring(t)
	sealed := ring.Seal([]byte("Budi"), "customer", "name", "1")
	rewrapped, err := ring.Rewrap(testMaster(1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenKeyring(testMaster(0), rewrapped); !errors.Is(err, ErrWrongMasterKey) {
		t.Errorf("the old master key: got %v, want ErrWrongMasterKey", err)
	}
	again, err := OpenKeyring(testMaster(1), rewrapped)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again.Open(sealed, "customer", "name", "1"); err != nil {
		t.Error(err)
	}
	if again.Hash("k", "v") != ring.Hash("k", "v") {
		t.Error("hashes changed")
	}
	for i := range wrapped {
		if wrapped[i].ID != rewrapped[i].ID || wrapped[i].Purpose != rewrapped[i].Purpose {
			t.Errorf("key %d became %d for %s", wrapped[i].ID, rewrapped[i].ID, rewrapped[i].Purpose)
		}
	}
}

func TestNothingIsWrappedWithoutAMasterKey(t *testing.T) {
	ring, wrapped := testKeyring(t)
	if _, err := ring.Rewrap(MasterKey{}); err == nil {
		t.Error("data keys were wrapped by no key")
	}
	if _, err := OpenKeyring(MasterKey{}, wrapped); err == nil {
		t.Error("data keys were opened by no key")
	}
}

// reference is HMAC-SHA256 as the standard library computes it in one go.
func reference(key dataKey, tail string, parts ...string) []byte {
	h := hmac.New(sha256.New, key.secret)
	for _, p := range parts {
		h.Write(binary.AppendUvarint(nil, uint64(len(p))))
		h.Write([]byte(p))
	}
	h.Write([]byte(tail))
	return h.Sum(nil)
}

func TestHashesDigestsAndChainCodesAreHMACs(t *testing.T) {
	ring, _ := testKeyring(t)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		long := strings.Repeat(text, rapid.IntRange(0, 200).Draw(t, "times"))
		url := base64.RawURLEncoding.EncodeToString
		got := []string{ring.Hash("email", long), ring.Digest(text, long), ring.ChainMAC(text, []byte(long))}
		want := []string{
			url(reference(ring.keys[2], "", "email", long)[:16]),
			url(reference(ring.keys[4], "", text, long)),
			hex.EncodeToString(reference(ring.keys[3], long, text)),
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestEqualListsAndNoOthersHaveEqualDigests(t *testing.T) {
	ring, _ := testKeyring(t)
	list := rapid.SliceOfN(rapid.StringMatching(`[ab]{0,3}`), 0, 4)
	rapid.Check(t, func(t *rapid.T) {
		a, b := list.Draw(t, "a"), list.Draw(t, "b")
		if same := ring.Digest(a...) == ring.Digest(b...); same != cmp.Equal(a, b) {
			t.Fatalf("%q and %q: equal digests %v", a, b, same)
		}
	})
}

func TestHashesOfOneValueDifferByKindAndKeyring(t *testing.T) {
	ring, _ := testKeyring(t)
	other, _ := keyringOf(t, 2)
	hashes := map[string]string{
		ring.Hash("email", "x"): "", ring.Hash("phone", "x"): "", ring.Hash("emai", "lx"): "", ring.Hash("", "emailx"): "", other.Hash("email", "x"): "",
	}
	if len(hashes) != 5 {
		t.Errorf("%d different hashes, want 5", len(hashes))
	}
	if n := len(ring.Hash("email", "x")); n != 22 {
		t.Errorf("a hash has %d characters, want 22", n)
	}
}

func TestChainCodeDependsOnEntryAndPrevious(t *testing.T) {
	ring, _ := testKeyring(t)
	first := ring.ChainMAC("", []byte("entry"))
	codes := map[string]string{
		first: "", ring.ChainMAC(first, []byte("entry")): "", ring.ChainMAC(first, []byte("other")): "", ring.ChainMAC("e", []byte("ntry")): "",
	}
	if len(codes) != 4 || len(first) != 64 {
		t.Errorf("codes %v, want 4 of 64 digits", codes)
	}
}

// What an earlier version sealed and hashed is in the database: it must open and be found by every later one.
func TestStoredFormsAreKept(t *testing.T) {
	wrapped := []WrappedKey{
		{1, "field", "1:Xc-EMDIuPMJNrMiHqCgZYlXdlA25nRiWhru6F54MrDaXdTUqW2HP1FFlUsUTl47FDyP8dbaDEvYbLoqm"},
		{2, "blob", "1:7oKhSvjp0Q0wvgqwUVIukXiFb8jCik2M-NwV3RCr1B2dcfAM-kd9tXQwjEXOcfF-_35Iz9EWXy3X_H61"},
		{3, "hash", "1:WEZN6NqKeax-G7QlqNqgBFMiuhgDFc8VwGMM-cRjNmuPclseewGLb2j3Rith1OVFtPRAq2UCGhu4k9WB"},
		{4, "chain", "1:JBrGBBarq36q4aXeX0euANPsy1iR4BhkdMsP0A6GqfdHc8Hd5t1tXRbC4glkAwGYuB8LBNnKuBTkMkl7"},
		{5, "digest", "1:88k_pu2_l43FwF_7_B7eHHf_m0xAkScjnbcHREfEGenoqzxuTUyGPl37KuWOdqu5BFhRMvXYPNwva_-3"},
	}
	ring, err := OpenKeyring(testMaster(0), wrapped)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := ring.Open("1:1:kacQEOCTw_5VdKl_zqwvfjhniW0IQcuOJIGwYSK-KdsShUyurohLCA", "customer", "name", "42")
	if err != nil || string(plain) != "Budi Santoso" {
		t.Errorf("a field: %q, %v", plain, err)
	}
	blob, err := hex.DecodeString("010000000000000002f61ead66d20a60732d3b82513756c7af4df2f90044f5d50b0d055bb16e68c35227d129")
	if err != nil {
		t.Fatal(err)
	}
	content, err := ring.OpenBytes(blob, "ab12")
	if err != nil || string(content) != "content" {
		t.Errorf("a blob: %q, %v", content, err)
	}
	got := []string{ring.Hash("email", "budi@example.id"), ring.Digest("POST", "{}"), ring.ChainMAC("", []byte("first"))}
	want := []string{
		"szr444B0VclZkEKEx6gPKw",
		"UjTAmZNlFVjXQoao53hE40owOO6T-ZXX-UvnhlnMRGE",
		"c5bebfe157dc9409d9872ee2308400b7f1df07027a6c19f8a0ab8bfedd05f3d1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
