package ledger

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/engine"
	"github.com/reservoirhq/reservoir/stages/dedupe"
)

// state is a record of bookings.current: its digest, and what the dedupe stage
// remembers beside it.
type state struct {
	at     pipeline.Position
	sum    sum
	memory string
	gone   bool // a tombstone
}

func stateOf(r pipeline.Record) state {
	return state{at: r.Position(), sum: digest(r), memory: r.Text(pipeline.StateHeader), gone: r.Value == nil}
}

// replay is the dedupe stage over bookings.normalised from scratch, alone and
// undisturbed, in exactly the order of the topic.
type replay struct {
	stage  pipeline.Stage
	dir    string
	owned  map[int32]bool
	latest map[string]state
	count  int32
}

func newReplay(cfg Config) (*replay, error) {
	dir, err := os.MkdirTemp("", "reservoir-replay-*")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the replay: %w", err)
	}
	deps := pipeline.StageDeps{Pipeline: "replay", Clock: pipeline.WallClock{}, Log: slog.New(slog.DiscardHandler), DataDir: dir}
	stage, err := dedupe.New(dedupe.Defaults(), deps)
	if err != nil {
		return nil, err
	}
	return &replay{stage: stage, dir: dir, owned: map[int32]bool{}, latest: map[string]state{}, count: cfg.Partitions}, nil
}

func (p *replay) close() error {
	defer os.RemoveAll(p.dir)
	if c, ok := p.stage.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// take gives the stage one record. What no pipeline can read changes no state.
func (p *replay) take(r pipeline.Record, junk bool) error {
	ctx := context.Background()
	if !p.owned[r.Partition] {
		owner := p.stage.(pipeline.Partitioned)
		if err := owner.Assigned(ctx, pipeline.Partition{Topic: r.Topic, ID: r.Partition}, nothing{p.count}); err != nil {
			return err
		}
		p.owned[r.Partition] = true
	}
	ev, err := engine.Decode(r)
	if err != nil && junk {
		return nil
	}
	if err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	out, err := p.stage.Process(ctx, ev)
	if _, ended := pipeline.AsEnding(err); ended {
		return nil
	}
	if err != nil {
		return fmt.Errorf("replay %s: %w", r.Position(), err)
	}
	for _, ev := range out {
		for _, side := range ev.Side {
			if side.Output == pipeline.Current {
				p.latest[string(side.Record.Key)] = stateOf(side.Record)
			}
		}
		p.stage.(pipeline.Settler).Settle(ev, true)
	}
	return nil
}

// nothing is the state of a pipeline that never ran.
type nothing struct{ partitions int32 }

var _ pipeline.StateReader = nothing{}

func (nothing) Each(context.Context, int64, func(pipeline.Record) error) error { return nil }
func (nothing) StateEnd(context.Context) (int64, error)                        { return 0, nil }
func (nothing) Restore(context.Context, pipeline.Record) error                 { return nil }
func (nothing) End() int64                                                     { return 0 }
func (nothing) InputEnd(context.Context) (int64, error)                        { return 0, nil }
func (n nothing) Partitions() int32                                            { return n.partitions }

// addCurrent keeps the last state of each booking.
func (l *Ledger) addCurrent(r pipeline.Record) {
	l.atHome(r)
	l.current[string(r.Key)] = stateOf(r)
}

// states: the last state of each booking is what the replay gives.
func (l *Ledger) states() {
	for key, want := range l.replay.latest {
		have, ok := l.current[key]
		switch {
		case !ok:
			l.found.add(State, "%s has no state on %s", key, l.cfg.Outputs[pipeline.Current])
		case have.gone:
			l.found.add(State, "%s is forgotten at %s", key, have.at)
		case have.sum != want.sum:
			l.found.add(State, "the last state of %s, at %s, is not what a replay gives", key, have.at)
		case have.memory != want.memory:
			l.found.add(State, "what is remembered of %s, at %s, is not what a replay gives", key, have.at)
		}
	}
	for key, have := range l.current {
		if _, ok := l.replay.latest[key]; !ok && !have.gone {
			l.found.add(State, "%s has a state at %s, and a replay gives none", key, have.at)
		}
	}
}
