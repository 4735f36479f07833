package kafka_test

import (
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// overhear has fn see every request of a kind.
func overhear(c *kfake.Cluster, key kmsg.Key, fn func(kmsg.Request)) {
	c.ControlKey(key.Int16(), func(r kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		fn(r)
		return nil, nil, false
	})
}

// TestTheSettingsOfAllTopicsAreOneQuestion: a member asks it at each start.
func TestTheSettingsOfAllTopicsAreOneQuestion(t *testing.T) {
	t.Parallel()
	c, cfg := fakeCluster(t)
	a := admin(t, cfg)
	specs := []kafka.TopicSpec{
		{Name: name("a"), Partitions: 1, Configs: map[string]string{"retention.ms": "1000"}},
		{Name: name("b"), Partitions: 2, Configs: map[string]string{"cleanup.policy": "compact"}},
	}
	if _, err := a.EnsureTopics(t.Context(), specs); err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int64
	overhear(c, kmsg.DescribeConfigs, func(kmsg.Request) { asked.Add(1) })
	specs[0].Configs["retention.ms"], specs[1].Configs["cleanup.policy"] = "2000", "delete"
	reports, err := a.EnsureTopics(t.Context(), specs)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"retention.ms is 1000, want 2000", "cleanup.policy is compact, want delete"} {
		if got := reports[i].Mismatches; len(got) != 1 || got[0].String() != want {
			t.Errorf("%s differs by %v, want %s", reports[i].Name, got, want)
		}
	}
	if asked.Load() != 1 {
		t.Errorf("settings were asked for %d times, want once", asked.Load())
	}
}
