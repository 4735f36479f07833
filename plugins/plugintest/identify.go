package plugintest

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/reservoirhq/reservoir/pipeline"
)

// testIdentify asks for a key that a redelivery has again, however its headers
// are ordered and whatever a proxy added.
func (s *suite) testIdentify(t *testing.T, c recorded) {
	sent := s.send(t, c)
	id, err := s.provider.Identify(sent)
	if err != nil {
		t.Fatalf("identify: %v", err)
	}
	if strings.TrimSpace(id.Key) == "" || !utf8.ValidString(id.Key) {
		t.Errorf("the key is empty, blank or no text")
	}
	if id != c.identity {
		t.Error("the identity depends on the signature or the URL's secret")
	}
	for name, r := range redeliveries(sent) {
		again, err := s.provider.Identify(r)
		if err != nil || again != id {
			t.Errorf("%s: another identity (%v)", name, err)
		}
	}
	later, err := s.provider.(pipeline.Sender).Send(clone(c.Request), s.now.AddDate(0, 0, 14))
	if err != nil {
		t.Fatalf("send again: %v", err)
	}
	if again, err := s.provider.Identify(later); err != nil || again != id {
		t.Errorf("redelivered two weeks later: another identity (%v)", err)
	}
	if s.spec.OneBooking {
		s.oneBooking(t, c, id)
	}
}

// oneBooking holds a plugin to its word that one webhook is one booking.
func (s *suite) oneBooking(t *testing.T, c recorded, id pipeline.Identity) {
	t.Helper()
	events, err := s.normalise(c)
	if err != nil {
		return // the golden says whether that is right
	}
	if len(events) > 1 {
		t.Errorf("OneBooking, and %d events", len(events))
	}
	for _, e := range events {
		if e.Origin.NativeKey != id.Key {
			t.Errorf("OneBooking, and the key %q is not the event's native key %q", id.Key, e.Origin.NativeKey)
		}
	}
}

func redeliveries(sent pipeline.Request) map[string]pipeline.Request {
	same, proxied, repeated := clone(sent), clone(sent), clone(sent)
	if proxied.Header == nil {
		proxied.Header = map[string][]string{}
	}
	proxied.Header.Add("X-Forwarded-For", "192.0.2.7")
	proxied.Header.Add("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	repeated.Proto, repeated.Host = "HTTP/2.0", "other.example"
	repeated.ReceivedAt = sent.ReceivedAt.AddDate(0, 0, 3)
	return map[string]pipeline.Request{"the same": same, "through a proxy": proxied, "three days later": repeated}
}
