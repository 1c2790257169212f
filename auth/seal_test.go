package auth

import (
	"bytes"
	"errors"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

func TestSealedTextOpensOnlyWhereItWasSealed(t *testing.T) {
	ring, _ := testKeyring(t)
	place := rapid.StringMatching(`[ab.:]{0,3}`) // few letters, so that the limits between parts move
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		table, column, row := place.Draw(t, "table"), place.Draw(t, "column"), place.Draw(t, "row")
		sealed := ring.Seal(plain, table, column, row)
		back, err := ring.Open(sealed, table, column, row)
		if err != nil || !bytes.Equal(back, plain) {
			t.Fatalf("opened as %q, %v; want %q", back, err, plain)
		}
		table2, column2, row2 := place.Draw(t, "other table"), place.Draw(t, "other column"), place.Draw(t, "other row")
		moved := table2 != table || column2 != column || row2 != row
		if _, err := ring.Open(sealed, table2, column2, row2); moved != errors.Is(err, ErrNotOpened) {
			t.Fatalf("moved %v: %v", moved, err)
		}
	})
}

func TestEveryChangeOfASealedTextIsRefused(t *testing.T) {
	ring, _ := testKeyring(t)
	// Lengths of the content for which base64 ends with no, four and two unused bits.
	for _, plain := range []string{"", "a", "ab", "abc", "abcd"} {
		sealed := ring.Seal([]byte(plain), "t", "c", "r")
		refuse := func(changed string) {
			t.Helper()
			if _, err := ring.Open(changed, "t", "c", "r"); !errors.Is(err, ErrNotOpened) {
				t.Fatalf("%q of %q: got %v, want ErrNotOpened", changed, sealed, err)
			}
		}
		for i := range len(sealed) {
			for flip := 1; flip < 256; flip++ {
				refuse(sealed[:i] + string([]byte{sealed[i] ^ byte(flip)}) + sealed[i+1:])
			}
			refuse(sealed[:i])
			refuse(sealed[i+1:])
			for _, added := range []string{"\n", "\r", "=", "A", ":", "0"} {
				refuse(sealed[:i] + added + sealed[i:])
				refuse(sealed + added)
			}
		}
	}
}

func TestSealedTextDoesNotOpenInAnotherInstallation(t *testing.T) {
	ring, _ := testKeyring(t)
	other, _ := keyringOf(t, 2)
	if _, err := other.Open(ring.Seal([]byte("x"), "t", "c", "r"), "t", "c", "r"); !errors.Is(err, ErrNotOpened) {
		t.Errorf("got %v, want ErrNotOpened", err)
	}
}

func TestErrorOfOpenNamesThePlaceAndNotTheContent(t *testing.T) {
	ring, _ := testKeyring(t)
	_, err := ring.Open("1:1:0102030405060708090", "customer", "phone", "42")
	if err == nil {
		t.Fatal("what was never sealed was opened")
	}
	for _, want := range []string{"customer", "phone", "42"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not name %s", err, want)
		}
	}
	if strings.Contains(err.Error(), "0102030405") {
		t.Errorf("%q shows the content", err)
	}
}

func TestSealedTextShowsNothingOfItsContent(t *testing.T) {
	ring, _ := testKeyring(t)
	one := ring.Seal([]byte("Budi Santoso"), "t", "c", "r")
	two := ring.Seal([]byte("Budi Santoso"), "t", "c", "r")
	if one == two {
		t.Error("the same value was sealed to the same text twice")
	}
	if strings.Contains(one, "Budi") || strings.Contains(one, "QnVkaS") {
		t.Errorf("%q shows its content", one)
	}
}

func TestBlobOpensOnlyUnderItsIDAndWhole(t *testing.T) {
	ring, _ := testKeyring(t)
	rapid.Check(t, func(t *rapid.T) {
		content := rapid.SliceOf(rapid.Byte()).Draw(t, "content")
		id := rapid.StringMatching(`[0-9a-f]{1,8}`).Draw(t, "id")
		sealed := ring.SealBytes(content, id)
		if len(sealed) != len(content)+37 {
			t.Fatalf("%d bytes became %d", len(content), len(sealed))
		}
		for _, wrong := range []string{"", id + "0", id[1:]} {
			if _, err := ring.OpenBytes(bytes.Clone(sealed), wrong); !errors.Is(err, ErrNotOpened) {
				t.Fatalf("under id %q: %v", wrong, err)
			}
		}
		at, flip := rapid.IntRange(0, len(sealed)-1).Draw(t, "at"), rapid.ByteMin(1).Draw(t, "flip")
		flipped := bytes.Clone(sealed)
		flipped[at] ^= flip
		if _, err := ring.OpenBytes(flipped, id); !errors.Is(err, ErrNotOpened) {
			t.Fatalf("flipped at %d: %v", at, err)
		}
		if _, err := ring.OpenBytes(bytes.Clone(sealed[:at]), id); !errors.Is(err, ErrNotOpened) {
			t.Fatalf("cut at %d: %v", at, err)
		}
		back, err := ring.OpenBytes(sealed, id)
		if err != nil || !bytes.Equal(back, content) {
			t.Fatalf("opened as %q, %v; want %q", back, err, content)
		}
	})
}

// allocated returns how many bytes f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestLargeBlobsAreInMemoryOnceMoreAtMost(t *testing.T) {
	ring, _ := testKeyring(t)
	content := bytes.Repeat([]byte("0123456789"), 1<<20)
	var sealed, back []byte
	if n := allocated(func() { sealed = ring.SealBytes(content, "id") }); n > uint64(len(content))+64<<10 {
		t.Errorf("sealing %d bytes took %d", len(content), n)
	}
	var err error
	if n := allocated(func() { back, err = ring.OpenBytes(sealed, "id") }); n > 64<<10 {
		t.Errorf("opening took %d bytes", n)
	}
	if err != nil || !bytes.Equal(back, content) {
		t.Errorf("the content changed (%v)", err)
	}
}

// The limit is above the one allocation of the benchmarks below, because the race detector empties pools at random.
func TestShortTextsCostFewAllocations(t *testing.T) {
	ring, _ := testKeyring(t)
	plain := []byte("081234567890")
	sealed := ring.Seal(plain, "customer", "phone", "42")
	for name, f := range map[string]func(){
		"Seal":     func() { ring.Seal(plain, "customer", "phone", "42") },
		"Open":     func() { _, _ = ring.Open(sealed, "customer", "phone", "42") },
		"Hash":     func() { ring.Hash("phone", "081234567890") },
		"Digest":   func() { ring.Digest("POST", "/claims", "{}") },
		"ChainMAC": func() { ring.ChainMAC("", plain) },
	} {
		if n := testing.AllocsPerRun(200, f); n > 6 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}

func TestKeyringServesManyAtOnce(t *testing.T) {
	ring, _ := testKeyring(t)
	hash := ring.Hash("n", "0")
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			for i := range 200 {
				row := strconv.Itoa(worker*1000 + i)
				text := strings.Repeat(row, i)
				back, err := ring.Open(ring.Seal([]byte(text), "t", "c", row), "t", "c", row)
				if err != nil || string(back) != text {
					t.Errorf("row %s: %v", row, err)
				}
				blob, err := ring.OpenBytes(ring.SealBytes([]byte(text), row), row)
				if err != nil || string(blob) != text {
					t.Errorf("blob %s: %v", row, err)
				}
				if ring.Hash("n", "0") != hash {
					t.Error("a hash changed")
				}
			}
		})
	}
	group.Wait()
}

func BenchmarkSeal(b *testing.B) {
	ring, plain := benchKeyring(b)
	for b.Loop() {
		ring.Seal(plain, "customer", "phone", "42")
	}
}

func BenchmarkOpen(b *testing.B) {
	ring, plain := benchKeyring(b)
	sealed := ring.Seal(plain, "customer", "phone", "42")
	for b.Loop() {
		if _, err := ring.Open(sealed, "customer", "phone", "42"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHash(b *testing.B) {
	ring, _ := benchKeyring(b)
	for b.Loop() {
		ring.Hash("phone", "081234567890")
	}
}

func BenchmarkDigest(b *testing.B) {
	ring, _ := benchKeyring(b)
	for b.Loop() {
		ring.Digest("POST", "/claims", "{}")
	}
}

func BenchmarkChainMAC(b *testing.B) {
	ring, plain := benchKeyring(b)
	for b.Loop() {
		ring.ChainMAC("", plain)
	}
}

func benchKeyring(b *testing.B) (*Keyring, []byte) {
	b.Helper()
	b.ReportAllocs()
	ring, _, err := NewKeyring(testMaster(0), bytes.NewReader(make([]byte, 5*keyBytes)))
	if err != nil {
		b.Fatal(err)
	}
	return ring, []byte("081234567890")
}
