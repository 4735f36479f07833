package kafka

import (
	"context"
	"errors"
	"sync"
)

// ErrClosed is what a closed Publisher, Subscriber or Admin answers.
var ErrClosed = errors.New("kafka: closed")

// lazy opens a connection when it is first needed, once for all who wait, and
// again at the next need after a failure: nothing here needs the broker to be
// up when the process starts.
type lazy[T any] struct {
	open func() (T, error)

	mu      sync.Mutex
	value   T
	ready   bool
	closed  bool
	opening *opening[T]
}

// opening is one try; what came of it stands in it once done is closed.
type opening[T any] struct {
	done  chan struct{}
	value T
	err   error
}

// get gives the connection, opening it if there is none.
func (l *lazy[T]) get(ctx context.Context) (T, error) {
	var none T
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return none, ErrClosed
	}
	if l.ready {
		defer l.mu.Unlock()
		return l.value, nil
	}
	o := l.opening
	if o == nil {
		o = &opening[T]{done: make(chan struct{})}
		l.opening = o
		go l.run(o)
	}
	l.mu.Unlock()
	select {
	case <-ctx.Done():
		return none, ctx.Err()
	case <-o.done:
	}
	// Not l.value: somebody may have dropped it since. Who uses one that was
	// dropped sees that it is of no use.
	return o.value, o.err
}

func (l *lazy[T]) run(o *opening[T]) {
	value, err := l.open()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.opening = nil
	if err == nil {
		l.value, l.ready = value, true
	}
	o.value, o.err = value, err
	close(o.done)
}

// drop forgets a connection that is of no more use, so that the next need
// opens another. It gives false if somebody else did, or close has it.
func (l *lazy[T]) drop(same func(T) bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || !l.ready || !same(l.value) {
		return false
	}
	var none T
	l.value, l.ready = none, false
	return true
}

// close refuses further use and gives what was open, if anything was.
func (l *lazy[T]) close() (value T, open bool) {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return value, false
	}
	l.closed = true
	o := l.opening
	l.mu.Unlock()
	if o != nil {
		<-o.done
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.value, l.ready
}
