package kafka_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

func TestExactlyOnceWhileMembersAreKilledAndCloseAndJoin(t *testing.T) {
	t.Parallel()
	rings(t, func(t *testing.T, cfg kafka.Config) {
		t.Parallel()
		j := newJob(t, cfg, 6000, 4)
		j.pause = 2 * time.Millisecond
		at := func(n int) {
			eventually(t, fmt.Sprint(n, " records committed"), func() bool { return j.log.count() >= n })
		}
		one, two := j.start(), j.start()
		at(500)
		one.kill()
		three := j.start()
		at(2000)
		_ = two.Close()
		four := j.start()
		at(3500)
		three.kill()
		_ = three.Close() // without a network it ends too
		five := j.start()
		at(5000)
		_ = four.Close()
		j.done()
		_, _ = one.Close(), five.Close()
		j.wg.Wait()
		j.check()
	})
}

// TestATransactionThatFailsIsMended has the broker refuse one request of many.
func TestATransactionThatFailsIsMended(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		key   kmsg.Key
		err   *kerr.Error
		count int
		lost  bool // the work is dropped and done again
	}{
		{"the last one is not over yet", kmsg.AddPartitionsToTxn, kerr.ConcurrentTransactions, 5, false},
		{"the coordinator moves", kmsg.AddPartitionsToTxn, kerr.NotCoordinator, 1, false},
		{"too few replicas", kmsg.Produce, kerr.NotEnoughReplicas, 1, false},
		{"too few replicas for long", kmsg.Produce, kerr.NotEnoughReplicas, 20, false},
		{"a batch is refused", kmsg.Produce, kerr.MessageTooLarge, 1, false},
		{"the leader moves", kmsg.Produce, kerr.NotLeaderForPartition, 1, false},
		{"a write times out", kmsg.Produce, kerr.RequestTimedOut, 1, false},
		{"an old generation", kmsg.TxnOffsetCommit, kerr.IllegalGeneration, 1, false},
		{"a rebalance", kmsg.TxnOffsetCommit, kerr.RebalanceInProgress, 1, false},
		{"an unknown member", kmsg.TxnOffsetCommit, kerr.UnknownMemberID, 1, true},
		{"an answer is late", kmsg.EndTxn, kerr.RequestTimedOut, 1, false},
		{"the broker forgot the producer", kmsg.EndTxn, kerr.InvalidProducerIDMapping, 1, false},
		{"the broker is ill, though it commits", kmsg.EndTxn, kerr.UnknownServerError, 1, false},
		{"a fenced producer", kmsg.AddOffsetsToTxn, kerr.ProducerFenced, 1, true},
		{"an old epoch", kmsg.AddOffsetsToTxn, kerr.InvalidProducerEpoch, 1, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if saramaRaces && tt.key == kmsg.Produce {
				t.Skip("sarama races")
			}
			c, cfg := fakeCluster(t)
			j := newJob(t, cfg, 300, 2)
			w := j.start()
			eventually(t, "some work", func() bool { return j.log.count() > 0 })
			f := kfake.Fault{Keys: []kmsg.Key{tt.key}, Err: tt.err, Count: tt.count}
			if tt.key == kmsg.Produce {
				f.Topic = j.out
			}
			fault := c.Fault(f)
			p := publisher(t, cfg)
			eventually(t, "the fault", func() bool {
				if j.n < 2000 {
					write(t, p, more(j, 1)...)
				}
				return fault.Hits() == tt.count
			})
			j.done()
			_ = w.Close()
			j.wg.Wait()
			j.check()
			if !tt.lost {
				j.log.checkOrder(t)
				for at, settled := range j.log.all {
					if diff := cmp.Diff([]bool{true}, settled); diff != "" {
						t.Errorf("%s: %s", at, diff)
					}
				}
			}
		})
	}
}

// TestABrokenProducerIsReplacedBeforeOffsetsAreAskedFor is a claim that gave up a
// transaction while that only asked for the group's offsets: nothing was begun, and
// nothing would ever be again with a producer that is broken.
func TestABrokenProducerIsReplacedBeforeOffsetsAreAskedFor(t *testing.T) {
	t.Parallel()
	rings(t, func(t *testing.T, cfg kafka.Config) {
		t.Parallel()
		j := newJob(t, cfg, 60, 4)
		one := j.start()
		j.done()
		kafka.Snap(one.Subscriber)
		two := j.start() // a new generation: its offsets are asked for
		eventually(t, "two shares", func() bool { return len(one.Stats().Partitions) == 2 && len(two.Stats().Partitions) == 2 })
		write(t, publisher(t, cfg), more(j, 60)...)
		j.done()
		_, _ = one.Close(), two.Close()
		j.wg.Wait()
		j.check()
	})
}
