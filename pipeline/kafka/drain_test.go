package kafka_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// endOf gives one value when a context ends.
func endOf(ctx context.Context) <-chan error {
	ch := make(chan error, 1)
	context.AfterFunc(ctx, func() { ch <- context.Cause(ctx) })
	return ch
}

func TestCloseLetsHandlersFinishAndTheirAcksCount(t *testing.T) {
	t.Parallel()
	rings(t, func(t *testing.T, cfg kafka.Config) {
		n, g := topic(t, cfg, 1), name("g")
		write(t, publisher(t, cfg), keyedRecords(n, "a", "b", "a")...)
		s := subscriber(t, cfg, kafka.SubscriberConfig{Group: g})
		ch := subscribe(t, s, n)
		held := []*message.Message{get(t, "a record", ch), get(t, "another", ch)}
		closed := make(chan error, 1)
		go func() { closed <- s.Close() }()
		eventually(t, "the subscriber closing", func() bool {
			_, err := s.Subscribe(t.Context(), n)
			return errors.Is(err, kafka.ErrClosed)
		})
		for _, m := range held {
			if m.Context().Err() != nil {
				t.Error("a handler's context ended while it had time to finish")
			}
			m.Ack()
		}
		if err := get(t, "the end of Close", closed); err != nil {
			t.Error(err)
		}
		for m := range ch {
			t.Errorf("%s was begun after Close", m.Payload)
		}
		if got := committed(t, admin(t, cfg), g, n, 0); got != 2 {
			t.Errorf("offset %d committed, want 2", got)
		}
	})
}

func TestAHandlerThatDoesNotFinishIsCancelledAtTheBoundAndItsRecordComesAgain(t *testing.T) {
	t.Parallel()
	rings(t, func(t *testing.T, cfg kafka.Config) {
		n, g := topic(t, cfg, 1), name("g")
		write(t, publisher(t, cfg), keyedRecords(n, "a", "b")...)
		s := subscriber(t, cfg, kafka.SubscriberConfig{Group: g, DrainTimeout: 20 * time.Millisecond})
		ch := subscribe(t, s, n)
		slow := get(t, "a record", ch)
		get(t, "the other", ch).Ack()
		ended := endOf(slow.Context())
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		get(t, "the end of its context", ended)
		slow.Ack() // does not count
		eventually(t, "the late ack counted", func() bool { return s.Stats().LateAcks == 1 })
		again := subscribe(t, subscriber(t, cfg, kafka.SubscriberConfig{Group: g}), n)
		for {
			m := get(t, "the record again", again)
			m.Ack()
			if string(m.Payload) == string(slow.Payload) {
				return
			}
		}
	})
}

func TestAPartitionIsReadOnlyOnceItWasTakenOnAndLetGoAfterItsLastHandler(t *testing.T) {
	t.Parallel()
	cfg := fake(t)
	n := topic(t, cfg, 1)
	write(t, publisher(t, cfg), pipeline.Record{Topic: n})
	var assigned, revoked, handling atomic.Int32
	s := subscriber(t, cfg, kafka.SubscriberConfig{
		NackBackoff: time.Millisecond,
		OnAssigned: func(_ context.Context, p pipeline.Partition) error {
			if p != (pipeline.Partition{Topic: n}) {
				t.Errorf("assigned %s", p)
			}
			if assigned.Add(1) < 3 {
				return errors.New("no state yet")
			}
			return nil
		},
		OnRevoked: func(pipeline.Partition) {
			if handling.Load() != 0 {
				t.Error("let go while a handler worked")
			}
			revoked.Add(1)
		},
	})
	ch := subscribe(t, s, n)
	m := get(t, "the record", ch)
	if got := assigned.Load(); got != 3 {
		t.Errorf("a record after %d tries to take the partition on, want 3", got)
	}
	handling.Store(1)
	closed := make(chan error, 1)
	go func() { closed <- s.Close() }()
	eventually(t, "the subscriber closing", func() bool {
		_, err := s.Subscribe(t.Context(), n)
		return errors.Is(err, kafka.ErrClosed)
	})
	handling.Store(0)
	m.Ack()
	get(t, "the end of Close", closed)
	if got := revoked.Load(); got != 1 {
		t.Errorf("let go %d times", got)
	}
}

func TestAPartitionThatCannotBeTakenOnDoesNotHoldUpClose(t *testing.T) {
	t.Parallel()
	cfg := fake(t)
	n := topic(t, cfg, 1)
	tried := make(chan struct{}, 1)
	s := subscriber(t, cfg, kafka.SubscriberConfig{
		OnAssigned: func(ctx context.Context, _ pipeline.Partition) error {
			tried <- struct{}{}
			<-ctx.Done()
			return ctx.Err()
		},
		OnRevoked: func(pipeline.Partition) { t.Error("let go what was never taken on") },
	})
	subscribe(t, s, n)
	get(t, "a try", tried)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestTheRouterDrains runs Watermill's router, which adds a hop to the channel,
// ends the context of Subscribe while its handlers work, and waits for both.
func TestTheRouterDrains(t *testing.T) {
	t.Parallel()
	rings(t, func(t *testing.T, cfg kafka.Config) {
		in, out, g := topic(t, cfg, 1), topic(t, cfg, 1), name("g")
		p := publisher(t, cfg)
		write(t, p, keyedRecords(in, numbered(50)...)...)
		router, err := message.NewRouter(message.RouterConfig{CloseTimeout: patience}, watermill.NopLogger{})
		if err != nil {
			t.Fatal(err)
		}
		working, proceed := make(chan struct{}, 50), make(chan struct{})
		router.AddHandler("h", in, subscriber(t, cfg, kafka.SubscriberConfig{Group: g}), out, p.KeepOpen(), func(m *message.Message) ([]*message.Message, error) {
			working <- struct{}{}
			<-proceed
			return []*message.Message{m}, m.Context().Err()
		})
		ran := make(chan error, 1)
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		go func() { ran <- router.Run(ctx) }()
		for range 50 {
			get(t, "a handler", working)
		}
		closed := make(chan error, 1)
		go func() { closed <- router.Close() }()
		cancel()
		close(proceed)
		if err := errors.Join(get(t, "the end of Run", ran), get(t, "the end of Close", closed)); err != nil {
			t.Error(err)
		}
		if got := len(readAll(t, cfg, out)[0]); got != 50 {
			t.Errorf("%d records came out, want 50", got)
		}
		if got := committed(t, admin(t, cfg), g, in, 0); got != 50 {
			t.Errorf("offset %d committed, want 50", got)
		}
		write(t, p, pipeline.Record{Topic: out}) // the router did not close it
	})
}
