package plugintest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/reservoirhq/reservoir/pipeline"
)

// testLookUp asks of a plugin that looks bookings up: the answer comes back
// byte for byte, and trouble that everybody would meet is an outage.
func (s *suite) testLookUp(t *testing.T, c recorded) {
	enricher, ok := s.provider.(pipeline.Enricher)
	if !ok || c.LookUp == nil {
		if c.LookUp != nil {
			t.Error("the case has the answer of a look-up, the plugin makes none")
		}
		return
	}
	defer s.transport.set(nil)
	ev := s.event(c)
	ev.LookUp = nil
	s.transport.set(answer(http.StatusOK, c.LookUp))
	got, err := enricher.LookUp(t.Context(), ev)
	if rejection, ok := pipeline.AsRejection(err); err != nil && !ok {
		t.Errorf("look-up: %v", err)
	} else if rejection == nil && !bytes.Equal(got.Body, c.LookUp) {
		t.Error("the answer did not come back byte for byte")
	}
	if err == nil && !got.At.Equal(s.now) {
		t.Errorf("the answer is of %v, the clock says %v (invariant 12)", got.At, s.now)
	}
	for _, status := range []int{http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable} {
		s.transport.set(answer(status, nil))
		_, err = enricher.LookUp(t.Context(), ev)
		s.outage(t, c, http.StatusText(status), err)
	}
	s.transport.set(nil)
	_, err = enricher.LookUp(t.Context(), ev)
	s.outage(t, c, "no connection", err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.transport.set(func(r *http.Request) (*http.Response, error) { return nil, r.Context().Err() })
	_, err = enricher.LookUp(ctx, ev)
	if _, ok := pipeline.AsOutage(err); ok || !errors.Is(err, context.Canceled) {
		t.Errorf("a look-up that was cancelled gives %v: it was a shutdown, not an outage", err)
	}
	s.quiet(t, c, "a cancelled look-up", err)
}

func (s *suite) outage(t *testing.T, c recorded, what string, err error) {
	t.Helper()
	if _, ok := pipeline.AsOutage(err); !ok {
		t.Errorf("%s: %v, want an outage", what, err)
	}
	s.quiet(t, c, what, err)
}

func answer(status int, body []byte) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: status, Status: http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: http.Header{"Content-Type": {"text/xml"}}, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: r,
		}, nil
	}
}
