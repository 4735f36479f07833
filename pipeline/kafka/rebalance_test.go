package kafka_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// work acks what comes, each record after its own pause, and notes it.
type work struct {
	mu   sync.Mutex
	done map[string]int
	wg   sync.WaitGroup
}

func (w *work) run(ch <-chan *message.Message, pause func()) {
	w.wg.Go(func() {
		for m := range ch {
			w.wg.Go(func() {
				pause()
				w.mu.Lock()
				w.done[string(m.Payload)]++
				w.mu.Unlock()
				m.Ack()
			})
		}
	})
}

func (w *work) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.done)
}

// TestASecondMemberGetsItsShareWithoutDuplicates has a first member with slow
// handlers and a long backlog read ahead: it must let go of what it has not
// begun. All records have one key per partition, so that a drain is one record.
func TestASecondMemberGetsItsShareWithoutDuplicates(t *testing.T) {
	t.Parallel()
	rings(t, func(t *testing.T, cfg kafka.Config) {
		const n = 400
		in, g := topic(t, cfg, 4), name("g")
		var records []pipeline.Record
		for i, k := range numbered(n) {
			records = append(records, pipeline.Record{Topic: in, Key: []byte{byte(i % 16)}, Value: []byte(k)})
		}
		write(t, publisher(t, cfg), records...)
		var slow atomic.Bool
		slow.Store(true)
		proceed := make(chan struct{})
		var first, second atomic.Int32
		w := &work{done: map[string]int{}}
		one := subscriber(t, cfg, kafka.SubscriberConfig{Group: g})
		w.run(subscribe(t, one, in), func() {
			if first.Add(1); slow.Load() {
				select {
				case <-proceed:
				case <-time.After(20 * time.Millisecond):
				}
			}
		})
		eventually(t, "the first member at work", func() bool { return first.Load() > 8 })
		two := subscriber(t, cfg, kafka.SubscriberConfig{Group: g})
		w.run(subscribe(t, two, in), func() { second.Add(1) })
		eventually(t, "a share for the second", func() bool { return len(two.Stats().Partitions) == 2 && len(one.Stats().Partitions) == 2 })
		slow.Store(false)
		close(proceed)
		eventually(t, "all records done", func() bool { return w.count() == n })
		_, _ = one.Close(), two.Close()
		w.wg.Wait()
		for r, times := range w.done {
			if times != 1 {
				t.Errorf("%s was done %d times", r, times)
			}
		}
	})
}

// TestMembersThatComeAndGoLoseNothing: at least once, whatever happens.
func TestMembersThatComeAndGoLoseNothing(t *testing.T) {
	t.Parallel()
	rings(t, func(t *testing.T, cfg kafka.Config) {
		const n = 2000
		in, g := topic(t, cfg, 4), name("g")
		var records []pipeline.Record
		for i, k := range numbered(n) {
			records = append(records, pipeline.Record{Topic: in, Key: []byte{byte(i % 50)}, Value: []byte(k)})
		}
		write(t, publisher(t, cfg), records...)
		w := &work{done: map[string]int{}}
		pause := func() { time.Sleep(time.Millisecond) }
		start := func() *kafka.Subscriber {
			s := subscriber(t, cfg, kafka.SubscriberConfig{Group: g})
			w.run(subscribe(t, s, in), pause)
			return s
		}
		one := start()
		eventually(t, "some work", func() bool { return w.count() > 100 })
		two := start()
		eventually(t, "more work", func() bool { return w.count() > 300 })
		_ = one.Close()
		three := start()
		eventually(t, "yet more work", func() bool { return w.count() > 600 })
		_ = two.Close()
		eventually(t, "all records done", func() bool { return w.count() == n })
		_ = three.Close()
		w.wg.Wait()
		a := admin(t, cfg)
		ends, err := a.Ends(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		for id, end := range ends {
			if got := committed(t, a, g, in, id); got != end {
				t.Errorf("partition %d: offset %d committed, want %d", id, got, end)
			}
		}
	})
}

// TestALostClaimEndsItsHandlersAndTheirAcksDoNotCount throws a member out of
// its group while it works.
func TestALostClaimEndsItsHandlersAndTheirAcksDoNotCount(t *testing.T) {
	t.Parallel()
	c, cfg := fakeCluster(t)
	in, g := topic(t, cfg, 1), name("g")
	write(t, publisher(t, cfg), pipeline.Record{Topic: in})
	var revoked atomic.Int32
	s := subscriber(t, cfg, kafka.SubscriberConfig{Group: g, OnRevoked: func(pipeline.Partition) { revoked.Add(1) }})
	ch := subscribe(t, s, in)
	m := get(t, "the record", ch)
	ended := endOf(m.Context())
	c.ControlKey(int16(kmsg.Heartbeat), func(r kmsg.Request) (kmsg.Response, error, bool) {
		resp := r.ResponseKind().(*kmsg.HeartbeatResponse)
		resp.ErrorCode = kerr.UnknownMemberID.Code
		return resp, nil, true
	})
	get(t, "the end of the handler's context", ended)
	m.Ack()
	again := get(t, "the record again", ch)
	if st := s.Stats(); st.LateAcks != 1 {
		t.Errorf("%d late acks, want 1", st.LateAcks)
	}
	if got := committed(t, admin(t, cfg), g, in, 0); got > 0 {
		t.Errorf("offset %d committed by a claim that was lost", got)
	}
	if revoked.Load() != 1 {
		t.Errorf("let go %d times", revoked.Load())
	}
	again.Ack()
}

func TestADrainLongerThanTheRebalanceTimeoutIsRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		conf kafka.SubscriberConfig
		ok   bool
	}{
		{"defaults", kafka.SubscriberConfig{Group: "g"}, true},
		{"no group", kafka.SubscriberConfig{}, false},
		{"as long", kafka.SubscriberConfig{Group: "g", DrainTimeout: time.Minute}, false},
		{"with its grace", kafka.SubscriberConfig{Group: "g", DrainTimeout: 50 * time.Second}, false},
		{"negative window", kafka.SubscriberConfig{Group: "g", WindowRecords: -1}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := kafka.NewSubscriber(kafka.Config{Brokers: []string{"127.0.0.1:1"}}, tt.conf); (err == nil) != tt.ok {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestHandlersSlowerThanADrainDoNotEvictEachOther: the work of each record
// takes longer than a drain may, and two members still get through all of it.
func TestHandlersSlowerThanADrainDoNotEvictEachOther(t *testing.T) {
	t.Parallel()
	cfg := fake(t)
	in, g := topic(t, cfg, 2), name("g")
	var records []pipeline.Record
	for i := range 8 {
		records = append(records, pipeline.Record{Topic: in, Key: []byte{byte(i)}, Value: []byte{byte(i)}})
	}
	write(t, publisher(t, cfg), records...)
	w := &work{done: map[string]int{}}
	slow := func() { time.Sleep(300 * time.Millisecond) }
	members := make([]*kafka.Subscriber, 2)
	for i := range members {
		members[i] = subscriber(t, cfg, kafka.SubscriberConfig{Group: g, DrainTimeout: 50 * time.Millisecond})
		w.run(subscribe(t, members[i], in), slow)
	}
	eventually(t, "all records done", func() bool { return w.count() == 8 })
	for _, s := range members {
		_ = s.Close()
	}
	w.wg.Wait()
}

func TestTheEndOfSubscribesContextClosesLikeClose(t *testing.T) {
	t.Parallel()
	cfg := fake(t)
	in, g := topic(t, cfg, 1), name("g")
	write(t, publisher(t, cfg), pipeline.Record{Topic: in})
	s := subscriber(t, cfg, kafka.SubscriberConfig{Group: g})
	ctx, cancel := context.WithCancel(context.Background())
	ch, err := s.Subscribe(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	m := get(t, "the record", ch)
	cancel()
	if m.Context().Err() != nil {
		t.Error("the handler's context ended with that of Subscribe")
	}
	m.Ack()
	for range ch {
		t.Error("another record came")
	}
	if got := committed(t, admin(t, cfg), g, in, 0); got != 1 {
		t.Errorf("offset %d committed, want 1", got)
	}
}
