package engine

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
)

// sink acknowledges and keeps nothing.
type sink struct{}

func (sink) Check(...pipeline.Record) error                  { return nil }
func (sink) Write(context.Context, ...pipeline.Record) error { return nil }

// unheard is a ResponseWriter that nobody reads.
type unheard struct{ header http.Header }

func (u unheard) Header() http.Header         { return u.header }
func (u unheard) Write(p []byte) (int, error) { return len(p), nil }
func (u unheard) WriteHeader(int)             {}

// BenchmarkAccepted is what a webhook costs between the server and the
// publisher: a request with the headers that providers send, and four secrets
// to cut out of them.
func BenchmarkAccepted(b *testing.B) {
	h := testWeb(b, &memoryLog{}, pass)
	h.log = sink{}
	h.doorway = newDoorway(1024, 1<<20, 64<<20)
	secret := strings.Repeat("s3cret", 5)
	h.writer.scrub = scrubber([]string{secret + "1", secret + "2", secret + "3", secret + "4"})
	body := strings.NewReader(strings.Repeat("b", 1200))
	ctx, cancel := context.WithCancel(context.Background()) // as a server's request has
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "/hooks/src", body)
	if err != nil {
		b.Fatal(err)
	}
	r.Header = http.Header{
		"Content-Type": {"application/json"}, "Content-Length": {"1200"}, "User-Agent": {"Webhooks/1.0"}, "Accept": {"*/*"},
		"X-Signature": {strings.Repeat("0123456789abcdef", 4)}, "X-Timestamp": {time.Unix(0, 0).Format(time.RFC3339)},
		"X-Event-Id": {"evt_0123456789"}, "Accept-Encoding": {"gzip"},
	}
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(unheard{http.Header{}}, r)
	}
}
