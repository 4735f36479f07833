package plugintest

import (
	"bytes"
	"net/http"
	"reflect"
	"sync"
	"testing"

	"github.com/reservoirhq/reservoir/pipeline"
)

// testPurity asks that the same webhook gives the same bytes, any number of
// times and in any process (invariant 7), from its input alone.
func (s *suite) testPurity(t *testing.T, c recorded) {
	asked := s.transport.count()
	s.transport.set(func(*http.Request) (*http.Response, error) { return nil, errOffline })
	input := s.event(c)
	events, err := s.provider.Normalise(input)
	if err != nil {
		return // the golden says whether that is right
	}
	if !reflect.DeepEqual(input, s.event(c)) {
		t.Error("Normalise changed its input")
	}
	first := show(t, events)
	clear(input.Request.Body)
	if input.LookUp != nil {
		clear(input.LookUp.Body)
	}
	if !bytes.Equal(first, show(t, events)) {
		t.Error("the events share memory with the webhook")
	}
	s.clock.set(s.now.AddDate(1, 0, 0))
	defer s.clock.set(s.now)
	for name, p := range map[string]pipeline.Provider{"the same provider": s.provider, "another one": s.build(t, s.cfg)} {
		ev := s.event(c)
		ev.ReceivedAt = s.now.AddDate(1, 0, 0)
		ev.ID, ev.Raw, ev.TraceParent = "delivery-2", pipeline.Raw{}, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
		again, err := p.Normalise(ev)
		if err != nil || !bytes.Equal(first, show(t, again)) {
			t.Errorf("%s gives other events a year later (%v)", name, err)
		}
	}
	if s.transport.count() != asked {
		t.Error("Normalise used the network")
	}
}

// testTogether runs everything at the same time; the race detector watches.
func (s *suite) testTogether(t *testing.T, c recorded) {
	sent := s.send(t, c)
	wantEvents, wantErr := s.normalise(c)
	want := show(t, wantEvents)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			id, err := s.provider.Identify(sent)
			if err != nil || id != c.identity {
				t.Errorf("identify, together: %v", err)
			}
			if _, err := s.provider.Verify(sent, s.now); err != nil {
				t.Errorf("verify, together: %v", err)
			}
			events, err := s.normalise(c)
			if (err == nil) != (wantErr == nil) || err == nil && !bytes.Equal(want, show(t, events)) {
				t.Errorf("normalise, together: other events (%v)", err)
			}
		})
	}
	all.Wait()
}
