package normalise

import (
	"context"
	"fmt"
	"strings"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// Config is what ops write under `normalise`: nothing.
type Config struct{}

// Defaults gives the empty configuration.
func Defaults() Config { return Config{} }

// Spec is the stage's entry in the list of stages.
func Spec() pipeline.StageSpec {
	return pipeline.NewStageSpec("normalise", "makes canonical booking events, keyed by booking", Defaults, New, "ingest", "verify")
}

type stage struct {
	sources map[string]pipeline.Source
	tokens  pipeline.Tokenizer
}

var _ pipeline.Stage = (*stage)(nil)

// New makes the stage.
func New(_ Config, deps pipeline.StageDeps) (pipeline.Stage, error) {
	if deps.Tokens == nil {
		return nil, fmt.Errorf("normalise needs a key for the tokens of people: set privacy.key")
	}
	return &stage{sources: deps.Sources, tokens: deps.Tokens}, nil
}

// Process gives one event for every booking the webhook is about.
func (s *stage) Process(_ context.Context, ev pipeline.Event) ([]pipeline.Event, error) {
	source := s.sources[ev.Source]
	found, err := source.Provider.Normalise(ev)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, pipeline.Rejectf(pipeline.Unidentified, "the plugin %s found no booking in %s", ev.Plugin, ev.ID)
	}
	events := make([]pipeline.Event, len(found))
	for i := range found {
		events[i] = ev
		if err := s.finish(&source, &events[i], &found[i]); err != nil {
			return nil, err
		}
		goOn(&events[i], &found[i])
	}
	return events, nil
}

// goOn leaves the webhook behind: from here on the event is about the booking.
func goOn(ev *pipeline.Event, b *booking.Event) {
	ev.Booking = b
	ev.Key = b.Booking.ID
	ev.Request = pipeline.Request{}
	ev.LookUp = nil
}

// finish fills what the plugin does not know.
func (s *stage) finish(source *pipeline.Source, ev *pipeline.Event, b *booking.Event) error {
	if !identify(source, ev, b) {
		return pipeline.Rejectf(pipeline.Invalid, "the plugin %s keys the webhook %s otherwise than its booking", ev.Plugin, ev.ID)
	}
	b.Booking.Provider = source.Plugin
	b.Booking.Source = source.Name
	if err := s.tokenise(b.Booking.People); err != nil {
		return err
	}
	b.Lineage = lineage(ev)
	b.ID = eventID(ev, b)
	if b.Time.IsZero() {
		b.Time = ev.ReceivedAt
	}
	b.Tidy()
	if err := b.Validate(); err != nil {
		return pipeline.Reject(pipeline.Invalid, err)
	}
	return nil
}

// identify gives the booking its id, which is the event's key where one webhook
// is one booking; false where it should be and is not.
func identify(source *pipeline.Source, ev *pipeline.Event, b *booking.Event) bool {
	if !source.OneBooking {
		b.Booking.ID = source.BookingID(b.Origin.NativeKey)
		return true
	}
	b.Booking.ID = ev.Key
	native, ok := strings.CutPrefix(ev.Key, source.Name)
	return ok && native != "" && native[0] == '/' && native[1:] == b.Origin.NativeKey
}

// eventID is built on the provider's event id or the version of the content,
// and, where the webhook itself is the content, on what it says happened
// (invariant 7).
func eventID(ev *pipeline.Event, b *booking.Event) string {
	version := b.Origin.EventID
	if version == "" {
		version = b.Origin.Content
	}
	native := ev.NativeEvent
	if b.Origin.LookedUp {
		native = ""
	}
	return booking.EventID(ev.Source, b.Booking.ID, version, native)
}

// tokenise takes people's identities out of the event (invariant 10).
func (s *stage) tokenise(people []booking.Person) error {
	for i := range people {
		token, err := s.tokens.Token(people[i].Identity)
		if err != nil {
			return fmt.Errorf("make the token of a %s: %w", people[i].Role, err)
		}
		people[i].Token = token
		people[i].Identity = ""
	}
	return nil
}

func lineage(ev *pipeline.Event) booking.Lineage {
	l := booking.Lineage{
		DeliveryID: ev.ID,
		Raw:        booking.RawRef{Topic: ev.Raw.Topic, Partition: ev.Raw.Partition, Offset: ev.Raw.Offset, SHA256: ev.Raw.SHA256},
		Verified:   ev.Verified,
		Plugin:     ev.Plugin,
	}
	// Copies: whoever keeps a lineage keeps neither the event nor the answer.
	if native := ev.NativeEvent; native != "" {
		l.NativeEvent = &native
	}
	if ev.LookUp != nil {
		at := ev.LookUp.At
		l.LookedUpAt = &at
	}
	return l
}
