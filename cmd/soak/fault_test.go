package main

import (
	"cmp"
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/reservoirhq/reservoir/pipeline/config"
)

const (
	// clusterVariable names the folder of a cluster that .ci/kafka.sh has
	// started, whose brokers the tests may kill and stop.
	clusterVariable = "RESERVOIR_TEST_CLUSTER"
	// seedVariable makes webhooks, faults and deliveries; a new one is printed.
	seedVariable = "RESERVOIR_TEST_SOAK_SEED"
	// deliveryVariable is at_least_once or exactly_once for all faults; without
	// it the seed gives each its own.
	deliveryVariable = "RESERVOIR_TEST_SOAK_DELIVERY"
)

// TestFaultsOnARealCluster does every fault once, each to a pipeline of its own
// under load, and proves afterwards that it cost nothing but time.
func TestFaultsOnARealCluster(t *testing.T) {
	dir := os.Getenv(clusterVariable)
	if dir == "" {
		t.Skip(clusterVariable + " names no cluster")
	}
	c, err := findCluster("../../.ci/kafka.sh", dir)
	if err != nil {
		t.Fatal(err)
	}
	seed := seedOf(t)
	for n, f := range (options{only: "."}).chosen(c.size()) {
		if f.name == "calm" {
			continue
		}
		t.Run(f.name, func(t *testing.T) { harmed(t, c, f, seed+uint64(n)) })
	}
}

// TestMembersComeAndGo is the same with a broker in the test, which takes no
// harm itself.
func TestMembersComeAndGo(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts and kills processes for some seconds")
	}
	broker, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.BrokerConfigs(map[string]string{"message.max.bytes": "10000000"}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broker.Close)
	seed := seedOf(t)
	for n, f := range (options{only: "^(member-kill|member-restart|junk)$"}).chosen(1) {
		t.Run(f.name, func(t *testing.T) { harmed(t, &cluster{addresses: broker.ListenAddrs()}, f, seed+uint64(n)) })
	}
}

func seedOf(t *testing.T) uint64 {
	t.Helper()
	text := cmp.Or(os.Getenv(seedVariable), strconv.FormatUint(uint64(rand.Uint32()), 10))
	seed, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s=%q is no number", seedVariable, text)
	}
	t.Logf("%s=%d", seedVariable, seed)
	return seed
}

// delivery gives a fault's, so that both come about equally often.
func delivery(seed uint64) string {
	if rand.New(rand.NewPCG(seed, 7)).IntN(2) == 0 {
		return string(config.AtLeastOnce)
	}
	return string(config.ExactlyOnce)
}

// harmed runs a pipeline, harms it once, waits until it has taken as much again
// as before, and judges.
func harmed(t *testing.T, c *cluster, f fault, seed uint64) {
	const webhooks = 300
	o := options{
		seed: seed, delivery: cmp.Or(os.Getenv(deliveryVariable), delivery(seed)),
		members: 2, static: seed%2 == 0, rate: 300, senders: 16, partitions: 4,
	}
	t.Logf("seed %d, %s, static members: %v", seed, o.delivery, o.static)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s, err := newSoak(ctx, o, c, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if err := s.begin(ctx); err != nil {
		t.Fatal(err)
	}
	s.harm(ctx, f, rand.New(rand.NewPCG(seed, 0)))
	s.promise.done(time.Now(), f)
	s.look(ctx)
	enough := s.load.answered.Load() + webhooks
	if err := s.until(ctx, "at work again", func() bool { return s.load.answered.Load() >= enough }); err != nil {
		t.Error(err)
	}
	s.measured()
	if err := s.judge(ctx); err != nil {
		t.Error(err)
	}
}
