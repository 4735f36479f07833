package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"syscall"
	"time"
)

// Bounds of every connection (invariant 11). A body's time is bounded by the
// ingest stage, which knows what a sender may take.
const (
	headerTime  = 10 * time.Second
	idleTime    = 2 * time.Minute
	headerBytes = 64 << 10
	// answerTime is for a request from its head to the last byte of its answer:
	// far more than a webhook's body and its patience take. Without it who asks
	// and reads no answer holds a connection for ever.
	answerTime = 2 * time.Minute
)

// door is one listener and the server behind it. It is open from the moment it
// is bound; until open is called it answers 503.
type door struct {
	name    string // of its key in the configuration
	ln      net.Listener
	server  *http.Server
	handler atomic.Pointer[http.Handler]
	ended   chan error
}

// bind takes the address, so that a used port is known before anything is
// started, and begins to serve.
func bind(name, address string, log *slog.Logger) (*door, error) {
	return bindFor(name, address, log, answerTime)
}

func bindFor(name, address string, log *slog.Logger, answers time.Duration) (*door, error) {
	ln, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s: the port of %s is in use; stop the other program, or give `%s` another address", name, address, name)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: listen on %s: %w", name, address, err)
	}
	d := &door{name: name, ln: ln, ended: make(chan error, 1)}
	d.open(http.HandlerFunc(starting))
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true)
	d.server = &http.Server{
		Handler: d.safely(log), Protocols: protocols,
		ReadHeaderTimeout: headerTime, WriteTimeout: answers, IdleTimeout: idleTime, MaxHeaderBytes: headerBytes,
		ErrorLog: slog.NewLogLogger(log.With("listener", name).Handler(), slog.LevelDebug),
	}
	go func() { d.ended <- d.server.Serve(ln) }()
	return d, nil
}

// address gives host:port as it was bound.
func (d *door) address() string { return d.ln.Addr().String() }

func (d *door) open(h http.Handler) { d.handler.Store(&h) }

// drain takes no more connections and waits for the requests under way.
func (d *door) drain(ctx context.Context) error {
	if err := d.server.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("%s: requests were still under way and were cut off: %w", d.name, err), d.server.Close())
	}
	return nil
}

// failed gives the error with which the server ended by itself.
func (d *door) failed(err error) error { return fmt.Errorf("%s: the listener ended: %w", d.name, err) }

// starting answers while nothing can be taken yet (invariant 2).
func starting(w http.ResponseWriter, _ *http.Request) { sorry(w, "starting") }

func sorry(w http.ResponseWriter, why string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Retry-After", "5")
	w.WriteHeader(http.StatusServiceUnavailable)
	fmt.Fprintf(w, `{"type":"about:blank","title":"Service Unavailable","status":503,"detail":%q}`, why)
}

// safely answers 503 where a handler panics: a defect of ours is no reason to
// lose the webhook (invariant 2). What the panic says may be of the webhook, so
// only its type is logged (invariant 10).
func (d *door) safely(log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if p == http.ErrAbortHandler { //nolint:errorlint // the documented value, compared as net/http does
				panic(p)
			}
			log.Error("a request met a defect and was answered 503", "listener", d.name, "panic", fmt.Sprintf("%T", p))
			sorry(w, "a defect of ours; call again")
		}()
		(*d.handler.Load()).ServeHTTP(w, r)
	})
}
