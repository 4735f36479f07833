package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
)

// serving runs the case's pipeline with a web server in front, until stop.
func (b *bench) serving(ctx context.Context) (addr string, err error) {
	if err := b.prepare(ctx); err != nil {
		return "", err
	}
	hooks, err := b.engine.Webhooks()
	if err != nil {
		return "", err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: hooks, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }() // ends with Close
	failed := b.run(ctx)
	stop := b.stop
	b.stop = func() error {
		_ = server.Close()
		return stop()
	}
	return listener.Addr().String(), b.ready(ctx, failed)
}

// ready waits until the pipeline takes webhooks.
func (b *bench) ready(ctx context.Context, failed <-chan error) error {
	_, readyz := b.engine.Health()
	for {
		probe := &status{header: http.Header{}}
		readyz(probe, &http.Request{Method: http.MethodGet})
		if probe.code == http.StatusOK {
			return nil
		}
		select {
		case err := <-failed:
			return err
		case <-ctx.Done():
			return fmt.Errorf("wait until the pipeline is ready: %w", ctx.Err())
		case <-time.After(look):
		}
	}
}

// status is a ResponseWriter that keeps the code alone.
type status struct {
	header http.Header
	code   int
}

func (s *status) Header() http.Header  { return s.header }
func (s *status) WriteHeader(code int) { s.code = code }
func (s *status) Write(p []byte) (int, error) {
	if s.code == 0 {
		s.code = http.StatusOK
	}
	return len(p), nil
}

// web measures webhooks alone: the segments behind the first topic stand still.
func (b *bench) web(ctx context.Context) (result, error) {
	b.hold = newHold()
	r, sent, err := b.sentTo(ctx, sendJob{Warm: 2})
	if err != nil {
		return result{}, err
	}
	r.P50, r.P99 = sent.P50, sent.P99
	have, err := records(ctx, b.admin, b.prefix+".raw."+source)
	if err == nil && have < sent.All {
		r.wrong("%d webhooks were answered 200, the raw topic holds %d", sent.All, have)
	}
	return r, err
}

// latency measures the time from a webhook's being due to its event's being
// read, at a steady rate.
func (b *bench) latency(ctx context.Context) (result, error) {
	r, sent, err := b.sentTo(ctx, sendJob{Warm: 3, Rate: b.Options.Rate, Events: b.prefix + "." + string(pipeline.Events)})
	if err != nil {
		return result{}, err
	}
	r.P50, r.P99 = sent.SeenP50, sent.SeenP99
	r.add("webhook answered p50=%.1f p99=%.1f ms, event seen max=%.1f ms", sent.P50, sent.P99, sent.SeenMax)
	if sent.Seen != sent.All {
		r.wrong("%d webhooks were answered 200, %d events seen", sent.All, sent.Seen)
	}
	return r, nil
}

// sentTo sends webhooks from a process of its own and measures this one after
// the sender's warm-up.
func (b *bench) sentTo(ctx context.Context, job sendJob) (result, sendAnswer, error) {
	addr, err := b.serving(ctx)
	if err != nil {
		return result{}, sendAnswer{}, err
	}
	job.Addr, job.Conns, job.Secs, job.Bookings, job.Brokers = addr, b.Case.Conns, b.Options.Secs, b.Case.Bookings, b.Options.Brokers
	p, err := start(ctx, roleSend, job, "")
	if err != nil {
		return result{}, sendAnswer{}, err
	}
	if _, err := p.line(); err != nil {
		return result{}, sendAnswer{}, err
	}
	end, err := b.profiled()
	if err != nil {
		return result{}, sendAnswer{}, err
	}
	w := startWatch(p.cmd.Process.Pid)
	if _, err := p.line(); err != nil {
		return result{}, sendAnswer{}, err
	}
	var sent sendAnswer
	r := w.stop(1)
	if err := end(); err != nil {
		return result{}, sendAnswer{}, err
	}
	if err := p.answer(&sent); err != nil {
		return result{}, sendAnswer{}, err
	}
	r = r.of(sent.Measured)
	r.Rate = float64(sent.Measured) / sent.Seconds
	if sent.Bad > 0 {
		r.wrong("%d webhooks were not answered 200", sent.Bad)
	}
	return r, sent, b.close()
}

// of spreads what was measured over n events.
func (r result) of(n int) result {
	each := float64(max(1, n))
	r.Events = n
	r.CPU, r.Broker, r.Allocs, r.AllocKB = r.CPU/each, r.Broker/each, r.Allocs/each, r.AllocKB/each
	return r
}
