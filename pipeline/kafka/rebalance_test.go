package kafka_test

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
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
	handleAll(&w.wg, ch, func(m *message.Message) {
		pause()
		w.mu.Lock()
		w.done[string(m.Payload)]++
		w.mu.Unlock()
		m.Ack()
	})
}

func (w *work) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.done)
}

// TestASecondMemberGetsItsShareWithoutDuplicates has a first member whose handlers
// stand still, a small window, and a long backlog read ahead behind that. It must
// see all the same that partitions are revoked, and let go of what it has not
// begun.
func TestASecondMemberGetsItsShareWithoutDuplicates(t *testing.T) {
	t.Parallel()
	rings(t, func(t *testing.T, cfg kafka.Config) {
		const n, window = 2000, 4
		in, g := topic(t, cfg, 4), name("g")
		write(t, publisher(t, cfg), keyedRecords(in, numbered(n)...)...)
		w := &work{done: map[string]int{}}
		proceed := make(chan struct{})
		var begun counts
		one := subscriber(t, cfg, kafka.SubscriberConfig{Group: g, WindowRecords: window, DrainTimeout: patience, RebalanceTimeout: 2 * patience})
		goOn := opener(t, proceed) // before it closes, also where the test fails
		w.run(begun.count(subscribe(t, one, in)), func() { <-proceed })
		eventually(t, "full windows, and more read ahead", func() bool {
			for id := range int32(4) {
				p := pipeline.Partition{Topic: in, ID: id}
				if begun.of(id) != window || kafka.Buffered(one, p) < 10*window {
					return false
				}
			}
			return true
		})
		var second counts
		two := subscriber(t, cfg, kafka.SubscriberConfig{Group: g})
		w.run(second.count(subscribe(t, two, in)), func() {})
		var moved []int32
		eventually(t, "half of the partitions let go", func() bool {
			moved = moved[:0]
			for id := range int32(4) {
				if kafka.Draining(one, pipeline.Partition{Topic: in, ID: id}) {
					moved = append(moved, id)
				}
			}
			return len(moved) == 2
		})
		goOn()
		eventually(t, "all records done", func() bool { return w.count() == n })
		_, _ = one.Close(), two.Close()
		w.wg.Wait()
		for r, times := range w.done {
			if times != 1 {
				t.Errorf("%s was done %d times", r, times)
			}
		}
		for _, id := range moved {
			if got := begun.of(id); got > 2*window {
				t.Errorf("the first began %d of partition %d, and only %d before that was revoked", got, id, window)
			}
			if second.of(id) == 0 {
				t.Errorf("the second began none of partition %d", id)
			}
		}
	})
}

// counts counts records by their partition.
type counts struct {
	mu  sync.Mutex
	all map[int32]int
}

// count passes messages on.
func (c *counts) count(from <-chan *message.Message) <-chan *message.Message {
	to := make(chan *message.Message)
	go func() {
		defer close(to)
		for m := range from {
			c.mu.Lock()
			if c.all == nil {
				c.all = map[int32]int{}
			}
			c.all[kafka.RecordOf(m).Partition]++
			c.mu.Unlock()
			to <- m
		}
	}()
	return to
}

func (c *counts) of(id int32) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.all[id]
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

// TestHandlersSlowerThanARebalanceDoNotEvictTheirMember: the first record of each
// partition does not finish, whatever its context says, for longer than a
// rebalance may take, while a second member joins. The others are done, once where
// their partition stays, and the group comes to rest.
func TestHandlersSlowerThanARebalanceDoNotEvictTheirMember(t *testing.T) {
	t.Parallel()
	c, cfg := fakeCluster(t)
	const n, rebalance = 60, 2 * time.Second
	in, g := topic(t, cfg, 2), name("g")
	var records []pipeline.Record
	for i, k := range numbered(n) {
		records = append(records, pipeline.Record{Topic: in, Key: []byte(k), Value: fmt.Append(nil, i)})
	}
	write(t, publisher(t, cfg), records...)
	generations := watchGenerations(c)
	stuck := make(chan struct{})
	conf := kafka.SubscriberConfig{Group: g, DrainTimeout: 200 * time.Millisecond, RebalanceTimeout: rebalance}
	one := &patient{stuck: stuck}
	first := subscriber(t, cfg, conf)
	goOn := opener(t, stuck)
	one.run(subscribe(t, first, in))
	eventually(t, "all done but the first of each partition", func() bool { return one.count() == n-2 })
	two := &patient{}
	joined := time.Now()
	second := subscriber(t, cfg, conf)
	two.run(subscribe(t, second, in))
	eventually(t, "a share for the second", func() bool {
		return len(first.Stats().Partitions) == 1 && len(second.Stats().Partitions) == 1
	})
	moved := second.Stats().Partitions[0].Partition.ID
	a := admin(t, cfg)
	ends, err := a.Ends(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the second's partition committed to its end", func() bool { return committed(t, a, g, in, moved) == ends[moved] })
	more := keyedRecords(in, numbered(n)...)
	write(t, publisher(t, cfg), more...)
	eventually(t, "longer than a rebalance may take", func() bool { return time.Since(joined) > 2*rebalance })
	before := one.count() + two.count()
	goOn()
	eventually(t, "all committed", func() bool {
		ends, err := a.Ends(t.Context(), in)
		return err == nil && committed(t, a, g, in, 0) == ends[0] && committed(t, a, g, in, 1) == ends[1]
	})
	if before < 2*n-1 {
		t.Errorf("%d records done behind one that stands still, want %d and more", before, 2*n-1)
	}
	_, _ = first.Close(), second.Close()
	one.wg.Wait()
	two.wg.Wait()
	for at, times := range one.seen() {
		if times != 1 || at.Partition == moved && at.Offset >= ends[moved] {
			t.Errorf("the first did %s %d times", at, times)
		}
	}
	for at, times := range two.seen() {
		if times != 1 || at.Partition != moved {
			t.Errorf("the second did %s %d times", at, times)
		}
	}
	if got := generations(); got > 6 {
		t.Errorf("%d generations", got)
	}
}

// patient acks what comes, but the first record of a partition only once stuck is
// closed: it hears of no context.
type patient struct {
	stuck chan struct{} // nil: it does not stand still
	mu    sync.Mutex
	done  map[pipeline.Position]int
	wg    sync.WaitGroup
}

func (p *patient) run(ch <-chan *message.Message) {
	handleAll(&p.wg, ch, p.handle)
}

func (p *patient) handle(m *message.Message) {
	at := kafka.RecordOf(m).Position()
	if at.Offset == 0 && p.stuck != nil {
		<-p.stuck
	}
	p.mu.Lock()
	if p.done == nil {
		p.done = map[pipeline.Position]int{}
	}
	p.done[at]++
	p.mu.Unlock()
	m.Ack()
}

func (p *patient) count() int { return len(p.seen()) }

func (p *patient) seen() map[pipeline.Position]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.done)
}

// watchGenerations counts those that members tell of.
func watchGenerations(c *kfake.Cluster) func() int {
	var mu sync.Mutex
	seen := map[int32]bool{}
	c.ControlKey(int16(kmsg.SyncGroup), func(r kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		mu.Lock()
		defer mu.Unlock()
		seen[r.(*kmsg.SyncGroupRequest).Generation] = true
		return nil, nil, false
	})
	return func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(seen)
	}
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
