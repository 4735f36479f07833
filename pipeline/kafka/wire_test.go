package kafka_test

import (
	"errors"
	"net"
	"sync"
)

// wire is the network of one member, which a test can cut or freeze.
type wire struct {
	mu     sync.Mutex
	dead   bool
	thawed chan struct{} // not nil: frozen until it is closed
	conns  []net.Conn
}

func (w *wire) dial(network, addr string) (net.Conn, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.dead {
		return nil, errors.New("cut")
	}
	conn, err := net.Dial(network, addr)
	if err != nil {
		return nil, err
	}
	w.conns = append(w.conns, conn)
	return wired{Conn: conn, wire: w}, nil
}

// cut is what a kill -9 does: every connection ends, and none is made again.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead = true
	for _, c := range w.conns {
		_ = c.Close()
	}
}

// freeze is what a SIGSTOP does: nothing comes and goes, and nothing ends.
func (w *wire) freeze() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.thawed = make(chan struct{})
}

func (w *wire) thaw() {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.thawed)
	w.thawed = nil
}

func (w *wire) wait() {
	w.mu.Lock()
	thawed := w.thawed
	w.mu.Unlock()
	if thawed != nil {
		<-thawed
	}
}

type wired struct {
	net.Conn
	wire *wire
}

func (c wired) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.wire.wait()
	return n, err
}

func (c wired) Write(b []byte) (int, error) {
	c.wire.wait()
	return c.Conn.Write(b)
}
