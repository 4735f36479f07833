package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

const (
	retryWriters = 4
	retryCalls   = 3
	retryRecords = 3000 // of one call: several requests
)

// writeInOrder has several goroutines write numbered records, each of a key of
// its own.
func writeInOrder(t *testing.T, p *kafka.Publisher, topic string) {
	t.Helper()
	var writers sync.WaitGroup
	for w := range retryWriters {
		writers.Go(func() {
			for call := range retryCalls {
				records := make([]pipeline.Record, retryRecords)
				for i := range records {
					records[i] = pipeline.Record{Topic: topic, Key: fmt.Append(nil, "k", w), Value: fmt.Append(nil, call*retryRecords+i)}
				}
				if err := p.Write(t.Context(), records...); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
}

// checkInOrder wants each of them once, behind the one before.
func checkInOrder(t *testing.T, cfg kafka.Config, topic string) {
	t.Helper()
	next := map[string]int{}
	for _, records := range readAll(t, cfg, topic) {
		for _, r := range records {
			if want := fmt.Sprint(next[string(r.Key)]); string(r.Value) != want {
				t.Fatalf("key %s: %s at offset %d, want %s", r.Key, r.Value, r.Offset, want)
			}
			next[string(r.Key)]++
		}
	}
	for w := range retryWriters {
		if got := next[fmt.Sprint("k", w)]; got != retryCalls*retryRecords {
			t.Errorf("writer %d: %d records", w, got)
		}
	}
}

func TestARefusedWriteIsTriedAgainInOrder(t *testing.T) {
	t.Parallel()
	for _, err := range []*kerr.Error{kerr.NotLeaderForPartition, kerr.NotEnoughReplicas, kerr.RequestTimedOut} {
		for _, times := range []int{1, 10} {
			t.Run(fmt.Sprintf("%s, %d times", err.Message, times), func(t *testing.T) {
				t.Parallel()
				c, cfg := fakeCluster(t)
				n := topic(t, cfg, 2)
				var requests atomic.Int64
				refused := c.Fault(kfake.Fault{
					Keys: []kmsg.Key{kmsg.Produce}, Topic: n, Err: err, Count: times,
					When: func(kmsg.Request) bool { return requests.Add(1) > 3 }, // there is something behind it
				})
				writeInOrder(t, publisher(t, cfg), n)
				if refused.Hits() != times {
					t.Errorf("%d requests were refused", refused.Hits())
				}
				checkInOrder(t, cfg, n)
			})
		}
	}
}

// deaf loses answers of a broker: it has written the records, and nobody is told.
type deaf struct {
	left atomic.Int64
}

func (d *deaf) dial(network, addr string) (net.Conn, error) {
	conn, err := net.Dial(network, addr)
	if err != nil {
		return nil, err
	}
	return &deafConn{Conn: conn, deaf: d}, nil
}

type deafConn struct {
	net.Conn
	deaf    *deaf
	written atomic.Int64
}

func (c *deafConn) Write(b []byte) (int, error) {
	c.written.Add(int64(len(b)))
	return c.Conn.Write(b)
}

// Read loses the answer to what was large enough to be records.
func (c *deafConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err == nil && c.written.Swap(0) > 4<<10 && c.deaf.left.Add(-1) >= 0 {
		_ = c.Close()
		return 0, io.ErrUnexpectedEOF
	}
	return n, err
}

func TestAWriteWhoseAnswerIsLostIsThereOnce(t *testing.T) {
	t.Parallel()
	for _, times := range []int64{1, 10} {
		t.Run(fmt.Sprint(times, " times"), func(t *testing.T) {
			t.Parallel()
			cfg := fake(t)
			n, p, d := topic(t, cfg, 2), publisher(t, cfg), new(deaf)
			d.left.Store(times)
			kafka.DialPublisherBy(p, cfg, d.dial)
			writeInOrder(t, p, n)
			if left := d.left.Load(); left > 0 {
				t.Errorf("%d answers were not lost", left)
			}
			checkInOrder(t, cfg, n)
		})
	}
}

// TestWritersWaitForRoomWhileABrokerIsSilent: what was handed to it holds the
// budget, which is given back with its answer (invariant 11).
func TestWritersWaitForRoomWhileABrokerIsSilent(t *testing.T) {
	t.Parallel()
	c, cfg := fakeCluster(t)
	n, p := topic(t, cfg, 1), publisher(t, cfg)
	const budget, call = 64 << 20, 16
	value := make([]byte, 512<<10) // shared: it costs the test nothing
	records := func() []pipeline.Record {
		all := make([]pipeline.Record, call)
		for i := range all {
			all[i] = pipeline.Record{Topic: n, Key: []byte("k"), Value: value}
		}
		return all
	}
	write(t, p, pipeline.Record{Topic: n})
	free := make(chan struct{})
	watchProduce(c, func(*kmsg.ProduceRequest) { c.SleepControl(func() { <-free }) })
	answer := opener(t, free)
	if !kafka.HasRoom(p, budget) || kafka.HasRoom(p, budget+1) {
		t.Error("the budget is not 64 MiB")
	}
	var writers sync.WaitGroup
	written := func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := p.Write(ctx, records()...); err != nil {
			t.Error(err)
		}
	}
	for range budget / (call * len(value)) {
		writers.Go(written)
	}
	eventually(t, "no room for another call", func() bool { return !kafka.HasRoom(p, int64(call*len(value))) })
	waiting := make(chan struct{})
	writers.Go(func() { written(); close(waiting) })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := p.Write(ctx, records()...)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "bytes of room") {
		t.Errorf("without room: %v", err)
	}
	select {
	case <-waiting:
		t.Error("written without room")
	default:
	}
	answer()
	writers.Wait()
	eventually(t, "all room given back", func() bool { return kafka.HasRoom(p, budget) })
}
