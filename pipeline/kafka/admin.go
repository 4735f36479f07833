package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/IBM/sarama"
)

// Admin asks and arranges what is beside the records. It connects when it is
// first used, and again after an outage. Several goroutines may use it.
type Admin struct {
	brokers []string
	conf    *sarama.Config
	conn    lazy[cluster]
}

type cluster struct {
	sarama.ClusterAdmin
	client sarama.Client
}

// NewAdmin checks the configuration; it does not need the broker.
func NewAdmin(cfg Config) (*Admin, error) {
	conf, err := cfg.sarama()
	if err != nil {
		return nil, err
	}
	conf.Metadata.Full = true
	conf.Metadata.Retry.Max, conf.Metadata.Retry.Backoff = 1, 100*time.Millisecond
	conf.Admin.Timeout = 15 * time.Second
	conf.Consumer.Return.Errors = true
	conf.Consumer.IsolationLevel = sarama.ReadCommitted // of Tail
	conf.Consumer.MaxWaitTime = 250 * time.Millisecond
	conf.Consumer.Fetch.Default = int32(max(1<<20, cfg.maxRecord()))
	a := &Admin{brokers: cfg.Brokers, conf: conf}
	a.conn.open = func() (cluster, error) { return connect(cfg.Brokers, conf) }
	return a, nil
}

func connect(brokers []string, conf *sarama.Config) (cluster, error) {
	client, err := sarama.NewClient(brokers, conf)
	if err != nil {
		return cluster{}, fmt.Errorf("kafka: connect to %v: %w", brokers, err)
	}
	admin, err := sarama.NewClusterAdminFromClient(client)
	if err != nil {
		_ = client.Close()
		return cluster{}, fmt.Errorf("kafka: connect to %v: %w", brokers, err)
	}
	return cluster{ClusterAdmin: admin, client: client}, nil
}

// opened connects to a broker that is not connected yet; what goes wrong the next
// request tells.
func (c cluster) opened(b *sarama.Broker) *sarama.Broker {
	_ = b.Open(c.client.Config())
	return b
}

// Ping tells whether the cluster answers.
func (a *Admin) Ping(ctx context.Context) error {
	return a.do(ctx, "ask for the state of the cluster", func(c cluster) error {
		_, _, err := c.DescribeCluster()
		return err
	})
}

// Close disconnects. Later calls do nothing.
func (a *Admin) Close() error {
	if c, open := a.conn.close(); open {
		return c.Close()
	}
	return nil
}

// do runs one request without an answer of interest.
func (a *Admin) do(ctx context.Context, what string, request func(cluster) error) error {
	_, err := ask(ctx, a, what, func(c cluster) (struct{}, error) { return struct{}{}, request(c) })
	return err
}

// ask runs one request. sarama's requests do not know contexts: at the end of
// ctx the caller goes on, and the request ends by its own timeout; what it still
// gives is nobody's. A connection that broke while it lay idle is made anew once;
// a coordinator that is moving or still reads its offsets is waited for.
func ask[T any](ctx context.Context, a *Admin, what string, request func(cluster) (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	answers := make(chan answer, 1)
	go func() {
		var got answer
		got.err = settled(ctx, func() error {
			return a.try(ctx, func(c cluster) (err error) {
				got.value, err = request(c)
				return err
			})
		})
		answers <- got
	}()
	var got answer
	select {
	case got = <-answers:
	case <-ctx.Done():
		got.err = ctx.Err()
	}
	if got.err != nil {
		return got.value, fmt.Errorf("kafka: %s: %w", what, got.err)
	}
	return got.value, nil
}

func (a *Admin) try(ctx context.Context, request func(cluster) error) error {
	for again := true; ; again = false {
		c, err := a.conn.get(ctx)
		if err != nil {
			return err
		}
		if err = request(c); !isBroken(err) {
			return err
		}
		if a.conn.drop(func(now cluster) bool { return now.client == c.client }) {
			_ = c.Close()
		}
		if !again {
			return err
		}
	}
}

// isBroken tells trouble of a connection from an answer of the broker.
func isBroken(err error) bool {
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	for _, broken := range []error{
		io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, sarama.ErrNotConnected, sarama.ErrOutOfBrokers,
		sarama.ErrBrokerNotAvailable, sarama.ErrControllerNotAvailable, sarama.ErrClosedClient,
	} {
		if errors.Is(err, broken) {
			return true
		}
	}
	return false
}
