package kafka

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/IBM/sarama"
)

// leaveTime is how long a member that has let go of everything waits for the
// answers that are out, before it hangs up on them and leaves all the same.
const leaveTime = 2 * time.Second

// errLeft ends the work beside a member that has left its group.
var errLeft = errors.New("kafka: the group was left")

// lines are a client's connections. sarama cannot be called back from a request
// that is out, not by a context and not by closing its client: the answer to a
// join takes as long as the slowest member, which may be dead.
type lines struct {
	dialer interface {
		Dial(network, address string) (net.Conn, error)
	}

	mu   sync.Mutex
	open map[*line]struct{}
	down bool // no more are made
}

type line struct {
	net.Conn
	of *lines
}

// linesOf has a client dial through lines.
func linesOf(conf *sarama.Config) *lines {
	l := &lines{open: make(map[*line]struct{})}
	l.dialer = &net.Dialer{Timeout: conf.Net.DialTimeout, KeepAlive: conf.Net.KeepAlive}
	if conf.Net.Proxy.Enable {
		l.dialer = conf.Net.Proxy.Dialer
	}
	conf.Net.Proxy.Enable, conf.Net.Proxy.Dialer = true, l
	return l
}

// Dial connects as the client would without lines.
func (l *lines) Dial(network, address string) (net.Conn, error) {
	if l.isDown() {
		return nil, net.ErrClosed
	}
	conn, err := l.dialer.Dial(network, address)
	if err != nil {
		return nil, err
	}
	made := &line{Conn: conn, of: l}
	if !l.keep(made) {
		return nil, errors.Join(net.ErrClosed, conn.Close())
	}
	return made, nil
}

func (l *lines) isDown() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.down
}

// keep gives false where the lines went down meanwhile.
func (l *lines) keep(made *line) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		return false
	}
	l.open[made] = struct{}{}
	return true
}

// Close forgets a connection.
func (l *line) Close() error {
	l.of.mu.Lock()
	delete(l.of.open, l)
	l.of.mu.Unlock()
	return l.Conn.Close()
}

// cut ends the connections there are. What is asked afterwards gets new ones,
// unless the lines are to stay down.
func (l *lines) cut(down bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = down
	for conn := range l.open {
		_ = conn.Conn.Close()
	}
}

// hangUp waits for the subscription's order to close, for its claims to end, and
// for leaveTime; then nothing that is still out is waited for, and after as long
// again nothing that was asked instead: a broker that is silent is so to every
// try. ctx ends when the member has left by itself, or has come to no group.
func (s *subscription) hangUp(ctx context.Context, l *lines) {
	select {
	case <-s.ctx.Done():
	case <-ctx.Done():
	}
	leaving := newLaps(s.conf.Clock)
	for ctx.Err() == nil && s.count.Load() > 0 {
		_ = s.conf.Clock.Sleep(ctx, 20*time.Millisecond)
	}
	leaving.lap("drain")
	for _, down := range []bool{false, true} {
		if s.conf.Clock.Sleep(ctx, leaveTime) == nil {
			l.cut(down)
		}
	}
	<-ctx.Done()
	if s.closing() && errors.Is(context.Cause(ctx), errLeft) {
		leaving.lap("leave")
		s.log.Info("left the group", append(leaving.steps, leaving.after())...)
	}
}
