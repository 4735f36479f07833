package broker_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// TestWhatCannotBeWrittenIsNotAcknowledged puts something in the way of each
// file. kfake logs the error and acknowledges; nobody may get to hear it.
func TestWhatCannotBeWrittenIsNotAcknowledged(t *testing.T) {
	block := func(t *testing.T, parts ...string) {
		t.Helper()
		if err := os.Mkdir(filepath.Join(parts...), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		block func(t *testing.T, dir string)
		ask   func(ctx context.Context, cl *kgo.Client) error
	}{
		"a record": {
			func(t *testing.T, dir string) {
				write(t, filepath.Join(dir, "log", "partitions"), nil)
			},
			func(ctx context.Context, cl *kgo.Client) error {
				return cl.ProduceSync(ctx, &kgo.Record{Topic: "t", Value: []byte("v")}).FirstErr()
			},
		},
		"an offset": {
			func(t *testing.T, dir string) {
				remove(t, filepath.Join(dir, "log", "groups.log"))
				block(t, dir, "log", "groups.log")
			},
			func(ctx context.Context, cl *kgo.Client) error { return commit(ctx, cl, "g", "t", 0, 1) },
		},
		"a topic": {
			func(t *testing.T, dir string) { block(t, dir, "log", "topics.json.tmp") },
			func(ctx context.Context, cl *kgo.Client) error {
				req := kmsg.NewCreateTopicsRequest()
				req.Topics = []kmsg.CreateTopicsRequestTopic{{Topic: "u", NumPartitions: 1, ReplicationFactor: 1}}
				_, err := req.RequestWith(ctx, cl)
				return err
			},
		},
		"a deletion": {
			func(t *testing.T, dir string) { block(t, dir, "deleting.tmp") },
			func(ctx context.Context, cl *kgo.Client) error {
				req := kmsg.NewDeleteTopicsRequest()
				req.Topics = []kmsg.DeleteTopicsRequestTopic{{Topic: new("t")}}
				req.TopicNames = []string{"t"}
				_, err := req.RequestWith(ctx, cl)
				return err
			},
		},
		"the end of a transaction": {
			func(t *testing.T, dir string) { block(t, dir, "intent.tmp") },
			func(ctx context.Context, cl *kgo.Client) error {
				req := kmsg.NewEndTxnRequest()
				req.TransactionalID = "txn"
				_, err := req.RequestWith(ctx, cl)
				return err
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, dir := testContext(t), t.TempDir()
			b := start(t, config(dir, "127.0.0.1:0"))
			cl := client(t, b.Addr(), byName(), kgo.DisableIdempotentWrite())
			createTopic(ctx, t, cl, "t", 1, nil)
			c.block(t, dir)
			asking, giveUp := context.WithCancel(ctx)
			var waiting sync.WaitGroup
			waiting.Go(func() {
				select {
				case <-b.Failed():
				case <-ctx.Done():
					t.Error("the broker goes on as if nothing had happened")
				}
				giveUp()
			})
			if err := c.ask(asking, cl); err == nil {
				t.Error("it was acknowledged")
			}
			waiting.Wait()
			if err := b.Close(); err == nil || !errors.Is(err, b.Err()) {
				t.Errorf("Close gives %v, want the failure", err)
			}
			if _, err := os.Stat(filepath.Join(dir, "clean")); err == nil {
				t.Error("the directory is marked as closed in order")
			}
		})
	}
}

// TestStrangersCannotStopTheBroker sends what kfake alone panics on or
// allocates for.
func TestStrangersCannotStopTheBroker(t *testing.T) {
	request := func(length uint32, key int16) []byte {
		b := binary.BigEndian.AppendUint32(nil, length)
		return append(binary.BigEndian.AppendUint16(b, uint16(key)), make([]byte, 64)...)
	}
	for name, bytes := range map[string][]byte{
		"HTTP":             []byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
		"an unknown key":   request(20, 9999),
		"a negative key":   request(20, -1),
		"a long request":   request(101<<20, 3),
		"no request":       request(0, 3),
		"a short request":  request(4, 3),
		"a body that lies": request(66, 3),
	} {
		t.Run(name, func(t *testing.T) {
			ctx := testContext(t)
			b := start(t, config(t.TempDir(), "127.0.0.1:0"))
			var d net.Dialer
			conn, err := d.DialContext(ctx, "tcp", b.Addr())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := conn.Write(bytes); err != nil {
				t.Fatal(err)
			}
			if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			if err := conn.SetReadDeadline(time.Now().Add(bound)); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadAll(conn); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error("the connection was left open")
			}
			cl := client(t, b.Addr())
			createTopic(ctx, t, cl, "t", 1, nil)
			produce(ctx, t, cl, "t", 0, "v")
		})
	}
}
