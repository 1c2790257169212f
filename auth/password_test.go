package auth

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"

	"banksulutgo.co.id/servicedesk/desk"
)

func TestPasswordVerifiesAgainstItsHashAndNoOther(t *testing.T) {
	h := NewHasher(HasherOptions{Parallel: 2, Waiting: 64})
	hash, err := h.Hash(t.Context(), "kata sandi rahasia")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") || strings.Contains(hash, "rahasia") {
		t.Errorf("hash %q", hash)
	}
	for password, want := range map[string]bool{"kata sandi rahasia": true, "Kata sandi rahasia": false, "": false} {
		if ok, err := h.Verify(t.Context(), hash, password); ok != want || err != nil {
			t.Errorf("%q: %v, %v; want %v", password, ok, err, want)
		}
	}
	again, err := h.Hash(t.Context(), "kata sandi rahasia")
	if err != nil || again == hash {
		t.Errorf("the same password has the same hash twice (%v)", err)
	}
}

func TestHashesOfEarlierVersionsAndCostsStillVerify(t *testing.T) {
	h := NewHasher(HasherOptions{Parallel: 1, Waiting: 64})
	for name, hash := range map[string]string{
		"first version": "$argon2id$v=19$m=19456,t=2,p=1$eswdABjfZ6Ww8T1wzv2qug$emZxbPBSgeZI9E6pEwxS5W3BcktGx8k9UMG0xuieGCg",
		"small cost":    "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$wZeUqErRQM9fr7+3IJVQyFsb5QPhYeqkXwNGZgBH/L4",
	} {
		if ok, err := h.Verify(t.Context(), hash, "correct horse battery"); !ok || err != nil {
			t.Errorf("%s: %v, %v", name, ok, err)
		}
	}
}

func TestDamagedPasswordHashesAreRefusedBeforeAnyWork(t *testing.T) {
	const good = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE"
	if _, err := parsePHC(good); err != nil {
		t.Fatal(err)
	}
	h := NewHasher(HasherOptions{Parallel: 1, Waiting: 64})
	for _, edit := range [][2]string{
		{"argon2id", "argon2i"}, {"v=19", "v=16"}, {"v=19", "v=19x"}, {"m=64", "m=9999999"}, {"m=64", "m=1"}, {"m=64", "m=064"},
		{"t=1", "t=0"}, {"t=1", "t=1000"}, {"p=1", "p=0"}, {"p=1", "p=-1"}, {"p=1", "p=300"}, {"p=1", "p=1,x=1"},
		{"c29tZXNhbHRzb21lc2FsdA", "c29t"}, {"c29tZXNhbHRzb21lc2FsdA", "c29tZXNhbHRzb21lc2FsdB"}, {"MDEyMz", "MDEy\nMz"},
		{"$MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE", "$MDEy"}, {"$MDEy", "MDEy"}, {good, ""}, {good, good + "$"},
	} {
		damaged := strings.Replace(good, edit[0], edit[1], 1)
		ok, err := h.Verify(t.Context(), damaged, "correct horse battery")
		if ok || !errors.Is(err, errPasswordHash) {
			t.Errorf("%q: %v, %v; want an error", damaged, ok, err)
		}
	}
}

func TestHasherWaitsForAFreePlaceOrTheEndOfTheContext(t *testing.T) {
	h := NewHasher(HasherOptions{Parallel: 1, Waiting: 64})
	busy := <-h.seats // somebody is at work
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error)
	go func() {
		_, err := h.Hash(ctx, "kata sandi rahasia")
		result <- err
	}()
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	go func() {
		_, err := h.Hash(t.Context(), "kata sandi rahasia")
		result <- err
	}()
	h.seats <- busy
	if err := <-result; err != nil {
		t.Error(err)
	}
	if len(h.seats) != 1 {
		t.Error("the place was not given back")
	}
}

func TestHasherWorksOnOneAtLeast(t *testing.T) {
	for parallel, want := range map[int]int{-1: 1, 0: 1, 1: 1, 3: 3} {
		if got := cap(NewHasher(HasherOptions{Parallel: parallel}).seats); got != want {
			t.Errorf("NewHasher(%d) works on %d at once, want %d", parallel, got, want)
		}
	}
}

func TestPasswordsOutsideTheLimitsAreRefused(t *testing.T) {
	for password, want := range map[string]string{
		"":                         "password: Password must have at least 12 characters",
		"elevenchars":              "password: Password must have at least 12 characters",
		strings.Repeat("é", 11):    "password: Password must have at least 12 characters",
		"twelve chars":             "",
		strings.Repeat("é", 12):    "",
		strings.Repeat("x", 1024):  "",
		strings.Repeat("x", 1025):  "password: Password must be at most 1024 characters",
		strings.Repeat("é", 1<<20): "password: Password must be at most 1024 characters",
	} {
		err := CheckPassword(password)
		if want == "" && err != nil {
			t.Errorf("%d bytes: %v", len(password), err)
		}
		if want != "" && (!desk.Is(err, desk.Invalid) || !strings.Contains(err.Error(), want)) {
			t.Errorf("%d bytes: got %v, want %s", len(password), err, want)
		}
	}
}

func TestNothingIsThePasswordOfNobody(t *testing.T) {
	h, nobody := NewHasher(HasherOptions{}), NoPassword()
	if _, err := parsePHC(nobody); err != nil {
		t.Fatal(err)
	}
	for _, password := range []string{"", "kata sandi rahasia"} {
		if ok, err := h.Verify(t.Context(), nobody, password); ok || err != nil {
			t.Errorf("%q: %v, %v", password, ok, err)
		}
	}
	if !strings.HasPrefix(nobody, "$argon2id$v=19$"+currentCost().String()+"$") || nobody == NoPassword() {
		t.Errorf("%q does not cost what a real one does, or is always the same", nobody)
	}
}

func TestWhoComesWhenTooManyPasswordsWaitIsToldToComeLater(t *testing.T) {
	h := NewHasher(HasherOptions{Waiting: 1})
	busy := <-h.seats // somebody is at work
	h.room <- struct{}{}
	waiting, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := h.Hash(waiting, "kata sandi rahasia")
		ended <- err
	}()
	for len(h.room) < 2 {
		runtime.Gosched()
	}
	_, err := h.Hash(t.Context(), "kata sandi rahasia")
	if e, ok := errors.AsType[*desk.Error](err); !ok || e.Code != desk.Unavailable || e.RetryAfter <= 0 {
		t.Errorf("one too many: %v", err)
	}
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("who went away: %v", err)
	}
	h.seats <- busy
	<-h.room
	if _, err := h.Hash(t.Context(), "kata sandi rahasia"); err != nil {
		t.Errorf("after all had gone: %v", err)
	}
}
