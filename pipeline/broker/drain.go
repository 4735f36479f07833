package broker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// barrierBound is far more than one request takes; beyond it the directory
// counts as not closed in order, and the next start recovers it.
const barrierBound = 10 * time.Second

// errClosing ends the connection of a client whose request came too late.
var errClosing = errors.New("the embedded broker is closing")

// drain makes sure that kfake ends in order: it can carry out a request that
// waits for one of our policies after it has saved its state and closed, and
// even acknowledge it. So policies let nothing through any more, then a
// request of our own goes through kfake's one loop behind all that they let
// through before, and then every client is cut off.
func (b *Broker) drain() error {
	b.draining.Store(true)
	if !b.serving || b.Err() != nil {
		return nil
	}
	err := b.barrier()
	b.ln.cutOff()
	if err != nil {
		return fmt.Errorf("wait for the last requests: %w", err)
	}
	return nil
}

func (b *Broker) barrier() (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), barrierBound)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", b.Addr())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return err
	}
	req := kmsg.NewRequestFormatter().AppendRequest(nil, kmsg.NewPtrApiVersionsRequest(), 0)
	if _, err := conn.Write(req); err != nil {
		return err
	}
	_, err = io.ReadFull(conn, make([]byte, 4))
	return err
}
