package engine

import (
	"errors"
	"slices"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
)

// failure is why a record ends as a dead letter or is parked.
type failure struct {
	reason   pipeline.Reason
	stage    string
	err      error
	attempts int
	first    time.Time
}

func failureOf(err error, now time.Time) failure {
	f := failure{reason: reasonOf(err), err: err, attempts: 1, first: now}
	var failed *stageError
	if errors.As(err, &failed) {
		f.stage, f.attempts, f.first = failed.stage, failed.attempts, failed.first
	}
	return f
}

// deadLetter keeps the record as it was (key, value, all headers) and says
// what happened to it, where and when.
func deadLetter(r *pipeline.Record, f failure, now time.Time) pipeline.Record {
	headers := append(slices.Clone(r.Headers),
		pipeline.Text("dead_reason", string(f.reason)),
		pipeline.Text("dead_stage", f.stage),
		pipeline.Text("dead_error", describe(f.err)),
		pipeline.Header{Key: "dead_attempts", Value: count(f.attempts)},
		pipeline.Text("dead_first_at", f.first.UTC().Format(time.RFC3339Nano)),
		pipeline.Text("dead_at", now.UTC().Format(time.RFC3339Nano)),
		pipeline.Text("dead_topic", r.Topic),
		pipeline.Header{Key: "dead_partition", Value: count(int(r.Partition))},
		pipeline.Header{Key: "dead_offset", Value: count(int(r.Offset))},
	)
	return pipeline.Record{Key: r.Key, Value: r.Value, Headers: headers}
}

// withoutBody is a dead letter too large for its topic: the record it speaks
// of is where dead_topic, dead_partition and dead_offset say.
func withoutBody(r pipeline.Record) pipeline.Record {
	kept := []pipeline.Header{pipeline.Text("dead_value", "left where it was: too large for this topic")}
	for _, h := range r.Headers {
		if len(h.Value) <= 4096 {
			kept = append(kept, h)
		}
	}
	return pipeline.Record{Topic: r.Topic, Key: r.Key, Value: []byte{}, Headers: kept}
}
