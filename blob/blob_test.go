package blob_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"banksulutgo.co.id/servicedesk/auth"
	"banksulutgo.co.id/servicedesk/blob"
	"banksulutgo.co.id/servicedesk/desk"
)

// place is a medium seen from behind, as somebody would who damages it.
type place struct {
	location string
	options  blob.Options
	list     func() []string // what is stored, as slash-separated paths
	load     func(at string) []byte
	save     func(at string, stored []byte)
}

// onEveryMedium runs a test in a folder and in a bucket: both must do the same.
func onEveryMedium(t *testing.T, test func(t *testing.T, store blob.Store, p place)) {
	for name, start := range map[string]func(*testing.T) place{"folder": startFolder, "s3": startBucket} {
		t.Run(name, func(t *testing.T) {
			p := start(t)
			test(t, mustOpen(t, p), p)
		})
	}
}

func mustOpen(t *testing.T, p place) blob.Store {
	t.Helper()
	store, err := blob.Open(t.Context(), p.location, p.options)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// options encrypt with the keyring that the program uses.
func options(t *testing.T) blob.Options {
	t.Helper()
	master, err := auth.CreateMasterKey(path.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	ring, _, err := auth.NewKeyring(master, rand.NewChaCha8([32]byte{1}))
	if err != nil {
		t.Fatal(err)
	}
	return blob.Options{Seal: ring.SealBytes, Open: ring.OpenBytes}
}

func mustPut(t *testing.T, store blob.Store, content string) string {
	t.Helper()
	name, err := store.Put(t.Context(), []byte(content))
	if err != nil {
		t.Fatal(err)
	}
	return name
}

func mustHold(t *testing.T, store blob.Store, name, want string) {
	t.Helper()
	got, err := store.Get(t.Context(), name)
	if err != nil || string(got) != want {
		t.Errorf("blob %s holds %.40q (%v), want %.40q", name, got, err, want)
	}
}

func TestWhatWasPutIsReturnedUnderItsSHA256(t *testing.T) {
	onEveryMedium(t, func(t *testing.T, store blob.Store, _ place) {
		rapid.Check(t, func(rt *rapid.T) {
			content := rapid.SliceOf(rapid.Byte()).Draw(rt, "content")
			sum := sha256.Sum256(content)
			name, err := store.Put(t.Context(), content)
			if err != nil || name != hex.EncodeToString(sum[:]) {
				rt.Fatalf("put as %q, %v", name, err)
			}
			back, err := store.Get(t.Context(), name)
			if err != nil || !bytes.Equal(back, content) {
				rt.Fatalf("got %q, %v; want %q", back, err, content)
			}
		})
	})
}

func TestLargestAttachmentIsStored(t *testing.T) {
	onEveryMedium(t, func(t *testing.T, store blob.Store, _ place) {
		content := strings.Repeat("0123456789abcdef", 20<<20/16) // over the limit of one part in S3
		mustHold(t, store, mustPut(t, store, content), content)
	})
}

func TestContentOverTheLimitIsRefused(t *testing.T) {
	onEveryMedium(t, func(t *testing.T, store blob.Store, p place) {
		if _, err := store.Put(t.Context(), make([]byte, blob.MaxBytes+1)); !desk.Is(err, desk.TooLarge) {
			t.Errorf("got %v, want TooLarge", err)
		}
		if left := p.list(); len(left) != 0 {
			t.Errorf("%v is stored", left)
		}
	})
}

func TestStoredBlobIsEncryptedAndStoredOnce(t *testing.T) {
	onEveryMedium(t, func(t *testing.T, store blob.Store, p place) {
		name := mustPut(t, store, "nomor rekening nasabah")
		mustPut(t, store, "nomor rekening nasabah")
		at := path.Join(name[:2], name[2:4], name)
		if got := p.list(); !slices.Equal(got, []string{at}) {
			t.Fatalf("%v is stored, want only %s", got, at)
		}
		if bytes.Contains(p.load(at), []byte("rekening")) {
			t.Error("the content can be read in the store")
		}
	})
}

func TestStoreDoesNotKeepTheCallersSlice(t *testing.T) {
	onEveryMedium(t, func(t *testing.T, store blob.Store, _ place) {
		content := []byte("before")
		name, err := store.Put(t.Context(), content)
		if err != nil || string(content) != "before" {
			t.Fatalf("the content became %q (%v)", content, err)
		}
		copy(content, "AFTER!")
		mustHold(t, store, name, "before")
	})
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	onEveryMedium(t, func(t *testing.T, store blob.Store, p place) {
		p.save("secret", []byte("not a blob"))
		for _, name := range []string{
			strings.Repeat("0", 64), "", "secret", "../secret", "../../etc/passwd", "/etc/passwd", "abc",
			strings.Repeat("A", 64), strings.Repeat("0", 63) + "/", strings.Repeat("0", 66), strings.Repeat("../", 21) + "a",
		} {
			if content, err := store.Get(t.Context(), name); !errors.Is(err, blob.ErrNotFound) || content != nil {
				t.Errorf("%q: got %q, %v; want ErrNotFound", name, content, err)
			}
		}
	})
}

func TestDamagedBlobIsNeverReturnedAndIsRepairedByPuttingAgain(t *testing.T) {
	onEveryMedium(t, func(t *testing.T, store blob.Store, p place) {
		name, other := mustPut(t, store, "content"), mustPut(t, store, "other content")
		at := path.Join(name[:2], name[2:4], name)
		whole := p.load(at)
		damaged := [][]byte{
			{}, whole[:1], whole[:len(whole)-1], append(bytes.Clone(whole), 0), []byte("content"),
			p.load(path.Join(other[:2], other[2:4], other)), // a whole blob of another name
			p.options.Seal([]byte("forged"), name),          // the right key, but another content
		}
		for i := range whole {
			flipped := bytes.Clone(whole)
			flipped[i] ^= 0x40
			damaged = append(damaged, flipped)
		}
		for i, stored := range damaged {
			p.save(at, stored)
			if content, err := store.Get(t.Context(), name); !errors.Is(err, blob.ErrDamaged) || content != nil {
				t.Fatalf("damage %d: got %q, %v; want ErrDamaged", i, content, err)
			}
			mustPut(t, store, "content")
			mustHold(t, store, name, "content")
		}
	})
}

func TestEndOfTheContextStoresNothing(t *testing.T) {
	onEveryMedium(t, func(t *testing.T, store blob.Store, p place) {
		name := mustPut(t, store, "content")
		before := p.list()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, putErr := store.Put(ctx, []byte("new"))
		_, getErr := store.Get(ctx, name)
		for verb, err := range map[string]error{"Put": putErr, "Get": getErr, "Check": store.Check(ctx)} {
			// Not Unavailable: nothing is wrong with the storage.
			if !errors.Is(err, context.Canceled) || desk.Is(err, desk.Unavailable) {
				t.Errorf("%s: got %v, want context.Canceled", verb, err)
			}
		}
		if after := p.list(); !slices.Equal(before, after) {
			t.Errorf("%v is stored, want %v", after, before)
		}
	})
}

func TestManyStoresPutTheSameContentAtOnce(t *testing.T) {
	onEveryMedium(t, func(t *testing.T, first blob.Store, p place) {
		stores := []blob.Store{first, mustOpen(t, p)} // two nodes
		var group sync.WaitGroup
		for worker := range 8 {
			group.Go(func() {
				for i := range 10 {
					content := strings.Repeat("x", i)
					name, err := stores[worker%2].Put(t.Context(), []byte(content))
					if err != nil {
						t.Error(err)
						return
					}
					mustHold(t, stores[(worker+1)%2], name, content)
				}
			})
		}
		group.Wait()
		if n := len(p.list()); n != 10 {
			t.Errorf("%d blobs are stored, want 10", n)
		}
	})
}

func TestCheckLeavesNothingBehindAndSeesAWrongKey(t *testing.T) {
	onEveryMedium(t, func(t *testing.T, store blob.Store, p place) {
		if err := store.Check(t.Context()); err != nil {
			t.Error(err)
		}
		p.options.Open = func([]byte, string) ([]byte, error) { return nil, auth.ErrNotOpened }
		if _, err := blob.Open(t.Context(), p.location, p.options); !errors.Is(err, blob.ErrDamaged) {
			t.Errorf("a key that does not open: got %v, want ErrDamaged", err)
		}
		if left := p.list(); len(left) != 0 {
			t.Errorf("%v was left behind", left)
		}
	})
}

func TestStoreNeedsAKey(t *testing.T) {
	whole := options(t)
	for _, o := range []blob.Options{{}, {Seal: whole.Seal}, {Open: whole.Open}} {
		if _, err := blob.Open(t.Context(), t.TempDir(), o); err == nil {
			t.Error("a store without encryption was opened")
		}
	}
}
