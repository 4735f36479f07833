package engine

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking/jsontext"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// web is the HTTP segment: the handler of one source's webhooks.
type web struct {
	source   pipeline.Source
	receiver pipeline.Receiver
	chain    *chain
	writer   writer
	log      recordWriter
	rejects  *rejects
	limit    *rate.Limiter // counts what was verified; nil is no limit
	doorway  *doorway
	waits    waits
	health   *health
	metrics  *metrics
	counts   webCounts
	clock    pipeline.Clock
	random   func() uint64
	logger   *slog.Logger
	outcry   *rate.Sometimes // how often trouble is logged; the counters have all of it
}

// seldom lets the first cases of a trouble be logged, and one of many later: in
// an outage every webhook meets the same.
func seldom() *rate.Sometimes { return &rate.Sometimes{First: 3, Interval: 10 * time.Second} }

// webCounts are the metrics of a webhook that is accepted, looked up once.
type webCounts struct {
	ok, passed prometheus.Counter
	seconds    prometheus.Observer
}

func (m *metrics) web(pipeline, source string) webCounts {
	return webCounts{
		ok:      m.webAnswers.WithLabelValues(source, strconv.Itoa(http.StatusOK)),
		passed:  m.counter(pipeline, source, receiver, "passed", ""),
		seconds: m.webSeconds.WithLabelValues(source),
	}
}

// ServeHTTP answers 200 only once the first topic has the webhook (invariant 1).
func (h *web) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := h.clock.Now()
	status := h.serve(w, r)
	if status == http.StatusOK {
		h.counts.ok.Inc()
	} else {
		h.metrics.webAnswers.WithLabelValues(h.source.Name, strconv.Itoa(status)).Inc()
	}
	h.counts.seconds.Observe(h.clock.Now().Sub(began).Seconds())
}

func (h *web) serve(w http.ResponseWriter, r *http.Request) int {
	weight, full := h.doorway.enter(r.ContentLength)
	if full != "" {
		return h.sorry(w, full)
	}
	defer h.doorway.leave(weight)
	h.metrics.webInFlight.Inc()
	defer h.metrics.webInFlight.Dec()
	if why := h.health.unready(); why != "" {
		return h.sorry(w, why) // invariant 2
	}
	ev, err := h.receiver.Receive(w, r, h.source)
	ev.TraceParent = traceParent(r.Header, h.random)
	ctx := h.waits.begin(h.clock.Now()) // its body may have taken a while
	if err == nil {
		ev, err = h.accept(ctx, ev)
	}
	if err != nil {
		return h.refuse(ctx, w, ev, err)
	}
	return h.safe(w, ev.ID)
}

// accept runs the stages in front of the first topic and writes to it.
func (h *web) accept(ctx context.Context, ev pipeline.Event) (pipeline.Event, error) {
	done, err := h.chain.run(ctx, &ev, result{})
	if err != nil {
		return ev, err
	}
	if len(done.events) != 1 {
		return ev, errors.New("the stages in front of the first topic must give one event")
	}
	ev = *done.events[0]
	if h.limit != nil && !h.limit.AllowN(h.clock.Now(), 1) {
		return ev, pipeline.Rejectf(pipeline.RateLimited, "over the limit of the source %s", h.source.Name)
	}
	set := outputSet{inputs: 1}
	if err := h.writer.write(&set, 0, &done); err != nil {
		return ev, err
	}
	for _, part := range set.phases {
		if len(part.records) == 0 {
			continue
		}
		// Answering first would lose the booking if this process died now
		// (invariant 1).
		err := h.log.Write(ctx, part.records...)
		h.health.wrote(err)
		if kafka.IsTooLarge(err) {
			return ev, pipeline.Rejectf(pipeline.TooLarge, "body and headers are larger together than the topic takes")
		}
		if err != nil {
			return ev, err
		}
	}
	h.counts.passed.Inc()
	return ev, nil
}

func (h *web) safe(w http.ResponseWriter, id string) int {
	body := make([]byte, 0, 128)
	body = jsontext.Quoted(append(body, `{"id":`...), id)
	answer(w, http.StatusOK, "application/json", append(body, `,"text":"accepted"}`...))
	return http.StatusOK
}

// sorry is any trouble of ours: never 2xx and never 4xx (invariant 2).
func (h *web) sorry(w http.ResponseWriter, why string) int {
	problem{status: http.StatusServiceUnavailable, detail: why, retryAfter: retryAfter}.write(w)
	return http.StatusServiceUnavailable
}

// refuse answers what went wrong: the sender's fault as 4xx, everything else
// as 503.
func (h *web) refuse(ctx context.Context, w http.ResponseWriter, ev pipeline.Event, err error) int {
	rejection, ok := pipeline.AsRejection(err)
	if !ok || rejection.Reason.Status() == 0 {
		h.outcry.Do(func() {
			h.logger.Warn("webhook answered 503", "source", h.source.Name, "event_id", ev.ID, "key", ev.Key, "error", err)
		})
		return h.sorry(w, "the webhook could not be stored; call again")
	}
	if err := h.rejects.keep(ctx, h.writer, ev, rejection, h.stranger(ev, rejection)); err != nil {
		h.outcry.Do(func() {
			h.logger.Warn("rejected webhook not kept; answered 503", "source", h.source.Name, "error", err)
		})
		return h.sorry(w, "the webhook could not be stored; call again")
	}
	h.metrics.outcome(h.chain.pipeline, h.source.Name, "ingest", "rejected", string(rejection.Reason))
	p := problem{status: rejection.Reason.Status(), detail: rejection.Error()}
	switch rejection.Reason {
	case pipeline.Unverified:
		p.detail = "the webhook is not verified" // which part was wrong is no stranger's business
	case pipeline.BadMethod:
		p.allow = strings.Join(h.source.Methods, ", ")
	case pipeline.RateLimited:
		p.retryAfter = h.nextToken()
	}
	p.write(w)
	return p.status
}

// stranger tells a malformed webhook that no sender of ours sent.
func (h *web) stranger(ev pipeline.Event, why *pipeline.Rejection) bool {
	if why.Reason != pipeline.Malformed || h.source.Provider == nil {
		return false
	}
	_, err := h.source.Provider.Verify(ev.Request, h.clock.Now())
	return err != nil
}

// nextToken is when the limit lets the next webhook through.
func (h *web) nextToken() time.Duration {
	now := h.clock.Now()
	reserved := h.limit.ReserveN(now, 1)
	defer reserved.CancelAt(now)
	return max(time.Second, reserved.DelayFrom(now))
}
