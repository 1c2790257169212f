package main

import (
	"strings"
	"testing"
)

func TestAReportCountsTestsAndShowsOnlyFailures(t *testing.T) {
	tests := []struct {
		name, events, summary string
		shown, hidden         []string
	}{
		{
			name: "a pass is silent",
			events: `{"Action":"start","Package":"p"}
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"chatter\n"}
{"Action":"pass","Package":"p","Test":"TestA","Elapsed":0.1}
{"Action":"pass","Package":"p","Elapsed":1.25}`,
			summary: "1 passed, 0 failed", shown: []string{"pass p 1.2s"}, hidden: []string{"chatter"},
		},
		{
			name: "a failure is shown and counted once",
			events: `{"Action":"output","Package":"p","Test":"TestA","Output":"want 2\n"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Test":"TestB"}
{"Action":"fail","Package":"p"}`,
			summary: "1 passed, 1 failed", shown: []string{"want 2", "fail p"},
		},
		{
			name: "a package that does not build is one failure",
			events: `{"ImportPath":"p [p.test]","Action":"build-output","Output":"x.go:1: undefined: y\n"}
{"ImportPath":"p [p.test]","Action":"build-fail"}
{"Action":"fail","Package":"p","FailedBuild":"p [p.test]"}`,
			summary: "0 passed, 1 failed", shown: []string{"undefined: y"},
		},
		{
			name: "a package that ends in the middle of a test shows what the test printed",
			events: `{"Action":"output","Package":"p","Test":"TestA","Output":"goroutine 7\n"}
{"Action":"output","Package":"q","Test":"TestA","Output":"of another package\n"}
{"Action":"fail","Package":"p"}`,
			summary: "0 passed, 1 failed", shown: []string{"goroutine 7"}, hidden: []string{"of another package"},
		},
		{
			name: "a skipped test is neither",
			events: `{"Action":"output","Package":"p","Test":"TestA","Output":"--- SKIP: no browser\n"}
{"Action":"skip","Package":"p","Test":"TestA"}
{"Action":"skip","Package":"q"}`,
			summary: "0 passed, 0 failed", shown: []string{"no browser"}, hidden: []string{"skip q"},
		},
		{
			name:   "a line that is no event is printed",
			events: "== once more\n{\"not\":\"an event\"}", summary: "0 passed, 0 failed",
			shown: []string{"== once more\n", `{"not":"an event"}`},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var out strings.Builder
			report := newReport(&out)
			if err := report.read(strings.NewReader(test.events)); err != nil {
				t.Fatal(err)
			}
			if got := report.summary(); got != test.summary {
				t.Errorf("summary %q, want %q", got, test.summary)
			}
			for _, text := range test.shown {
				if !strings.Contains(out.String(), text) {
					t.Errorf("the report lacks %q:\n%s", text, &out)
				}
			}
			for _, text := range test.hidden {
				if strings.Contains(out.String(), text) {
					t.Errorf("the report shows %q:\n%s", text, &out)
				}
			}
		})
	}
}
