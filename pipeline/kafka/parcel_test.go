package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// Calls one after the other get the same memory.
func TestNothingOfOneCallIsInTheNext(t *testing.T) {
	rings(t, func(t *testing.T, cfg kafka.Config) {
		n := topic(t, cfg, 1)
		p := publisher(t, cfg)
		full := odd()
		full.Topic, full.Partition, full.Value = n, 0, []byte("v")
		bare := pipeline.Record{Topic: n, Time: time.UnixMilli(1).UTC()}
		keyless := pipeline.Record{Topic: n, Value: []byte("w"), Headers: []pipeline.Header{pipeline.Text("only", "1")}, Time: time.UnixMilli(2).UTC()}
		var want []pipeline.Record
		for _, call := range [][]pipeline.Record{{full, full, full}, {bare, keyless}, {full}, {bare, bare, bare}, {keyless, full, bare}} {
			write(t, p, call...)
			want = append(want, call...)
		}
		for i := range want {
			want[i].Partition, want[i].Offset = 0, int64(i)
		}
		if diff := cmp.Diff(want, readAll(t, cfg, n)[0]); diff != "" {
			t.Errorf("-written +read\n%s", diff)
		}
	})
}

func TestCallsAtOnceDoNotMix(t *testing.T) {
	cfg := fake(t)
	n := topic(t, cfg, 1)
	p := publisher(t, cfg)
	var writers sync.WaitGroup
	for w := range 8 {
		writers.Go(func() {
			for call := range 20 {
				var records []pipeline.Record
				for i := range 1 + (w+call)%5 {
					text := fmt.Sprintf("%d-%d-%d", w, call, i)
					records = append(records, pipeline.Record{Topic: n, Key: []byte(text), Value: []byte(text), Headers: []pipeline.Header{pipeline.Text("h", text)}})
				}
				if err := p.Write(t.Context(), records...); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	seen := map[string]bool{}
	for _, r := range readAll(t, cfg, n)[0] {
		if text := string(r.Key); text != string(r.Value) || text != r.Text("h") || seen[text] {
			t.Errorf("record %d has the key %s, the value %s and the header %s; there before: %t", r.Offset, r.Key, r.Value, r.Text("h"), seen[text])
		}
		seen[string(r.Key)] = true
	}
	if len(seen) != 8*20*3 {
		t.Errorf("%d different records", len(seen))
	}
}

// A write that nobody waits for any more may be still to be sent.
func TestAnAbandonedWriteArrivesAsItWas(t *testing.T) {
	c, cfg := fakeCluster(t)
	n := topic(t, cfg, 1)
	p := publisher(t, cfg)
	write(t, p, pipeline.Record{Topic: n, Value: []byte("first")})
	held, free := make(chan struct{}), make(chan struct{})
	var once sync.Once
	watchProduce(c, func(*kmsg.ProduceRequest) {
		once.Do(func() {
			close(held)
			c.SleepControl(func() { <-free })
		})
	})
	var writers sync.WaitGroup
	writers.Go(func() { write(t, p, pipeline.Record{Topic: n, Value: []byte("held")}) })
	<-held
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := p.Write(ctx, pipeline.Record{Topic: n, Value: []byte("abandoned")}); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v", err)
	}
	for _, value := range []string{"x", "y", "z"} {
		writers.Go(func() { write(t, p, pipeline.Record{Topic: n, Value: []byte(value)}) })
	}
	close(free)
	writers.Wait()
	seen := map[string]int{}
	for _, r := range readAll(t, cfg, n)[0] {
		seen[string(r.Value)]++
	}
	if diff := cmp.Diff(map[string]int{"first": 1, "held": 1, "abandoned": 1, "x": 1, "y": 1, "z": 1}, seen); diff != "" {
		t.Errorf("-written +read\n%s", diff)
	}
}
