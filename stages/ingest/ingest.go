package ingest

import (
	"context"
	"errors"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/pipeline/config"
)

// Config is what ops write under `ingest`.
type Config struct {
	MaxBody     config.Size     `yaml:"max_body" doc:"Largest body of a webhook; a larger one is answered 413."`
	ReadTimeout config.Duration `yaml:"read_timeout" doc:"How long a sender may take for its body; then it is answered 408."`
	InFlight    int             `yaml:"max_in_flight" doc:"Webhooks under way at once; more are answered 503."`
	Bytes       config.Size     `yaml:"max_in_flight_bytes" doc:"Bodies of more than 64KiB under way at once, together; more are answered 503."`
}

// Defaults gives 1 MiB, 10 s, and 1024 webhooks at once, of which the large ones
// have 64 MiB: with the others, 128 MiB of bodies are the most.
func Defaults() Config {
	return Config{MaxBody: 1 << 20, ReadTimeout: config.Duration(10 * time.Second), InFlight: 1024, Bytes: 64 << 20}
}

// maxBody keeps a record, its headers and its dead letter below what one Kafka
// request can hold by default (100 MiB, socket.request.max.bytes).
const maxBody = 32 << 20

// maxRead leaves time for the answer: two minutes after its head a request's
// connection is closed, and a webhook that is safe by then would come again.
const maxRead = time.Minute

// Validate bounds the limits.
func (c Config) Validate() error {
	var faults []error
	if c.MaxBody < 1 || c.MaxBody > maxBody {
		faults = append(faults, config.At("max_body", "must be from 1 byte to 32MiB"))
	}
	if c.ReadTimeout <= 0 || time.Duration(c.ReadTimeout) > maxRead {
		faults = append(faults, config.At("read_timeout", "must be more than 0s and at most 1m"))
	}
	if c.InFlight < 1 {
		faults = append(faults, config.At("max_in_flight", "must be 1 or more"))
	}
	if c.Bytes < c.MaxBody {
		faults = append(faults, config.At("max_in_flight_bytes", "must be max_body or more, else the largest webhook is never taken"))
	}
	return errors.Join(faults...)
}

// Spec is the stage's entry in the list of stages.
func Spec() pipeline.StageSpec {
	return pipeline.NewStageSpec("ingest", "takes a webhook whole, within limits, and tells which delivery it is", Defaults, New)
}

type stage struct {
	cfg     Config
	sources map[string]pipeline.Source
	clock   pipeline.Clock
}

var (
	_ pipeline.Stage    = (*stage)(nil)
	_ pipeline.Receiver = (*stage)(nil)
)

// New makes the stage.
func New(cfg Config, deps pipeline.StageDeps) (pipeline.Stage, error) {
	return &stage{cfg: cfg, sources: deps.Sources, clock: deps.Clock}, nil
}

// MaxInFlight gives `max_in_flight`.
func (s *stage) MaxInFlight() int { return s.cfg.InFlight }

// MaxBody gives `max_body`.
func (s *stage) MaxBody() int64 { return int64(s.cfg.MaxBody) }

// MaxInFlightBytes gives `max_in_flight_bytes`.
func (s *stage) MaxInFlightBytes() int64 { return int64(s.cfg.Bytes) }

// Process names the delivery: its id, native event and key.
func (s *stage) Process(_ context.Context, ev pipeline.Event) ([]pipeline.Event, error) {
	source := s.sources[ev.Source]
	id, err := source.Provider.Identify(ev.Request)
	if err != nil {
		return nil, s.strangerFirst(source, ev, err)
	}
	ev.ID = deliveryID(ev, id)
	ev.NativeEvent = id.NativeEvent
	ev.Key = id.Key
	if source.OneBooking {
		ev.Key = source.BookingID(id.Key)
	}
	return []pipeline.Event{ev}, nil
}

// strangerFirst answers who does not know the URL's secret 401, not 400: a 400
// is kept without a limit, and only senders of ours may fill that topic.
func (s *stage) strangerFirst(source pipeline.Source, ev pipeline.Event, malformed error) error {
	if !source.URLSecret {
		return malformed
	}
	if _, err := source.Provider.Verify(ev.Request, s.clock.Now()); err != nil {
		return err
	}
	return malformed
}

// deliveryID is the provider's event id where there is one, else a digest of
// what was said (invariant 7).
func deliveryID(ev pipeline.Event, id pipeline.Identity) string {
	if id.EventID != "" {
		return id.EventID
	}
	return booking.Digest(ev.Source, id.NativeEvent, id.Key, ev.Request.Method, ev.Request.RawQuery, string(ev.Request.Body))
}
