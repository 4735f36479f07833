package studentcom_test

import (
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/plugins/plugintest"
	"github.com/reservoirhq/reservoir/plugins/studentcom"
)

func cfg() studentcom.Config {
	return studentcom.Config{Secret: config.NewSecret("horse-battery-7")}
}

func TestContract(t *testing.T) { plugintest.Run(t, studentcom.Spec(), cfg()) }

func FuzzProvider(f *testing.F) { plugintest.Fuzz(f, studentcom.Spec(), cfg()) }

// normalise gives what comes of a body, in the zone of the source.
func normalise(t *testing.T, body string, zone *time.Location) (booking.Event, error) {
	t.Helper()
	p, err := studentcom.New(cfg(), pipeline.ProviderDeps{Source: "src", Zone: zone})
	if err != nil {
		t.Fatal(err)
	}
	events, err := p.Normalise(pipeline.Event{Request: pipeline.Request{Body: []byte(body)}})
	if err != nil {
		return booking.Event{}, err
	}
	if len(events) != 1 {
		t.Fatalf("%d events, want one", len(events))
	}
	return events[0], nil
}

// must is normalise in UTC of a body that gives an event.
func must(t *testing.T, body string) booking.Event {
	t.Helper()
	e, err := normalise(t, body, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func BenchmarkProvider(b *testing.B) { plugintest.Bench(b, studentcom.Spec(), cfg()) }
