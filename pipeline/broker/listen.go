package broker

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// maxRequestBytes bounds one request, as Kafka's socket.request.max.bytes does
// by default (invariant 11). kfake believes any length a client sends.
const maxRequestBytes = 100 << 20

// minRequestBytes are API key, version, correlation id and the length of the
// client id.
const minRequestBytes = 10

// listener hands connections to kfake that carry nothing it would choke on,
// and cuts them all off at once.
type listener struct {
	net.Listener
	addr address

	open    chan struct{} // closed when clients may come in
	gone    chan struct{} // closed by Close
	closing sync.Once

	mu     sync.Mutex
	closed bool
	conns  map[*conn]struct{}
}

// address is what clients are told to connect to.
type address struct{ hostPort string }

func (address) Network() string  { return "tcp" }
func (a address) String() string { return a.hostPort }

// listen takes the address that clients will be told as well, so it must be
// one that they can reach.
func listen(at string) (*listener, error) {
	host, port, err := net.SplitHostPort(at)
	if err != nil {
		return nil, fmt.Errorf("listen on %q: %w; write host:port, such as 127.0.0.1:9092", at, err)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		return nil, fmt.Errorf("listen on %q: clients are told this address, so it must name one host; write one, such as 127.0.0.1:%s", at, port)
	}
	ln, err := net.Listen("tcp", at)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("listen on %s: the port is in use, by another broker or another program; stop it or configure another port: %w", at, err)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", at, err)
	}
	_, port, err = net.SplitHostPort(ln.Addr().String())
	if err != nil {
		return nil, errors.Join(err, ln.Close())
	}
	return &listener{
		Listener: ln, addr: address{net.JoinHostPort(host, port)},
		open: make(chan struct{}), gone: make(chan struct{}), conns: map[*conn]struct{}{},
	}, nil
}

// Addr gives the address clients are told, which is the configured one with
// its real port.
func (l *listener) Addr() net.Addr { return l.addr }

// Accept waits until clients may come in, then for the next connection.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case <-l.open:
	case <-l.gone:
		return nil, net.ErrClosed
	}
	raw, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: raw, from: bufio.NewReaderSize(raw, 32<<10), owner: l}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, errors.Join(net.ErrClosed, raw.Close())
	}
	l.conns[c] = struct{}{}
	return c, nil
}

// Close stops listening; connections go on.
func (l *listener) Close() error {
	err := net.ErrClosed
	l.closing.Do(func() {
		close(l.gone)
		err = l.Listener.Close()
	})
	return err
}

// cutOff closes every connection before it returns: what was not answered by
// then never will be.
func (l *listener) cutOff() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	_ = l.Close() // kfake closes it as well
	for c := range l.conns {
		_ = c.Conn.Close() // nobody is left to tell
	}
}

func (l *listener) drop(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, c)
}

// conn looks at the head of each request.
type conn struct {
	net.Conn
	from  *bufio.Reader
	left  int64 // of the current request
	owner *listener
}

// errNotKafka closes a connection on which something else is spoken.
var errNotKafka = errors.New("not a request of the Kafka protocol")

// Read gives the bytes of requests that kfake knows and that are not too long.
func (c *conn) Read(p []byte) (int, error) {
	if c.left == 0 {
		if err := c.head(); err != nil {
			return 0, err
		}
	}
	if int64(len(p)) > c.left {
		p = p[:c.left]
	}
	n, err := c.from.Read(p)
	c.left -= int64(n)
	return n, err
}

// head looks at the length and the API key; kfake panics on a key it does not
// know.
func (c *conn) head() error {
	b, err := c.from.Peek(6)
	if err != nil {
		return err
	}
	length := int64(binary.BigEndian.Uint32(b))
	key := int16(binary.BigEndian.Uint16(b[4:]))
	if length < minRequestBytes || length > maxRequestBytes || kmsg.RequestForKey(key) == nil {
		return errNotKafka
	}
	c.left = 4 + length
	return nil
}

// Close ends the connection.
func (c *conn) Close() error {
	c.owner.drop(c)
	return c.Conn.Close()
}
