package desk

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAPartnersCommentIsTheCustomersWord(t *testing.T) {
	for name, c := range map[string]struct {
		got, want Comment
	}{
		"by the customer": {PartnerComment("c1", "I tried.", "", "Jane Smith"),
			Comment{ID: "c1", Author: "Jane Smith", Content: "[Via Omnichannel] I tried.", Public: true}},
		"by a blank author": {PartnerComment("c1", "I tried.", " ", "Jane Smith"),
			Comment{ID: "c1", Author: "Jane Smith", Content: "[Via Omnichannel] I tried.", Public: true}},
		"by an author who is named": {PartnerComment("c1", "I tried.", "Bot", "Jane Smith"),
			Comment{ID: "c1", Author: "Bot", Content: "[Via Omnichannel] I tried.", Public: true}},
		"by an author named like the bank": {PartnerComment("c1", "I tried.", SystemName, "Jane Smith"),
			Comment{ID: "c1", Author: SystemName, Content: "[Via Omnichannel] I tried.", Public: true}},
		"of the bank": {SupportComment("c2", "Try again.", "John Tech", false),
			Comment{ID: "c2", Author: "John Tech", Content: "Try again.", Public: true, FromSupport: true}},
		"inside the bank": {SupportComment("c3", "Odd.", "John Tech", true),
			Comment{ID: "c3", Author: "John Tech", Content: "Odd.", FromSupport: true}},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}
