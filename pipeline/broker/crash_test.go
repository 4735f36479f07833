package broker_test

import (
	"context"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
)

const crashRounds = 6

// TestWhatWasAcknowledgedOutlivesAKill kills the broker's process again and
// again while one idempotent producer per partition and one group go on, with
// the same clients throughout: nothing is lost, doubled or out of order, and
// no committed offset goes back.
func TestWhatWasAcknowledgedOutlivesAKill(t *testing.T) {
	const partitions = 3
	ctx, random := testContext(t), rand.New(rand.NewPCG(1, 2))
	c := startChild(t, t.TempDir(), "127.0.0.1:0")
	cl := client(t, c.addr)
	createTopic(ctx, t, cl, "crash", partitions, map[string]string{"retention.ms": "86400000"})

	var work sync.WaitGroup
	running, stop := context.WithCancel(ctx)
	defer stop()
	acked := make([]*counter, partitions) // how many, by partition
	for p := range acked {
		acked[p] = newCounter()
		producer := client(t, c.addr, kgo.MaxBufferedRecords(20))
		work.Go(func() { produceOn(running, t, producer, int32(p), acked[p]) })
	}
	offset, committer := newCounter(), client(t, c.addr, byName())
	work.Go(func() { commitOn(running, committer, offset) })

	for range crashRounds {
		for p := range acked {
			acked[p].await(ctx, t, acked[p].value()+1+random.Int64N(40))
		}
		offset.await(ctx, t, offset.value()+1)
		c.kill()
		sure, sureOffset := load(acked), offset.value()
		c = c.again()
		checkAlive(ctx, t, c.addr, sure, sureOffset)
	}
	stop()
	work.Wait()
	for p := range acked {
		got := values(ctx, t, c.addr, "crash", int32(p))
		if int64(len(got)) < acked[p].value() {
			t.Errorf("partition %d has %d records, %d were acknowledged", p, len(got), acked[p].value())
		}
		if want := numbers(0, len(got)); !cmp.Equal(got, want) {
			t.Errorf("partition %d: %s", p, cmp.Diff(want, got))
		}
	}
	if got := topicConfigs(ctx, t, cl, "crash")["retention.ms"]; got != "86400000" {
		t.Errorf("retention.ms is %q after the crashes", got)
	}
}

// produceOn writes 0, 1, 2, …; several are in flight at once.
func produceOn(ctx context.Context, t *testing.T, cl *kgo.Client, partition int32, acked *counter) {
	for i := 0; ctx.Err() == nil; i++ {
		r := &kgo.Record{Topic: "crash", Partition: partition, Value: []byte(strconv.Itoa(i))}
		cl.Produce(context.WithoutCancel(ctx), r, func(_ *kgo.Record, err error) {
			if err != nil {
				t.Errorf("record %d of partition %d: %v", i, partition, err)
			}
			acked.add()
		})
	}
	if err := cl.Flush(testContext(t)); err != nil {
		t.Error(err)
	}
}

func commitOn(ctx context.Context, cl *kgo.Client, offset *counter) {
	for ctx.Err() == nil {
		// An error is a broker that is gone; the same offset is sent again.
		if commit(ctx, cl, "g", "crash", 0, offset.value()+1) == nil {
			offset.add()
		}
	}
}

func checkAlive(ctx context.Context, t *testing.T, addr string, acked []int64, offset int64) {
	t.Helper()
	cl := client(t, addr, byName())
	defer cl.Close()
	for p, n := range acked {
		if start, end := offsets(ctx, t, cl, "crash", int32(p)); start != 0 || end < n {
			t.Errorf("partition %d is [%d, %d), %d were acknowledged", p, start, end, n)
		}
	}
	if got := committed(ctx, t, cl, "g", "crash", 0); got < offset {
		t.Errorf("the committed offset went back to %d from %d", got, offset)
	}
}

func load(counts []*counter) []int64 {
	out := make([]int64, len(counts))
	for i, c := range counts {
		out[i] = c.value()
	}
	return out
}
