package bench

import (
	"net/http/httptest"
	"testing"

	"banksulutgo.co.id/servicedesk/internal/desktest"
	"banksulutgo.co.id/servicedesk/sociomile/fake"
)

// compareConnector measures claims that go to a provider whose route is missing, as in the outage report, against claims of a
// desk that forwards nothing.
func compareConnector(t testing.TB, n size, e desktest.Engine) ratios {
	t.Helper()
	provider := fake.New(fake.Options{})
	must(t, provider.Switch(fake.RouteMissingCreate))
	server := httptest.NewServer(provider)
	t.Cleanup(server.Close)
	in := desktest.NewInstallation(t, e)
	in.Env = append(in.Env, "OMNI_ENABLED=true", "OMNI_API_URL="+server.URL+fake.CreatePath, "OMNI_API_TOKEN="+fake.DefaultToken, "OMNI_CONNECT_ID=bank@example.test")
	off, on := startDesk(t, e), serve(t, in, in.NewKey(t, "bench").Key)
	o := n.load()
	got := compare(t, n, func() turn { return ask(t, off.server, o, claimsOf(t, false)) }, func() turn { return ask(t, on.server, o, claimsOf(t, false)) })
	if calls := provider.Received().Calls; calls == 0 || calls > 100 {
		t.Errorf("the provider was called %d times", calls)
	}
	return got
}

func BenchmarkClaimsWhileTheProviderIsMissing(b *testing.B) {
	eachEngine(b, func(b *testing.B, e desktest.Engine) {
		for range b.N {
			r := compareConnector(b, whole, e)
			b.ReportMetric(micros(r.cpuEach), "cpu-µs/req")
			b.ReportMetric(micros(r.baselineEach), "without-cpu-µs/req")
			b.ReportMetric(r.cpu, "x-without")
			b.ReportMetric(0, "ns/op")
		}
	})
}

func TestTheMeasurementOfTheConnectorRuns(t *testing.T) {
	desktest.OnEachEngine(t, func(t *testing.T, e desktest.Engine) {
		if got := compareConnector(t, small, e); got.perSecond <= 0 || got.cpu <= 0 {
			t.Errorf("claims while the provider is missing: %+v", got)
		}
	})
}
