package plugintest

import (
	"testing"

	"github.com/reservoirhq/reservoir/pipeline"
)

// Fuzz asks the plugin about requests and answers that nobody thought of,
// beginning with its cases. Nothing makes it panic; whatever it refuses it
// refuses for good, and what it publishes is valid.
//
//	func FuzzProvider(f *testing.F) { plugintest.Fuzz(f, bokun.Spec(), cfg) }
func Fuzz(f *testing.F, spec pipeline.ProviderSpec, cfg any, opts ...Option) {
	f.Helper()
	s := newSuite(f, spec, cfg, opts)
	for _, c := range s.cases {
		f.Add(c.Request.RawQuery, c.Request.Body, c.LookUp)
	}
	f.Fuzz(func(t *testing.T, query string, body, lookUp []byte) {
		c := recorded{Case: pipeline.Case{Name: "fuzz", Request: pipeline.Request{
			Method: "POST", Path: s.path(), RawQuery: query, Proto: "HTTP/1.1", Body: body, ReceivedAt: s.now,
		}}}
		if spec.Enriches {
			c.LookUp = lookUp
		}
		s.anything(t, c)
	})
}

// anything asks for no more than can be asked of every request.
func (s *suite) anything(t *testing.T, c recorded) {
	_, err := s.provider.Verify(c.Request, s.now)
	if err == nil {
		t.Error("a request without secret and signature is verified")
	}
	s.refusal(t, c, "verify", err)
	c.identity, err = s.provider.Identify(c.Request)
	s.refusal(t, c, "identify", err)
	if err != nil {
		return
	}
	if c.identity.Key == "" {
		t.Error("identify: an empty key")
	}
	events, err := s.normalise(c)
	s.refusal(t, c, "normalise", err)
	if err != nil {
		return
	}
	if len(events) == 0 {
		t.Error("no event and no error (invariant 3)")
	}
	s.validEvents(t, c, events)
	if again, _ := s.normalise(c); string(show(t, events)) != string(show(t, again)) {
		t.Error("the same webhook gives other events (invariant 7)")
	}
}
