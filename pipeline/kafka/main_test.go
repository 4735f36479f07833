package kafka_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/goleak"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// brokersEnv names a real cluster, host:port with commas between. Without it
// only the in-process one is tested.
const brokersEnv = "RESERVOIR_TEST_BROKERS"

// patience is how long a test waits for a condition before it says that it
// does not come.
const patience = 60 * time.Second

// TestMain fails if a goroutine is left over. sarama's refresh of metadata
// cannot be interrupted: it may outlive its client by its own retries. The
// ticker of its metrics is one for the process and never stops.
func TestMain(m *testing.M) {
	code := m.Run()
	for end := time.Now().Add(patience); code == 0; {
		err := goleak.Find(goleak.IgnoreAnyFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"))
		if err == nil {
			break
		}
		if time.Now().After(end) {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// rings runs a test on an in-process cluster, and on a real one if there is one.
func rings(t *testing.T, test func(t *testing.T, cfg kafka.Config)) {
	t.Helper()
	t.Run("kfake", func(t *testing.T) { test(t, fake(t)) })
	t.Run("kafka", func(t *testing.T) { test(t, realCluster(t)) })
}

func fake(t testing.TB, opts ...kfake.Opt) kafka.Config {
	t.Helper()
	_, cfg := fakeCluster(t, opts...)
	return cfg
}

func fakeCluster(t testing.TB, opts ...kfake.Opt) (*kfake.Cluster, kafka.Config) {
	t.Helper()
	c, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, kafka.Config{Brokers: c.ListenAddrs()}
}

func realCluster(t testing.TB) kafka.Config {
	t.Helper()
	brokers := os.Getenv(brokersEnv)
	if brokers == "" {
		t.Skip(brokersEnv + " is not set")
	}
	return kafka.Config{Brokers: strings.Split(brokers, ",")}
}

func name(prefix string) string { return prefix + "." + strings.ToLower(rand.Text()[:10]) }

// topic makes a new topic and gives its name.
func topic(t testing.TB, cfg kafka.Config, partitions int32) string {
	t.Helper()
	n := name("t")
	makeTopic(t, cfg, n, partitions)
	return n
}

func makeTopic(t testing.TB, cfg kafka.Config, n string, partitions int32) {
	t.Helper()
	if _, err := admin(t, cfg).EnsureTopics(t.Context(), []kafka.TopicSpec{{Name: n, Partitions: partitions}}); err != nil {
		t.Fatal(err)
	}
}

func admin(t testing.TB, cfg kafka.Config) *kafka.Admin {
	t.Helper()
	a, err := kafka.NewAdmin(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	return a
}

func publisher(t testing.TB, cfg kafka.Config) *kafka.Publisher {
	t.Helper()
	p, err := kafka.NewPublisher(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func subscriber(t testing.TB, cfg kafka.Config, sc kafka.SubscriberConfig) *kafka.Subscriber {
	t.Helper()
	if sc.Group == "" {
		sc.Group = name("g")
	}
	if sc.DrainTimeout == 0 {
		sc.DrainTimeout = 3 * time.Second
	}
	if sc.RebalanceTimeout == 0 {
		sc.RebalanceTimeout = 6 * time.Second
	}
	s, err := kafka.NewSubscriber(cfg, sc)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func write(t testing.TB, p *kafka.Publisher, records ...pipeline.Record) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := p.Write(ctx, records...); err != nil {
		t.Fatal(err)
	}
}

// eventually waits for a condition.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("did not come: %s", what)
		}
	}
}

func get[T any](t testing.TB, what string, from <-chan T) T {
	t.Helper()
	select {
	case v, ok := <-from:
		if !ok {
			t.Fatalf("closed while waiting for %s", what)
		}
		return v
	case <-time.After(patience):
		t.Fatalf("did not come: %s", what)
	}
	panic("not reached")
}
