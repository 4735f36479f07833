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

const (
	bareText    = 4 << 10  // of a header's value, or a key
	bareHeaders = 64 << 10 // of all of them, with their names
)

// withoutBody is a dead letter too large for its topic: the record it speaks
// of is where dead_topic, dead_partition and dead_offset say. What a stranger
// wrote may be large everywhere: it must fit whatever that was.
func withoutBody(r pipeline.Record) pipeline.Record {
	kept := []pipeline.Header{pipeline.Text("dead_value", "left where it was: too large for this topic")}
	left := bareHeaders
	for _, h := range slices.Backward(r.Headers) { // what we say of it is last
		if n := len(h.Key) + len(h.Value); len(h.Value) <= bareText && n <= left {
			kept = append(kept, h)
			left -= n
		}
	}
	slices.Reverse(kept[1:])
	bare := pipeline.Record{Topic: r.Topic, Key: r.Key, Value: []byte{}, Headers: kept}
	if len(r.Key) > bareText {
		bare.Key = nil
	}
	return bare
}
