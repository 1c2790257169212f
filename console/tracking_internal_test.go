package console

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAnAddressIsReadOutWithoutHTTPS(t *testing.T) {
	got := (&Server{reached: "https://desk.bank.example"}).tracking(7, "ABCD-EFGH")
	want := tracking{Number: 7, Code: "ABCD-EFGH", Address: "https://desk.bank.example/tickets/7", Spoken: "desk.bank.example/tickets/7"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
