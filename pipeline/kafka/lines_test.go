package kafka_test

import (
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
