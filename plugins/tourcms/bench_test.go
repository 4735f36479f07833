package tourcms_test

import (
	"bytes"
	"io"
	"net/http"
	"testing"

	"github.com/reservoirhq/reservoir/pipeline"
)

// answering is a host that answers at once, without a network.
type answering []byte

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"text/xml"}},
		Body: io.NopCloser(bytes.NewReader(a)), ContentLength: int64(len(a)), Request: r,
	}, nil
}

// BenchmarkLookUp is what a look-up costs beside the network.
func BenchmarkLookUp(b *testing.B) {
	body := recorded(b, "confirmed")
	p := build(b, testConfig(), answering(body)).(pipeline.Enricher)
	ev := pipeline.Event{Source: "tourcms", Request: pipeline.Request{Method: http.MethodGet, RawQuery: hookQuery}}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.LookUp(b.Context(), ev); err != nil {
			b.Fatal(err)
		}
	}
}
