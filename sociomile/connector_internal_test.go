package sociomile

import "testing"

func TestTheWordsOfAnAnswerTellEachThingOnce(t *testing.T) {
	for want, a := range map[string]Answer{
		"NamaNasabah required (trace_id t-1)":                     {Said: "NamaNasabah required", TraceID: "t-1"},
		"nominal: must be a number":                               {Said: "nominal: must be a number", Fields: map[string]string{"nominal": "must be a number"}},
		"The given data was invalid; nominal: must be a number":   {Said: "The given data was invalid", Fields: map[string]string{"nominal": "must be a number"}},
		"Not Found (RoutesRequests.php, line 229)":                {Status: 404, File: "/srv/app/RoutesRequests.php", Line: 229},
		"nominal: must be a number; nomorKartu: must be a number": {Fields: map[string]string{"nominal": "must be a number", "nomorKartu": "must be a number"}},
	} {
		if got := a.words(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
