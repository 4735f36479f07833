package kafka_test

import (
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// TestABrokerThatStillReadsItsGroupsIsAskedAgain: until then it lists none, and
// whoever believes it takes an earlier layout's unread records for nobody's.
func TestABrokerThatStillReadsItsGroupsIsAskedAgain(t *testing.T) {
	t.Parallel()
	c, cfg := fakeCluster(t)
	in, g := topic(t, cfg, 1), name("g")
	subscribe(t, subscriber(t, cfg, kafka.SubscriberConfig{Group: g}), in)
	a := admin(t, cfg)
	eventually(t, "the group", func() bool { return committed(t, a, g, in, 0) == 0 })
	c.ControlKey(int16(kmsg.ListGroups), func(r kmsg.Request) (kmsg.Response, error, bool) {
		no := r.ResponseKind().(*kmsg.ListGroupsResponse)
		no.ErrorCode = kerr.CoordinatorLoadInProgress.Code
		return no, nil, true
	})
	if got, err := a.Groups(t.Context(), g); err != nil || !slices.Equal(got, []string{g}) {
		t.Errorf("groups %v, %v, want %s", got, err, g)
	}
}
