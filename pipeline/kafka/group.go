package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/IBM/sarama"

	"github.com/reservoirhq/reservoir/pipeline"
)

// consume is a member of the group until the subscription closes, whatever
// happens to the broker.
func (s *subscription) consume() {
	for attempt := 0; !s.closing(); attempt++ {
		began := s.conf.Clock.Now()
		err := s.member()
		if s.closing() {
			return
		}
		s.warn("the group cannot be read, trying again", err)
		if s.conf.Clock.Now().Sub(began) > 30*time.Second {
			attempt = 0 // it had worked for a while
		}
		_ = s.conf.Clock.Sleep(s.ctx, doubled(100*time.Millisecond, 5*time.Second, attempt))
	}
}

// member joins with a client of its own and goes from session to session. With
// cooperative rebalancing a session outlives rebalances: one ends only by
// trouble or by our leaving.
func (s *subscription) member() error {
	conf := *s.sarama
	conf.Consumer.Group.InstanceId = s.instance
	lines := linesOf(&conf)
	// From now on an order to close is not held up by a silent broker.
	ended, end := context.WithCancelCause(context.Background())
	var beside sync.WaitGroup
	defer beside.Wait()
	defer end(nil)
	beside.Go(func() { s.hangUp(ended, lines) })
	start := newLaps(s.conf.Clock)
	client, err := sarama.NewClient(s.brokers, &conf)
	if err != nil {
		return fmt.Errorf("kafka: connect to %v: %w", s.brokers, err)
	}
	defer func() { _ = client.Close() }()
	group, err := s.newGroup(client)
	if err != nil {
		return err
	}
	beside.Go(func() {
		for err := range group.Errors() {
			s.warn("trouble in the group", err)
		}
	})
	start.lap("connect")
	beside.Go(func() { s.followEnds(ended, client) })
	err = s.sessions(group, client, start)
	if failed := group.Close(); failed != nil && err == nil && !s.closing() {
		err = fmt.Errorf("kafka: leave group %s: %w", s.conf.Group, failed)
	}
	end(errLeft)
	return err
}

func (s *subscription) sessions(group sarama.ConsumerGroup, client sarama.Client, start *laps) error {
	for ; !s.closing(); start = newLaps(s.conf.Clock) {
		if err := s.closeGap(client); err != nil {
			return err
		}
		start.lap("look")
		if s.txn != nil {
			// Before the group tells us where to begin: what our predecessor
			// left open ends now.
			if _, err := s.txn.open(s.ctx); err != nil {
				return err
			}
			start.lap("transactions")
		}
		h := &handler{subscription: s, client: client, laps: start}
		if err := group.Consume(s.ctx, s.topics, h); err != nil {
			return fmt.Errorf("kafka: consume %v: %w", s.topics, err)
		}
		_ = s.conf.Clock.Sleep(s.ctx, 100*time.Millisecond) // it ended by trouble
	}
	return nil
}

// handler is what sarama calls in one session.
type handler struct {
	*subscription
	client sarama.Client
	laps   *laps
	stop   func() // ends the session's commits
}

var _ sarama.ConsumerGroupHandler = (*handler)(nil)

// Setup starts committing. A static member that was given topics of its former
// life, because the group was not stable when it looked, looks again.
func (h *handler) Setup(session sarama.ConsumerGroupSession) error {
	for topic := range session.Claims() {
		if !slices.Contains(h.topics, topic) {
			return fmt.Errorf("kafka: group %s gave us %s, which is not read any more; joining again", h.conf.Group, topic)
		}
	}
	h.joined(session)
	if h.txn != nil {
		h.stop = h.txn.start(session)
		return nil
	}
	h.stop = h.commit.start(session)
	return nil
}

// joined tells where the time of a start went.
func (h *handler) joined(session sarama.ConsumerGroupSession) {
	n := 0
	for _, ids := range session.Claims() {
		n += len(ids)
	}
	h.laps.lap("join")
	h.log.Info("joined the group", append(h.laps.steps, h.laps.after(), slog.Int("partitions", n), slog.Int("generation", int(session.GenerationID())))...)
	h.starting.Store(h.laps)
}

// Cleanup is called after every claim has ended; sarama commits afterwards
// what they marked. It is called after a Setup that failed, too.
func (h *handler) Cleanup(sarama.ConsumerGroupSession) error {
	if h.stop != nil {
		h.stop()
	}
	return nil
}

// ConsumeClaim holds one partition until it is lost or let go.
func (h *handler) ConsumeClaim(session sarama.ConsumerGroupSession, from sarama.ConsumerGroupClaim) error {
	p := pipeline.Partition{Topic: from.Topic(), ID: from.Partition()}
	start, committed, err := h.start(p, from.InitialOffset())
	if err != nil {
		return err // sarama ends the session; the next one asks again
	}
	c := newClaim(h.subscription, p, from, start)
	if committed {
		c.marked = start
	} else if h.txn != nil {
		if c.marked, err = h.origin(session.Context(), p, start); err != nil {
			return err
		}
		c.unseen = true
	}
	if !committed && h.txn == nil {
		// A mark only raises an offset: one behind the end would stay, and pass
		// what is written up to there (invariant 5). The claim is not held yet, so
		// that no commit marks it before.
		session.ResetOffset(p.Topic, p.ID, start, "")
	}
	h.hold(c)
	defer h.release(c)
	// A group that reads a topic is to be seen, before its first record is done.
	if h.txn != nil {
		h.txn.now()
		c.run(session)
		return nil
	}
	h.commit.now()
	c.run(session)
	c.mark(session)
	return nil
}

// start gives the offset a claim begins at, and whether the group has
// committed it.
func (h *handler) start(p pipeline.Partition, initial int64) (offset int64, committed bool, err error) {
	if initial >= 0 {
		return initial, true, nil
	}
	offset, err = h.client.GetOffset(p.Topic, p.ID, sarama.OffsetOldest)
	if err != nil {
		return 0, false, fmt.Errorf("kafka: ask for the first offset of %s: %w", p, err)
	}
	return offset, false, nil
}

// lost tells from the end of a session whether its claims may already be
// another member's: then nothing that a handler still does counts.
func (s *subscription) lost(session context.Context) bool {
	cause := context.Cause(session)
	switch {
	case errors.Is(cause, sarama.ErrSessionConsumeClaimExited),
		errors.Is(cause, sarama.ErrSessionPartitionCountChanged):
		return false // the session is ours until its claims have ended
	case errors.Is(cause, context.Canceled):
		return !s.closing()
	}
	return cause != nil
}
