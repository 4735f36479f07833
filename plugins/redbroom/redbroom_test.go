package redbroom_test

import (
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/plugins/plugintest"
	"github.com/reservoirhq/reservoir/plugins/redbroom"
)

func testConfig() redbroom.Config {
	return redbroom.Config{SigningSecrets: map[string][]config.Secret{
		"goodbay": {config.NewSecret("test-secret"), config.NewSecret("old-secret-5521")},
		"plenura": {config.NewSecret("plenura-secret-77")},
	}}
}

func mexico(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("America/Mexico_City")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestProvider(t *testing.T) {
	plugintest.Run(t, redbroom.Spec(), testConfig(), plugintest.Zone(mexico(t)))
}

func BenchmarkProvider(b *testing.B) {
	plugintest.Bench(b, redbroom.Spec(), testConfig(), plugintest.Zone(mexico(b)))
}
