package load

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

func TestWorkloadsMakeRequestsThatDiffer(t *testing.T) {
	s := Subject{Run: "r1", Numbers: Range(10001, 1000)}
	for _, w := range Workloads() {
		source := w.Source(s)
		seen := map[string]bool{}
		for n := range 100 {
			r := source(n)
			if !strings.HasPrefix(r.Path, base+"/") || r.Body != nil && !json.Valid(r.Body) || (r.Body == nil) != (r.Method == http.MethodGet) {
				t.Fatalf("%s: %s %s %s", w.Name, r.Method, r.Path, r.Body)
			}
			seen[r.Path+string(r.Body)] = true
		}
		if len(seen) != 100 && w.Name != "list" {
			t.Errorf("%s: %d different requests of 100", w.Name, len(seen))
		}
	}
}

func TestEachTicketOfASubjectIsReadInTurn(t *testing.T) {
	s := Subject{Numbers: Range(1, 1000)}
	seen := map[string]bool{}
	for n := range s.Numbers {
		seen[s.ticket(n)] = true
	}
	if len(seen) != len(s.Numbers) {
		t.Errorf("%d of %d tickets are read", len(seen), len(s.Numbers))
	}
}

func TestWorkloadsAreFoundByName(t *testing.T) {
	for _, w := range Workloads() {
		if found, ok := FindWorkload(w.Name); !ok || found.Name != w.Name {
			t.Errorf("%s is not found", w.Name)
		}
	}
	if _, ok := FindWorkload("nonsense"); ok {
		t.Error("nonsense is a workload")
	}
}
