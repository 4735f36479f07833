package engine

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func testMetrics(t testing.TB) *metrics {
	t.Helper()
	m, err := newMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// stageFunc is a stage that is a function.
type stageFunc func(context.Context, pipeline.Event) ([]pipeline.Event, error)

func (f stageFunc) Process(ctx context.Context, ev pipeline.Event) ([]pipeline.Event, error) {
	return f(ctx, ev)
}

func pass(_ context.Context, ev pipeline.Event) ([]pipeline.Event, error) {
	return []pipeline.Event{ev}, nil
}

func failing(err error) stageFunc {
	return func(context.Context, pipeline.Event) ([]pipeline.Event, error) { return nil, err }
}

func testChain(t testing.TB, steps ...pipeline.Stage) *chain {
	t.Helper()
	return measuredChain(testMetrics(t), steps...)
}

func measuredChain(m *metrics, steps ...pipeline.Stage) *chain {
	c := &chain{pipeline: "bookings", retrier: retrier{clock: pipeline.WallClock{}, jitter: func() float64 { return 1 }, trouble: func(error) func() { return func() {} }}}
	for i, s := range steps {
		c.steps = append(c.steps, step{name: []string{"one", "two", "three"}[i], stage: s, retry: pipeline.DefaultRetry()})
	}
	c.steps = m.measured(built{plan: PlannedPipeline{Name: "bookings"}, sources: map[string]pipeline.Source{"src": {Name: "src"}}}, c.steps)
	return c
}

// topic is a log in memory: what a test's writer has acknowledged.
type memoryLog struct {
	mu      sync.Mutex
	records []pipeline.Record
	fail    func(records []pipeline.Record) error
	large   func(r pipeline.Record) bool // that no topic takes
}

func (l *memoryLog) Check(records ...pipeline.Record) error {
	for i, r := range records {
		if l.large != nil && l.large(r) {
			return &kafka.WriteError{Records: len(records), Failed: []*kafka.RecordError{{Index: i, Topic: r.Topic, Err: &kafka.TooLargeError{Topic: r.Topic}}}}
		}
	}
	return nil
}

func (l *memoryLog) Write(ctx context.Context, records ...pipeline.Record) error {
	if l.fail != nil {
		if err := l.fail(records); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range records {
		records[i].Partition, records[i].Offset = 3, int64(len(l.records))
		l.records = append(l.records, records[i])
	}
	return nil
}

func (l *memoryLog) on(topic string) []pipeline.Record {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []pipeline.Record
	for _, r := range l.records {
		if r.Topic == topic {
			list = append(list, r)
		}
	}
	return list
}

func testTopics() topics {
	t := topics{}
	for _, o := range pipeline.Outputs() {
		t[o] = "bookings." + string(o)
	}
	return t
}

var errTrouble = errors.New("trouble")

func rawEvent() *pipeline.Event {
	return &pipeline.Event{
		Source: "src", Plugin: "plug", ID: "d1", NativeEvent: "changed", Key: "b1", Verified: "url-secret",
		ReceivedAt: time.Date(2026, 6, 1, 12, 0, 0, 123, time.UTC), TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		Request: pipeline.Request{
			Method: "POST", Path: "/hooks/src/{secret}", RawQuery: "a=1&b=%20", Proto: "HTTP/1.1", Host: "example.com",
			Header: http.Header{"Content-Type": {"application/json"}, "X-Twice": {"1", "2"}}, Body: []byte("{\"a\":\n1}\xff"),
		},
	}
}
