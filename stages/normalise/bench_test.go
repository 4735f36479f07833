package normalise_test

import (
	"strings"
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/pipeline/privacy"
	"github.com/reservoirhq/reservoir/stages/normalise"
)

// lent gives one and the same booking, made new, without a cost of its own.
type lent struct {
	pipeline.Provider
	found  [1]booking.Event
	people [2]booking.Person
}

func (p *lent) Normalise(pipeline.Event) ([]booking.Event, error) {
	at := &received
	p.people = [2]booking.Person{{Role: "guest", Identity: "ana@example.com"}, {Role: "companion", Identity: "bo@example.com"}}
	p.found[0] = booking.Event{
		Type: booking.Updated, Time: received,
		Booking: booking.Booking{
			Kind: booking.Stay, Status: booking.StatusConfirmed, PaymentStatus: booking.PaymentPaid,
			BookedAt: at, UpdatedAt: at, People: p.people[:],
		},
		Origin: booking.Origin{NativeKey: "b1", Content: "v1", EventID: "e1"},
	}
	return p.found[:], nil
}

// BenchmarkProcess is the stage without the plugin.
func BenchmarkProcess(b *testing.B) {
	tokens, err := privacy.New(config.NewSecret("a key of sixteen characters or more"))
	if err != nil {
		b.Fatal(err)
	}
	source := pipeline.Source{Name: "src", Plugin: "plug", Provider: &lent{}, OneBooking: true}
	s, err := normalise.New(normalise.Config{}, pipeline.StageDeps{Sources: map[string]pipeline.Source{"src": source}, Tokens: tokens})
	if err != nil {
		b.Fatal(err)
	}
	ev := pipeline.Event{
		Source: "src", Plugin: "plug", ID: "d1", Key: "src/b1", NativeEvent: "changed", Verified: "url-secret", ReceivedAt: received.Add(time.Second),
		Raw: pipeline.Raw{Position: pipeline.Position{Topic: "raw", Partition: 1, Offset: 2}, SHA256: strings.Repeat("a", 64)},
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Process(b.Context(), ev); err != nil {
			b.Fatal(err)
		}
	}
}
