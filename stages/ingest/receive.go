package ingest

import (
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
)

// Receive takes a request whole. A body is never cut: one that is too large or
// too slow is refused, chunked or not.
func (s *stage) Receive(w http.ResponseWriter, r *http.Request, from pipeline.Source) (pipeline.Event, error) {
	now := s.clock.Now()
	if !slices.Contains(from.Methods, r.Method) {
		return pipeline.Event{}, pipeline.Rejectf(pipeline.BadMethod, "the source %s is called with %s", from.Name, strings.Join(from.Methods, " or "))
	}
	body, err := s.read(w, r)
	if err != nil {
		return pipeline.Event{}, err
	}
	return pipeline.Event{
		Source:     from.Name,
		Plugin:     from.Plugin,
		ReceivedAt: now,
		Request: pipeline.Request{
			Method:     r.Method,
			Path:       from.Path,
			RawQuery:   r.URL.RawQuery,
			Proto:      r.Proto,
			Host:       r.Host,
			Header:     r.Header,
			Body:       body,
			PathSecret: r.PathValue("secret"),
			ReceivedAt: now,
		},
	}, nil
}

func (s *stage) read(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	limit := int64(s.cfg.MaxBody)
	if r.ContentLength > limit {
		return nil, pipeline.Rejectf(pipeline.TooLarge, "body is %d bytes, the limit is %d", r.ContentLength, limit)
	}
	if r.ContentLength == 0 {
		return []byte{}, nil
	}
	// A recorder in a test has no deadline; a server's connection always has.
	err := http.NewResponseController(w).SetReadDeadline(time.Now().Add(s.cfg.ReadTimeout.Std()))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return nil, err
	}
	body, err := readAll(w, r, limit)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, pipeline.Rejectf(pipeline.TooLarge, "body is over the limit of %d bytes", limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, pipeline.Rejectf(pipeline.TooSlow, "body did not arrive within %s", s.cfg.ReadTimeout.Std())
	case err != nil:
		return nil, pipeline.Rejectf(pipeline.TooSlow, "body ended early")
	}
	return body, nil
}

// readAll reads a body of a known length, which is in the limit, without
// growing a buffer; the server gives no byte beyond it.
func readAll(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if r.ContentLength < 0 {
		return io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	}
	body := make([]byte, r.ContentLength)
	_, err := io.ReadFull(r.Body, body)
	return body, err
}
