package kafka_test

import (
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// TestAJoinWaitsForOffsetsOnlyWhereItMust: records are read strictly in any case,
// starting offsets only exactly once.
func TestAJoinWaitsForOffsetsOnlyWhereItMust(t *testing.T) {
	t.Parallel()
	for name, sc := range map[string]kafka.SubscriberConfig{
		"at least once": {Group: name("g")}, "exactly once": once(name("g")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, cfg := fakeCluster(t)
			var strict, lax, loose atomic.Int64
			overhear(c, kmsg.OffsetFetch, func(r kmsg.Request) {
				if r.(*kmsg.OffsetFetchRequest).RequireStable {
					strict.Add(1)
					return
				}
				lax.Add(1)
			})
			overhear(c, kmsg.Fetch, func(r kmsg.Request) {
				if r.(*kmsg.FetchRequest).IsolationLevel != 1 {
					loose.Add(1)
				}
			})
			in := topic(t, cfg, 3)
			write(t, publisher(t, cfg), pipeline.Record{Topic: in, Key: []byte("a"), Value: []byte("1")})
			s, w := subscriber(t, cfg, sc), &work{done: map[string]int{}}
			w.run(subscribe(t, s, in), func() {})
			eventually(t, "the record done", func() bool { return w.count() == 1 })
			_ = s.Close()
			w.wg.Wait()
			if sc.Transactions == nil && (strict.Load() > 0 || lax.Load() == 0) {
				t.Errorf("at least once asked for offsets %d times strictly and %d times not", strict.Load(), lax.Load())
			}
			if sc.Transactions != nil && (strict.Load() == 0 || lax.Load() > 0) {
				t.Errorf("exactly once asked for offsets %d times strictly and %d times not", strict.Load(), lax.Load())
			}
			if loose.Load() > 0 {
				t.Errorf("%d fetches asked for what is not committed", loose.Load())
			}
		})
	}
}
