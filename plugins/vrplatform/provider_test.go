package vrplatform_test

import (
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/plugins/plugintest"
	"github.com/reservoirhq/reservoir/plugins/vrplatform"
)

func cfg() vrplatform.Config {
	return vrplatform.Config{Secret: config.NewSecret("horse-battery-7")}
}

func TestContract(t *testing.T) { plugintest.Run(t, vrplatform.Spec(), cfg()) }

func FuzzProvider(f *testing.F) { plugintest.Fuzz(f, vrplatform.Spec(), cfg()) }

func provider(t *testing.T, zone *time.Location) pipeline.Provider {
	t.Helper()
	p, err := vrplatform.New(cfg(), pipeline.ProviderDeps{Source: "src", Zone: zone})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// normalise gives what comes of a body, in UTC.
func normalise(t *testing.T, body string) []booking.Event {
	t.Helper()
	events, err := provider(t, time.UTC).Normalise(pipeline.Event{Request: pipeline.Request{Body: []byte(body)}})
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func BenchmarkProvider(b *testing.B) { plugintest.Bench(b, vrplatform.Spec(), cfg()) }
