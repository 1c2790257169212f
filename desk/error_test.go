package desk

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheFirstFaultOfAPathStands(t *testing.T) {
	var faults Faults
	faults.Add("nominal", MustBeNumber)
	faults.Add("namaNasabah", Required)
	faults.Add("nominal", Required)
	faults.Add("nominal.x", Required)
	want := Faults{{Path: "nominal", Text: MustBeNumber}, {Path: "namaNasabah", Text: Required}, {Path: "nominal.x", Text: Required}}
	if diff := cmp.Diff(want, faults); diff != "" {
		t.Error(diff)
	}
	if !faults.Has("nominal") || faults.Has("nomina") || faults.Has("") {
		t.Error("faults do not know their paths")
	}
}

func TestNoFaultIsNoError(t *testing.T) {
	if err := (Faults)(nil).Err(); err != nil {
		t.Error(err)
	}
	if err := (Faults{}).Err(); err != nil {
		t.Error(err)
	}
}

func TestFaultsAreAFailedValidation(t *testing.T) {
	err := Faults{{Path: "namaNasabah", Text: Required}, {Path: "attachments.0.size", Text: MustBeWhole, Args: []string{"0", "9"}}}.Err()
	if !Is(err, Invalid) || Is(err, NotFound) {
		t.Errorf("got %v", err)
	}
	const want = "Validation failed; namaNasabah: Nama nasabah is required; attachments.0.size: Size must be a whole number from 0 to 9"
	if err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}

func TestAnErrorTellsItsCauseToTheLogOnly(t *testing.T) {
	cause := errors.New("disk full")
	e := &Error{Code: Unavailable, Text: TryLater, Args: []string{"5"}, Err: cause}
	if got, want := e.Error(), "The service cannot answer at this moment. Try again in 5 seconds: disk full"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := e.In(English), "The service cannot answer at this moment. Try again in 5 seconds"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := e.In(Indonesian), "Layanan belum dapat menjawab, coba lagi dalam 5 detik."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !errors.Is(e, cause) {
		t.Error("the cause is lost")
	}
}

func TestErrorsAreKnownByCodeThroughOthers(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"itself":       {Fail(NotFound, TicketNotFound), true},
		"wrapped":      {fmt.Errorf("read: %w", Fail(NotFound, TicketNotFound)), true},
		"joined":       {errors.Join(errors.New("x"), Fail(NotFound, TicketNotFound)), true},
		"another code": {Fail(Invalid, TicketNotFound), false},
		"another kind": {errors.New("Ticket not found"), false},
		"none":         {nil, false},
	} {
		if got := Is(c.err, NotFound); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
