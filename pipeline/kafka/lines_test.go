package kafka_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// TestCloseDoesNotWaitForASilentBroker is a broker that takes connections and
// answers nothing any more, neither the last commit nor whoever asks again.
func TestCloseDoesNotWaitForASilentBroker(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		at        kmsg.Key
		once      *kafka.Transactions
		rebalance time.Duration
	}{
		{name: "at least once", at: kmsg.OffsetCommit, rebalance: silence},
		{name: "exactly once", at: kmsg.TxnOffsetCommit, once: &kafka.Transactions{ID: "one", Timeout: time.Second}, rebalance: 5 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, cfg := fakeCluster(t)
			in := topic(t, cfg, 1)
			s := subscriber(t, cfg, kafka.SubscriberConfig{DrainTimeout: time.Second, RebalanceTimeout: tt.rebalance, Transactions: tt.once})
			silent := fallSilent(t, c, tt.at)
			subscribe(t, s, in)
			get(t, "the first commit", silent)
			closed := make(chan error, 1)
			go func() { closed <- s.Close() }()
			if err := get(t, "the end of Close", closed); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestCloseDoesNotWaitForABrokerThatWasSilentFromTheBeginning: the member is
// still connecting.
func TestCloseDoesNotWaitForABrokerThatWasSilentFromTheBeginning(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		once *kafka.Transactions
	}{
		{name: "at least once"},
		{name: "exactly once", once: &kafka.Transactions{ID: "one", Timeout: silence}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg, asked := silentBroker(t)
			s := subscriber(t, cfg, kafka.SubscriberConfig{RebalanceTimeout: silence, Transactions: tt.once})
			subscribe(t, s, "t")
			get(t, "a connection", asked)
			closed := make(chan error, 1)
			go func() { closed <- s.Close() }()
			if err := get(t, "the end of Close", closed); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestRecoverDoesNotWaitForABrokerThatWasSilentFromTheBeginning(t *testing.T) {
	t.Parallel()
	cfg, asked := silentBroker(t)
	s := subscriber(t, cfg, kafka.SubscriberConfig{Transactions: &kafka.Transactions{ID: "one", Timeout: silence}})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Recover(ctx) }()
	get(t, "a connection", asked)
	cancel()
	if err := get(t, "the end of Recover", ended); err == nil {
		t.Error("no error")
	}
}

// silentBroker takes connections and says nothing.
func silentBroker(t *testing.T) (cfg kafka.Config, asked <-chan bool) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	first := make(chan bool, 1)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = conn.Close() })
			if _, err := conn.Read(make([]byte, 1)); err == nil {
				select {
				case first <- true:
				default:
				}
			}
		}
	}()
	return kafka.Config{Brokers: []string{listener.Addr().String()}}, first
}

// fallSilent has a cluster answer nothing from the first request of a kind to
// the end of the test.
func fallSilent(t *testing.T, c *kfake.Cluster, at kmsg.Key) <-chan bool {
	asked, end := make(chan bool, 1), make(chan struct{})
	var once sync.Once
	t.Cleanup(func() { close(end) })
	c.ControlKey(int16(at), func(kmsg.Request) (kmsg.Response, error, bool) {
		once.Do(func() { asked <- true })
		<-end
		return nil, nil, false
	})
	return asked
}

func TestTheTimeOfACloseHoldsAllThatIsWaitedFor(t *testing.T) {
	drain := kafka.SubscriberConfig{DrainTimeout: 8 * time.Second, RebalanceTimeout: 50 * time.Second}
	if got := drain.CloseTime(); got < 10*time.Second || got > 20*time.Second {
		t.Errorf("at least once: %v, where handlers take up to 10 s, and a farewell some", got)
	}
	drain.Transactions = &kafka.Transactions{ID: "one", Timeout: 20 * time.Second}
	if got, last := drain.CloseTime(), 30*time.Second; got < 10*time.Second+last+20*time.Second {
		t.Errorf("exactly once: %v, where handlers take up to 10 s, the last commit %v and a transaction 20 s", got, last)
	}
}
