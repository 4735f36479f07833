package tourcms_test

import (
	"testing"
	"time"
	_ "time/tzdata"

	"go.uber.org/goleak"

	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/plugins/plugintest"
	"github.com/reservoirhq/reservoir/plugins/tourcms"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testConfig is a source with one operator's channel; the key is the one of the
// official signature vector.
func testConfig() tourcms.Config {
	c := tourcms.Defaults()
	c.Secret = config.NewSecret("hook-secret-9b1c")
	c.Channels = []tourcms.Channel{{Account: 4069, Channel: 3930, APIKey: config.NewSecret("AAAAAA")}}
	return c
}

func london(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestProvider(t *testing.T) {
	plugintest.Run(t, tourcms.Spec(), testConfig(), plugintest.Zone(london(t)))
}

func BenchmarkProvider(b *testing.B) {
	plugintest.Bench(b, tourcms.Spec(), testConfig(), plugintest.Zone(london(b)))
}
