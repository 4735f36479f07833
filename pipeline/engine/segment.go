package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// segment is the handler of one Watermill route: it reads records, takes each
// through its chain and hands the outputs to the committer. It returns once
// they are acknowledged, and only then does the record's offset move.
type segment struct {
	name      string
	chain     *chain
	writer    writer
	committer committer
	sources   map[string]pipeline.Source
	clock     pipeline.Clock
	metrics   *metrics
	inFlight  prometheus.Gauge
	// parks says that a record whose attempts are spent is tried again later;
	// from normalised on it would break the order of its booking.
	parks bool
	// adopts says whose parked records this segment tries beside its own:
	// those of segments that an earlier layout had and this one has not.
	adopts func(segment string) bool
}

// handle is one record's way through the segment. An error means that the
// record is not done and will be read again: nothing but the end of the claim
// or of the process gives one.
func (s *segment) handle(msg *message.Message) error {
	ctx := msg.Context()
	r := kafka.RecordOf(msg)
	s.inFlight.Inc()
	defer s.inFlight.Dec()
	mine, err := s.mine(ctx, r)
	if err != nil || !mine {
		return err
	}
	done, set, err := s.process(ctx, r)
	if err != nil {
		return err
	}
	err = s.committer.commit(msg, set, func(safe bool) { s.settled(done, safe) })
	if err != nil {
		done.settle(false)
	}
	if kafka.IsTooLarge(err) {
		return s.bury(msg, r, pipeline.Reject(pipeline.TooLarge, errors.New("an output of this record is larger than its topic takes")))
	}
	return err
}

// settled tells the stages, and counts what is safe.
func (s *segment) settled(done result, safe bool) {
	done.settle(safe)
	if safe {
		s.metrics.outcomes(s, done)
	}
}

// mine tells a parked record of another segment, and waits for one of this
// segment to be due.
func (s *segment) mine(ctx context.Context, r pipeline.Record) (bool, error) {
	if r.Topic != s.writer.topics[pipeline.Retry] {
		return true, nil
	}
	if parkedFor := r.Text(headerParkedFor); parkedFor != s.name && !s.adopts(parkedFor) {
		return false, nil
	}
	return true, due(ctx, s.clock, r)
}

// process gives what becomes of a record: its outputs, or a letter about it.
func (s *segment) process(ctx context.Context, r pipeline.Record) (result, outputSet, error) {
	ev, err := s.decode(r)
	if err == nil {
		var done result
		var set outputSet
		if done, err = s.chain.run(ctx, ev); err == nil {
			if set, err = s.writer.set(done); err == nil {
				return done, set, nil
			}
			done.settle(false)
		}
	}
	if ctx.Err() != nil {
		return result{}, outputSet{}, ctx.Err()
	}
	if errors.Is(err, context.Canceled) {
		return result{}, outputSet{}, err
	}
	return result{}, s.letter(r, err), nil
}

func (s *segment) decode(r pipeline.Record) (pipeline.Event, error) {
	ev, err := decode(r)
	if err != nil {
		return pipeline.Event{}, err
	}
	if _, known := s.sources[ev.Source]; !known {
		return pipeline.Event{}, pipeline.Rejectf(pipeline.UnknownSource, "no source of this pipeline has the name in the record %s", r.Position())
	}
	return ev, nil
}

// letter parks what may still succeed and buries the rest.
func (s *segment) letter(r pipeline.Record, err error) outputSet {
	now := s.clock.Now()
	f := failureOf(err, now)
	var set outputSet
	source := r.Text(headerSource)
	_, refused := pipeline.AsRejection(err)
	if s.parks && !refused && parkedRounds(r) < parkRounds {
		set.add(results, s.writer.topics.name(pipeline.Retry, source), park(s.name, r, f, now))
		s.metrics.outcome(s.chain.pipeline, source, f.stage, "parked", string(f.reason))
		return set
	}
	set.add(results, s.writer.topics.name(pipeline.Dead, source), deadLetter(r, f, now))
	s.metrics.outcome(s.chain.pipeline, source, f.stage, "dead", string(f.reason))
	return set
}

// bury writes a dead letter alone.
func (s *segment) bury(msg *message.Message, r pipeline.Record, cause error) error {
	f := failureOf(cause, s.clock.Now())
	var set outputSet
	set.add(results, s.writer.topics.name(pipeline.Dead, r.Text(headerSource)), deadLetter(r, f, s.clock.Now()))
	counted := func(safe bool) {
		if safe {
			s.metrics.outcome(s.chain.pipeline, r.Text(headerSource), f.stage, "dead", string(f.reason))
		}
	}
	err := s.committer.commit(msg, set, counted)
	if kafka.IsTooLarge(err) {
		set[results][0] = withoutBody(set[results][0])
		err = s.committer.commit(msg, set, counted)
	}
	if err != nil {
		return fmt.Errorf("write the dead letter of %s: %w", r.Position(), err)
	}
	return nil
}
