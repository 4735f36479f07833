package kafka_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

func subscribe(t testing.TB, s *kafka.Subscriber, topics string) <-chan *message.Message {
	t.Helper()
	ch, err := s.Subscribe(context.Background(), topics)
	if err != nil {
		t.Fatal(err)
	}
	return ch
}

// keyed records, one for each key, in this order.
func keyedRecords(topic string, keys ...string) []pipeline.Record {
	all := make([]pipeline.Record, len(keys))
	for i, k := range keys {
		all[i] = pipeline.Record{Topic: topic, Key: []byte(k), Value: fmt.Append(nil, i)}
	}
	return all
}

func numbered(n int) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprint("key", i)
	}
	return keys
}

func key(m *message.Message) string { return m.Metadata[kafka.KeyMetadata] }

func committed(t testing.TB, a *kafka.Admin, group, topic string, id int32) int64 {
	t.Helper()
	all, err := a.Committed(context.Background(), group)
	if err != nil {
		t.Fatal(err)
	}
	at, ok := all[pipeline.Partition{Topic: topic, ID: id}]
	if !ok {
		return -1
	}
	return at
}

func TestManyRecordsOfOnePartitionAreInWorkAtOnceAndEqualKeysInOrder(t *testing.T) {
	t.Parallel()
	rings(t, func(t *testing.T, cfg kafka.Config) {
		n := topic(t, cfg, 1)
		write(t, publisher(t, cfg), keyedRecords(n, "a", "a", "b", "c", "b", "a")...)
		ch := subscribe(t, subscriber(t, cfg, kafka.SubscriberConfig{DrainTimeout: time.Millisecond}), n)
		first := map[string]*message.Message{}
		for range 3 { // none is acked yet
			m := get(t, "one record of each key", ch)
			first[key(m)] = m
		}
		if string(first["a"].Payload) != "0" || string(first["b"].Payload) != "2" || string(first["c"].Payload) != "3" {
			t.Errorf("handed out first: %v", first)
		}
		for _, want := range []struct{ ack, next string }{{"a", "1"}, {"b", "4"}} {
			first[want.ack].Ack()
			m := get(t, "the next of a key", ch)
			if string(m.Payload) != want.next {
				t.Errorf("after %s came %s, want %s", want.ack, m.Payload, want.next)
			}
			first[key(m)] = m
		}
		first["a"].Ack()
		if m := get(t, "the last of a", ch); string(m.Payload) != "5" {
			t.Errorf("got %s", m.Payload)
		}
	})
}

func TestANewGroupReadsTheBacklogAndIsVisibleBeforeItsFirstRecordIsDone(t *testing.T) {
	t.Parallel()
	rings(t, func(t *testing.T, cfg kafka.Config) {
		n, g := topic(t, cfg, 2), name("g")
		write(t, publisher(t, cfg), pipeline.Record{Topic: n, Value: []byte("old")})
		a := admin(t, cfg)
		ch := subscribe(t, subscriber(t, cfg, kafka.SubscriberConfig{Group: g, DrainTimeout: time.Millisecond}), n)
		if m := get(t, "the backlog", ch); string(m.Payload) != "old" {
			t.Errorf("got %s", m.Payload)
		}
		eventually(t, "offset 0 committed for both partitions", func() bool {
			return committed(t, a, g, n, 0) == 0 && committed(t, a, g, n, 1) == 0
		})
	})
}

func TestOneMemberReadsManyTopics(t *testing.T) {
	t.Parallel()
	rings(t, func(t *testing.T, cfg kafka.Config) {
		one, two := topic(t, cfg, 1), topic(t, cfg, 1)
		p := publisher(t, cfg)
		write(t, p, pipeline.Record{Topic: one}, pipeline.Record{Topic: two})
		ch := subscribe(t, subscriber(t, cfg, kafka.SubscriberConfig{}), one+", "+two)
		got := []string{}
		for range 2 {
			m := get(t, "a record", ch)
			got = append(got, kafka.RecordOf(m).Topic)
			m.Ack()
		}
		slices.Sort(got)
		want := []string{one, two}
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestManyTopicsAreReadByOneMember(t *testing.T) {
	t.Parallel()
	c, cfg := fakeCluster(t)
	one, two := topic(t, cfg, 1), topic(t, cfg, 1)
	var mu sync.Mutex
	members := map[string]bool{}
	c.ControlKey(int16(kmsg.JoinGroup), func(r kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		mu.Lock()
		defer mu.Unlock()
		if id := r.(*kmsg.JoinGroupRequest).MemberID; id != "" { // the broker gives one to who has none
			members[id] = true
		}
		return nil, nil, false
	})
	write(t, publisher(t, cfg), pipeline.Record{Topic: one}, pipeline.Record{Topic: two})
	ch := subscribe(t, subscriber(t, cfg, kafka.SubscriberConfig{}), one+","+two)
	for range 2 {
		get(t, "a record", ch).Ack()
	}
	mu.Lock()
	defer mu.Unlock()
	if len(members) != 1 {
		t.Errorf("%d members joined, want 1", len(members))
	}
}

func TestOffsetsAreCommittedInBulkAndNeverPastAnUnfinishedRecord(t *testing.T) {
	t.Parallel()
	rings(t, func(t *testing.T, cfg kafka.Config) {
		n, g := topic(t, cfg, 1), name("g")
		write(t, publisher(t, cfg), keyedRecords(n, numbered(2000)...)...)
		a := admin(t, cfg)
		s := subscriber(t, cfg, kafka.SubscriberConfig{Group: g, CommitRecords: 1000, CommitInterval: 50 * time.Millisecond, DrainTimeout: time.Millisecond})
		ch := subscribe(t, s, n)
		var poison *message.Message
		for range 2000 {
			m := get(t, "a record", ch)
			if string(m.Payload) == "700" {
				poison = m
				continue
			}
			m.Ack()
		}
		eventually(t, "offset 700 committed", func() bool { return committed(t, a, g, n, 0) == 700 })
		// Acks are taken note of by the lanes, in their own time.
		eventually(t, "one record in work", func() bool { return s.Stats().Partitions[0].InFlight == 1 })
		st := s.Stats()
		if p := st.Partitions[0]; p.Next != 700 || p.InFlight != 1 || p.HighWater != 2000 || p.Lag != 1300 {
			t.Errorf("stats: %+v", p)
		}
		poison.Ack()
		eventually(t, "offset 2000 committed", func() bool { return committed(t, a, g, n, 0) == 2000 })
		if got := s.Stats().Commits; got > 200 {
			t.Errorf("%d commits for 2000 records", got)
		}
	})
}

func TestBytesThatNobodyCanReadAreHandedOutAsTheyAre(t *testing.T) {
	cfg := fake(t)
	n := topic(t, cfg, 1)
	r := odd()
	r.Topic, r.Partition, r.Offset = n, 0, 0
	write(t, publisher(t, cfg), r)
	m := get(t, "the record", subscribe(t, subscriber(t, cfg, kafka.SubscriberConfig{}), n))
	if diff := cmp.Diff(r, kafka.RecordOf(m)); diff != "" {
		t.Errorf("-written +handed out\n%s", diff)
	}
	m.Ack()
}

// pacer is a clock that notes how long the sleeps of nacked records are, and
// makes them short.
type pacer struct {
	pipeline.WallClock
	mu    sync.Mutex
	slept []time.Duration
}

func (p *pacer) Sleep(ctx context.Context, d time.Duration) error {
	if d < time.Hour {
		return p.WallClock.Sleep(ctx, d)
	}
	p.mu.Lock()
	p.slept = append(p.slept, d/time.Hour)
	p.mu.Unlock()
	return p.WallClock.Sleep(ctx, time.Millisecond)
}

func TestANackedRecordComesAgainAfterAGrowingPauseWhileOthersGoOn(t *testing.T) {
	t.Parallel()
	rings(t, func(t *testing.T, cfg kafka.Config) {
		n := topic(t, cfg, 1)
		write(t, publisher(t, cfg), keyedRecords(n, "bad", "bad", "good", "good", "good")...)
		clock := &pacer{}
		ch := subscribe(t, subscriber(t, cfg, kafka.SubscriberConfig{Clock: clock, NackBackoff: time.Hour, NackBackoffMax: 4 * time.Hour}), n)
		nacks, order := 0, map[string][]string{}
		for len(order["bad"])+len(order["good"]) < 5 {
			m := get(t, "a record", ch)
			if string(m.Payload) == "0" && nacks < 4 {
				nacks++
				m.Nack()
				continue
			}
			order[key(m)] = append(order[key(m)], string(m.Payload))
			m.Ack()
		}
		if diff := cmp.Diff(map[string][]string{"bad": {"0", "1"}, "good": {"2", "3", "4"}}, order); diff != "" {
			t.Error(diff)
		}
		clock.mu.Lock()
		defer clock.mu.Unlock()
		if diff := cmp.Diff([]time.Duration{1, 2, 4, 4}, clock.slept); diff != "" {
			t.Errorf("pauses: %s", diff)
		}
	})
}

func TestAMessagesContextEndsWithItsAckAndKeepsTheValuesOfSubscribe(t *testing.T) {
	t.Parallel()
	type k struct{}
	cfg := fake(t)
	n := topic(t, cfg, 1)
	write(t, publisher(t, cfg), pipeline.Record{Topic: n})
	ch, err := subscriber(t, cfg, kafka.SubscriberConfig{}).Subscribe(context.WithValue(context.Background(), k{}, "v"), n)
	if err != nil {
		t.Fatal(err)
	}
	m := get(t, "the record", ch)
	if m.Context().Err() != nil || m.Context().Value(k{}) != "v" {
		t.Errorf("%v, value %v", m.Context().Err(), m.Context().Value(k{}))
	}
	m.Ack()
	get(t, "the end of the context", endOf(m.Context()))
}

func TestAWindowBoundsWhatIsInWork(t *testing.T) {
	t.Parallel()
	cfg := fake(t)
	n := topic(t, cfg, 1)
	write(t, publisher(t, cfg), keyedRecords(n, numbered(100)...)...)
	s := subscriber(t, cfg, kafka.SubscriberConfig{WindowRecords: 7, DrainTimeout: time.Millisecond})
	ch := subscribe(t, s, n)
	held := make([]*message.Message, 7)
	for i := range held {
		held[i] = get(t, "a record", ch)
	}
	if p := s.Stats().Partitions[0]; p.InFlight != 7 {
		t.Errorf("%d in work, want 7", p.InFlight)
	}
	select {
	case m := <-ch:
		t.Errorf("%s is in work beside seven", m.Payload)
	default:
	}
	held[3].Ack()
	get(t, "the next", ch)
}

func TestASubscriberWaitsForABrokerAndForItsTopic(t *testing.T) {
	port := freePort(t)
	cfg := kafka.Config{Brokers: []string{fmt.Sprintf("127.0.0.1:%d", port)}}
	ch := subscribe(t, subscriber(t, cfg, kafka.SubscriberConfig{}), "t")
	fakeCluster(t, kfake.Ports(port))
	makeTopic(t, cfg, "t", 1)
	write(t, publisher(t, cfg), pipeline.Record{Topic: "t", Value: []byte("v")})
	get(t, "the record", ch).Ack()
}

func TestASubscriberComesBackAfterTheBroker(t *testing.T) {
	port, dir := freePort(t), t.TempDir()
	start := func() *kfake.Cluster {
		c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(port), kfake.SeedTopics(1, "t"), kfake.DataDir(dir))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	c := start()
	cfg := kafka.Config{Brokers: c.ListenAddrs()}
	p := publisher(t, cfg)
	ch := subscribe(t, subscriber(t, cfg, kafka.SubscriberConfig{DrainTimeout: time.Millisecond}), "t")
	write(t, p, pipeline.Record{Topic: "t", Value: []byte("1")})
	get(t, "the first", ch).Ack()
	c.Close()
	c = start()
	t.Cleanup(c.Close)
	write(t, p, pipeline.Record{Topic: "t", Value: []byte("2")})
	for {
		m := get(t, "the second", ch)
		m.Ack()
		if string(m.Payload) == "2" {
			return
		}
	}
}

// TestTheLagGrowsWhereNothingMoves: of a partition whose window is full nothing is
// fetched, which would tell its end.
func TestTheLagGrowsWhereNothingMoves(t *testing.T) {
	t.Parallel()
	rings(t, func(t *testing.T, cfg kafka.Config) {
		n, p := topic(t, cfg, 1), publisher(t, cfg)
		s := subscriber(t, cfg, kafka.SubscriberConfig{Group: name("g"), WindowRecords: 2})
		subscribe(t, s, n) // nobody takes what it hands out
		lag := func(want int64) {
			t.Helper()
			eventually(t, "the lag of all", func() bool {
				st := s.Stats()
				return len(st.Partitions) == 1 && st.Partitions[0].Lag == want
			})
		}
		for i := range int64(3) {
			write(t, p, keyedRecords(n, numbered(1000)...)...)
			lag(1000 * (i + 1))
		}
	})
}
