package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// segment is the handler of one Watermill route: it takes the records of a
// message through its chain and hands the outputs to the committer. It returns
// once they are acknowledged, and only then do the records' offsets move.
type segment struct {
	name      string
	chain     *chain
	writer    writer
	committer committer
	sources   map[string]pipeline.Source
	clock     pipeline.Clock
	metrics   *metrics
	passed    map[string]prometheus.Counter // events that passed every stage, by source
	works     sync.Pool                     // of *work
	inFlight  prometheus.Gauge
	// parks says that a record whose attempts are spent is tried again later;
	// from normalised on it would break the order of its booking.
	parks bool
	// adopts says whose parked records this segment tries beside its own:
	// those of segments that an earlier layout had and this one has not.
	adopts func(segment string) bool
}

// handle is the way of a message's records through the segment. An error means
// that they are not done and will be handled again: the end of the claim or of
// the process gives one, and a record that has to wait and did not come alone.
func (s *segment) handle(msg *message.Message) error {
	return s.through(msg, func(i int) any { return kafka.PreparedOf(msg, i) })
}

func (s *segment) through(msg *message.Message, prepared func(i int) any) error {
	records := kafka.RecordsOf(msg)
	s.inFlight.Add(float64(len(records)))
	defer s.inFlight.Sub(float64(len(records)))
	w := s.begin(records, !kafka.IsAlone(msg), prepared)
	for i := range records {
		if err := s.take(msg.Context(), w, i); err != nil {
			w.release()
			return err
		}
	}
	err := s.commit(msg, w)
	if err == nil {
		w.left()
	}
	return err
}

// take takes one record through the chain and puts what it leads to in the set.
func (s *segment) take(ctx context.Context, w *work, i int) error {
	r := w.records[i]
	mine, err := s.mine(ctx, r)
	if err != nil || !mine {
		return err
	}
	w.done[i], err = s.process(ctx, w, i)
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	w.done[i] = s.letter(&w.set, i, r, err)
	return nil
}

// mine tells a parked record of another segment, and waits for one of this
// segment to be due.
func (s *segment) mine(ctx context.Context, r *pipeline.Record) (bool, error) {
	if r.Topic != s.writer.topics[pipeline.Retry] {
		return true, nil
	}
	if parkedFor := r.Text(headerParkedFor); parkedFor != s.name && !s.adopts(parkedFor) {
		return false, nil
	}
	return true, due(ctx, s.clock, r)
}

func (s *segment) process(ctx context.Context, w *work, i int) (result, error) {
	done, err := s.chained(ctx, w, i)
	if err != nil {
		return result{}, err
	}
	if err := s.writer.write(&w.set, i, &done); err != nil {
		done.settle(false)
		return result{}, err
	}
	return done, nil
}

func (s *segment) chained(ctx context.Context, w *work, i int) (result, error) {
	if a, ok := w.prepared(i).(*ahead); ok {
		return s.chain.goOn(ctx, a, w.room(i))
	}
	ev, err := s.decode(w.records[i])
	if err != nil {
		return result{}, err
	}
	w.events[i] = ev
	return s.chain.run(ctx, &w.events[i], w.room(i))
}

// prepare takes a record through the first stage, where that looks things up,
// before it joins others in a message: it waits, for the answer and between
// attempts, without them. Every outcome of the stage is kept, so that nothing
// is asked twice; an error means that it came to none, at the end of the claim.
func (s *segment) prepare(ctx context.Context, r *pipeline.Record) (any, error) {
	s.inFlight.Inc()
	defer s.inFlight.Dec()
	ev, err := s.decode(r)
	if err != nil {
		return &ahead{err: err}, nil
	}
	out, err := s.chain.step(ctx, &s.chain.steps[0], &ev, false)
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if errors.Is(err, context.Canceled) {
		return nil, err
	}
	return &ahead{event: &ev, out: out, err: err}, nil
}

func (s *segment) decode(r *pipeline.Record) (pipeline.Event, error) {
	ev, err := decode(r)
	if err != nil {
		return pipeline.Event{}, err
	}
	// Behind normalise nothing asks for the provider: a booking goes on also where
	// this member's file is older than that of the one that took it.
	if _, known := s.sources[ev.Source]; !known && ev.Booking == nil {
		return pipeline.Event{}, pipeline.Rejectf(pipeline.UnknownSource, "no source of this pipeline has the name in the record %s", r.Position())
	}
	return ev, nil
}

// letter parks what may still succeed and buries the rest.
func (s *segment) letter(set *outputSet, i int, r *pipeline.Record, err error) result {
	now := s.clock.Now()
	f := failureOf(err, now)
	source := r.Text(headerSource)
	outcome := "dead"
	if s.parks && mayPass(err) && parkedRounds(r) < parkRounds {
		outcome = "parked"
		set.add(i, results, s.writer.topics.name(pipeline.Retry, source), park(s.name, r, f, now))
	} else {
		set.add(i, results, s.writer.topics.name(pipeline.Dead, source), deadLetter(r, f, now))
	}
	return result{letter: letter{source: s.label(source), stage: f.stage, outcome: outcome, reason: string(f.reason)}}
}

// mayPass tells what may succeed later: what was not refused, and a source that
// is not configured here. While members get a new file one after the other, one
// has it and another not yet.
func mayPass(err error) bool {
	rejection, refused := pipeline.AsRejection(err)
	return !refused || rejection.Reason == pipeline.UnknownSource
}

// label gives the label of a source: a name of the configuration, never data.
func (s *segment) label(source string) string {
	if _, known := s.sources[source]; known {
		return source
	}
	return ""
}

// commit makes the outputs safe. A record of which one is too large for its
// topic becomes a dead letter, the others are what they were.
func (s *segment) commit(msg *message.Message, w *work) error {
	for {
		err := s.committer.commit(msg, &w.set, w)
		large, ok := errors.AsType[*oversize](err)
		if !ok {
			if err != nil {
				w.release()
			}
			return err
		}
		if err := s.bury(w, large.input); err != nil {
			w.release()
			return err
		}
	}
}

// bury puts a dead letter in the place of what a record led to; where that was
// a letter already, its body stays where it was.
func (s *segment) bury(w *work, i int) error {
	r, done := w.records[i], &w.done[i]
	if done.letter.bare {
		return fmt.Errorf("write the dead letter of %s: it is too large for its topic even without the body; raise the topic's max.message.bytes", r.Position())
	}
	if done.letter.outcome != "" {
		w.set.strip(i)
		done.letter.bare = true
		return nil
	}
	done.settle(false)
	w.set.drop(i)
	*done = s.letter(&w.set, i, r, pipeline.Reject(pipeline.TooLarge, errors.New("an output of this record is larger than its topic takes")))
	return nil
}
