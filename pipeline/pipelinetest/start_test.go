package pipelinetest_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/reservoirhq/reservoir/pipeline/pipelinetest"
)

// TestOldTransactionsEndWhileTopicsAreLookedAt: what a former life left open holds
// up the readers of every member, so its end does not wait for this member's own
// beginning.
func TestOldTransactionsEndWhileTopicsAreLookedAt(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.BrokerConfigs(map[string]string{"message.max.bytes": "10000000"}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	var mu sync.Mutex
	ids, both := map[string]bool{}, make(chan struct{})
	cluster.ControlKey(kmsg.InitProducerID.Int16(), func(r kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		mu.Lock()
		defer mu.Unlock()
		if id := r.(*kmsg.InitProducerIDRequest).TransactionalID; id != nil && !ids[*id] {
			if ids[*id] = true; len(ids) == 2 {
				close(both)
			}
		}
		return nil, nil, false
	})
	late := false
	cluster.ControlKey(kmsg.CreateTopics.Int16(), func(kmsg.Request) (kmsg.Response, error, bool) {
		cluster.SleepControl(func() {
			select {
			case <-both:
			case <-time.After(20 * time.Second):
				late = true
			}
		})
		return nil, nil, false
	})
	stages := layout("ingest", "verify", "to: bookings.raw.{source}", "enrich", "normalise", "to: bookings.normalised", "dedupe", "policy")
	yaml := fmt.Sprintf(threeSources, cluster.ListenAddrs()[0], "exactly_once", simulated(t), stages)
	yaml = strings.Replace(yaml, "delivery: exactly_once", "delivery: exactly_once, instance_id: one", 1)
	p := pipelinetest.Start(t, yaml, pipelinetest.Options{Parts: parts(), Brokers: cluster.ListenAddrs(), Env: env()})
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	if late {
		t.Error("no topic could be made before both segments' transactions began; they wait for the topics")
	}
	for _, want := range []string{"reservoir.bookings.enrich-one-1", "reservoir.bookings.dedupe-one-1"} {
		if !ids[want] {
			t.Errorf("transactions of %v, want also those of %s", ids, want)
		}
	}
}
