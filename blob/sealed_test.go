package blob_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"banksulutgo.co.id/servicedesk/auth"
	"banksulutgo.co.id/servicedesk/blob"
)

func TestASealedBlobMovesToAnotherPlace(t *testing.T) {
	onEveryMedium(t, func(t *testing.T, store blob.Store, p place) {
		name := mustPut(t, store, "content")
		sealed, err := store.Sealed(t.Context(), name)
		if err != nil || bytes.Contains(sealed, []byte("content")) {
			t.Fatalf("got %q, %v; want it encrypted", sealed, err)
		}
		other := startFolder(t)
		other.options = p.options
		there := mustOpen(t, other)
		for range 2 { // the second time it is there
			if err := there.PutSealed(t.Context(), name, sealed); err != nil {
				t.Fatal(err)
			}
		}
		mustHold(t, there, name, "content")
		if err := store.PutSealed(t.Context(), name, sealed); err != nil {
			t.Errorf("back where it came from: %v", err)
		}
	})
}

func TestADamagedBlobMovesNowhere(t *testing.T) {
	onEveryMedium(t, func(t *testing.T, store blob.Store, p place) {
		name := mustPut(t, store, "content")
		sealed, err := store.Sealed(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		damaged := bytes.Clone(sealed)
		damaged[len(damaged)/2] ^= 1
		empty := startFolder(t)
		empty.options = p.options
		if err := mustOpen(t, empty).PutSealed(t.Context(), name, damaged); !errors.Is(err, blob.ErrDamaged) || len(empty.list()) > 0 {
			t.Errorf("stored %v, %v; want ErrDamaged and nothing", empty.list(), err)
		}
		p.save(path.Join(name[:2], name[2:4], name), damaged)
		if _, err := store.Sealed(t.Context(), name); !errors.Is(err, blob.ErrDamaged) {
			t.Errorf("read: %v, want ErrDamaged", err)
		}
		for _, none := range []string{strings.Repeat("0", 64), "../key"} {
			if _, err := store.Sealed(t.Context(), none); !errors.Is(err, blob.ErrNotFound) {
				t.Errorf("read %q: %v, want ErrNotFound", none, err)
			}
			if err := store.PutSealed(t.Context(), none, sealed); err == nil {
				t.Errorf("a blob was stored as %q", none)
			}
		}
	})
}

func TestABlobOfAnotherInstallationIsNotReplaced(t *testing.T) {
	onEveryMedium(t, func(t *testing.T, store blob.Store, p place) {
		name := mustPut(t, store, "content")
		stranger := startFolder(t)
		master, err := auth.CreateMasterKey(filepath.Join(t.TempDir(), "key"))
		if err != nil {
			t.Fatal(err)
		}
		ring, _, err := auth.NewKeyring(master, rand.NewChaCha8([32]byte{2}))
		if err != nil {
			t.Fatal(err)
		}
		stranger.options = blob.Options{Seal: ring.SealBytes, Open: ring.OpenBytes}
		ours := mustOpen(t, stranger)
		mustPut(t, ours, "content")
		at := path.Join(name[:2], name[2:4], name)
		foreign := p.load(at)
		stranger.save(at, foreign)
		mine := stranger.options.Seal([]byte("content"), name)
		if err := ours.PutSealed(t.Context(), name, mine); !errors.Is(err, blob.ErrForeign) || !bytes.Equal(stranger.load(at), foreign) {
			t.Errorf("got %v, want ErrForeign and the blob as it was", err)
		}
	})
}

func TestARemovedBlobIsGoneAndRemovingItAgainIsNoError(t *testing.T) {
	onEveryMedium(t, func(t *testing.T, store blob.Store, p place) {
		name, other := mustPut(t, store, "content"), mustPut(t, store, "other")
		for range 2 {
			if err := store.Remove(t.Context(), name); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := store.Get(t.Context(), name); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("after its removal: %v, want ErrNotFound", err)
		}
		mustHold(t, store, other, "other")
		p.save("secret", []byte("not a blob"))
		if err := store.Remove(t.Context(), "secret"); err == nil || !slices.Contains(p.list(), "secret") {
			t.Errorf("what is no blob was removed (%v)", err)
		}
		mustHold(t, store, mustPut(t, store, "content"), "content")
	})
}

func TestSweepingRemovesWhatIsOldAndTellsHowMuch(t *testing.T) {
	p := startFolder(t)
	store := mustOpen(t, p)
	for _, name := range []string{"tmp/blob-a", "tmp/blob-b", "tmp/blob-new"} {
		p.save(name, nil)
		if written := time.Now().Add(-25 * time.Hour); name != "tmp/blob-new" {
			if err := os.Chtimes(filepath.Join(p.location, name), written, written); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, want := range []int{2, 0} {
		if got, err := store.Sweep(t.Context()); err != nil || got != want {
			t.Errorf("%d files were removed (%v), want %d", got, err, want)
		}
	}
	if got := p.list(); !slices.Equal(got, []string{"tmp/blob-new"}) {
		t.Errorf("%v is left", got)
	}
}
