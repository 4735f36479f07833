package engine

import (
	"context"
	"strconv"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
)

// Headers of a parked record, beside those it had.
const (
	headerParkedFor    = "parked_for" // the segment that is to try it again
	headerParkedRounds = "parked_rounds"
	headerParkedFirst  = "parked_first_at"
	headerRetryAt      = "retry_at"
)

// A parked record is tried again every parkFor; after parkRounds rounds, two
// hours, it is a dead letter: a provider's slip is mended by then, and what is
// not needs somebody who looks. Every round spends all attempts of the stage.
const (
	parkFor    = 5 * time.Minute
	parkRounds = 24
)

// parked reads how often a record was parked for this segment.
func parkedRounds(r *pipeline.Record) int {
	n, err := strconv.Atoi(r.Text(headerParkedRounds))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// park keeps a record that failed for the segment to try again later.
func park(segment string, r *pipeline.Record, f failure, now time.Time) pipeline.Record {
	rounds := parkedRounds(r) + 1
	headers := make([]pipeline.Header, 0, len(r.Headers)+6)
	for _, h := range r.Headers {
		switch h.Key {
		case headerParkedFor, headerParkedRounds, headerRetryAt:
		default:
			headers = append(headers, h)
		}
	}
	if _, ok := r.Header(headerRaw); !ok {
		raw := rawItself(r)
		headers = append(headers, pipeline.Text(headerRaw, raw.String()), pipeline.Text(headerSHA, raw.SHA256))
	}
	if _, ok := r.Header(headerParkedFirst); !ok {
		headers = append(headers, pipeline.Text(headerParkedFirst, f.first.UTC().Format(time.RFC3339Nano)))
	}
	headers = append(headers,
		pipeline.Text(headerParkedFor, segment),
		pipeline.Header{Key: headerParkedRounds, Value: count(rounds)},
		pipeline.Text(headerRetryAt, now.Add(parkFor).UTC().Format(time.RFC3339Nano)))
	return pipeline.Record{Key: r.Key, Value: r.Value, Headers: headers}
}

// due waits until a parked record is to be tried again.
func due(ctx context.Context, clock pipeline.Clock, r *pipeline.Record) error {
	at, err := time.Parse(time.RFC3339Nano, r.Text(headerRetryAt))
	if err != nil {
		return nil // not parked by us: now is as good as any time
	}
	return clock.Sleep(ctx, at.Sub(clock.Now()))
}
