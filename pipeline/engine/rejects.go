package engine

import (
	"context"
	"time"

	"golang.org/x/time/rate"

	"github.com/reservoirhq/reservoir/pipeline"
)

// rejects keeps what was refused with 400 and 401 in the rejected topic.
type rejects struct {
	to recordWriter
	// strangers bounds what is kept of those who are not verified: 100 a minute
	// and source. The rest is counted only.
	strangers *rate.Limiter
	// background carries what strangers said, which nobody waits for.
	background chan pipeline.Record
	clock      pipeline.Clock
}

const strangersAMinute = 100

func newRejects(to recordWriter, clock pipeline.Clock) *rejects {
	return &rejects{
		to:         to,
		strangers:  rate.NewLimiter(rate.Every(time.Minute/strangersAMinute), strangersAMinute),
		background: make(chan pipeline.Record, strangersAMinute),
		clock:      clock,
	}
}

// keep writes a sender's 400 before it is answered, so that its defect can be
// looked at. What a stranger said never waits and is bounded, be it answered
// 401 or 400.
func (r *rejects) keep(ctx context.Context, w writer, ev pipeline.Event, why *pipeline.Rejection, stranger bool) error {
	switch {
	case why.Reason == pipeline.Malformed && !stranger:
		return r.to.Write(ctx, r.record(w, ev, why))
	case why.Reason == pipeline.Malformed || why.Reason == pipeline.Unverified:
		if r.strangers.AllowN(r.clock.Now(), 1) {
			select {
			case r.background <- r.record(w, ev, why):
			default: // counted by the metric of rejections
			}
		}
	}
	return nil
}

// run writes what strangers said until the context ends.
func (r *rejects) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case record := <-r.background:
			bounded, cancel := context.WithTimeout(ctx, patience)
			_ = r.to.Write(bounded, record) // a stranger's request is worth one try
			cancel()
		}
	}
}

func (r *rejects) record(w writer, ev pipeline.Event, why *pipeline.Rejection) pipeline.Record {
	record := encodeRaw(&ev, w.scrub)
	record.Topic = w.topics.name(pipeline.Rejected, ev.Source)
	if ev.Key == "" {
		record.Key = nil
	}
	record.Headers = append(record.Headers,
		pipeline.Text("rejected_reason", string(why.Reason)),
		pipeline.Text("rejected_error", describe(why)),
		pipeline.Header{Key: "rejected_status", Value: count(why.Reason.Status())},
		pipeline.Text("rejected_at", r.clock.Now().UTC().Format(time.RFC3339Nano)))
	return record
}
