package dedupe

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
)

// What bounds the tail that a restart reads.
const (
	// tick is how often the background looks for something to do.
	tick = 2 * time.Second
	// every is the longest that a checkpoint stays behind states that changed,
	// and manyChanged how many of them it may stay behind for less.
	every       = 10 * time.Second
	manyChanged = 10_000
	// idle is how often a partition is looked at in which nothing changed here:
	// a lost member may have written to it.
	idle = 5 * time.Minute
	// flushed is how long states may stay in memory alone.
	flushed = 5 * time.Minute
	// swept is how many states are looked at for whether they have expired each
	// time their partition is looked at.
	swept = 2000
	// restFactor is how much longer than it works on a partition the background
	// rests after it.
	restFactor = 3
)

// open opens the store with the first claim.
func (s *stage) open() (*store, error) {
	s.opening.Lock()
	defer s.opening.Unlock()
	if s.store != nil {
		return s.store, nil
	}
	if s.where.dir == memoryOnly {
		s.deps.Log.Warn("the state is kept in memory and restored whole at every start; give the stage dedupe a `dir`")
	}
	st, err := openStore(s.where)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	s.store, s.stop = st, stop
	s.work.Go(func() { s.background(ctx, st) })
	return st, nil
}

// Close ends the background's work and closes the local state. It is called
// after the last event is settled.
func (s *stage) Close() error {
	s.opening.Lock()
	defer s.opening.Unlock()
	if s.store == nil {
		return nil
	}
	s.stop()
	for _, p := range s.claimed() {
		s.Revoked(p.id)
	}
	s.work.Wait()
	err := s.store.close()
	s.store = nil
	return err
}

func (s *stage) claimed() []*partition {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var all []*partition
	for _, p := range s.partitions {
		all = append(all, p)
	}
	return all
}

// background follows the topic, drops what has expired and bounds what a crash
// would lose.
func (s *stage) background(ctx context.Context, st *store) {
	var flush, forget time.Time
	for {
		now := s.clock.Now()
		for _, p := range s.claimed() {
			if p.due(now) {
				s.complain("look after the state", s.tend(p, now))
				if s.rest(ctx, now) != nil {
					return
				}
				now = s.clock.Now()
			}
		}
		if now.Sub(forget) >= trusted/8 {
			s.complain("forget lost partitions", st.forgetLost(s.unheld, now))
			forget = now
		}
		if now.Sub(flush) >= flushed {
			_, err := st.db.AsyncFlush()
			s.complain("flush", err)
			flush = now
		}
		if s.clock.Sleep(ctx, tick) != nil {
			return
		}
	}
}

// rest keeps the background from taking more than a part of one core from the
// stream, however much there is to follow.
func (s *stage) rest(ctx context.Context, began time.Time) error {
	took := s.clock.Now().Sub(began)
	if took < time.Millisecond {
		return nil
	}
	return s.clock.Sleep(ctx, min(restFactor*took, every))
}

func (s *stage) complain(doing string, err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		s.deps.Log.Warn("dedupe: local state", slog.String("doing", doing), slog.Any("error", err))
	}
}

// unheld runs fn unless the partition is ours, or is being restored or let go;
// meanwhile none of that begins.
func (s *stage) unheld(id pipeline.Partition, fn func() error) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.partitions[id] != nil || s.moving[id] > 0 {
		return nil
	}
	return fn()
}

func (p *partition) due(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	waited := now.Sub(p.tended)
	return p.changed >= manyChanged || p.changed > 0 && waited >= every || waited >= idle
}

// tend looks after one partition.
func (s *stage) tend(p *partition, now time.Time) error {
	p.follow.Lock()
	defer p.follow.Unlock()
	passed := p.pass(now)
	p.watch(now)
	defer p.unwatch()
	if err := p.advance(p.ctx, now, passed); err != nil {
		return fmt.Errorf("follow the state of %s: %w", p.id, err)
	}
	if now.Sub(p.sweptAt) < every {
		return nil
	}
	p.sweptAt = now
	if err := p.expire(p.ctx, now, s.window); err != nil {
		return fmt.Errorf("drop expired states of %s: %w", p.id, err)
	}
	return nil
}

// watch begins to note which bookings change from now on, unwatch forgets those
// that changed before.
func (p *partition) watch(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.recent, p.older = make(map[string]int64, len(p.recent)), p.recent
	p.tended, p.changed = now, 0
}

func (p *partition) unwatch() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.older = nil
}
