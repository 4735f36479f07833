package kafka_test

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// TestAStaticMemberComesBackToPartitionsThatNobodyHolds is a member that died
// between the two joins of a cooperative rebalance: its last assignment lacks
// what it had let go, and its coming back is no rebalance.
func TestAStaticMemberComesBackToPartitionsThatNobodyHolds(t *testing.T) {
	t.Parallel()
	rings(t, func(t *testing.T, cfg kafka.Config) {
		in, g := topic(t, cfg, 4), name("g")
		write(t, publisher(t, cfg), pipeline.Record{Topic: in, Key: []byte("a"), Value: []byte("of one or another partition")})
		diedHolding(t, cfg, g, "one", map[string][]int32{in: {0, 2}})
		cfg.InstanceID = "one"
		s := subscriber(t, cfg, kafka.SubscriberConfig{Group: g})
		w := &work{done: map[string]int{}}
		w.run(subscribe(t, s, in), func() {})
		eventually(t, "all four partitions held", func() bool { return len(s.Stats().Partitions) == 4 })
		eventually(t, "the record done", func() bool { return w.count() == 1 })
		_ = s.Close()
		w.wg.Wait()
	})
}

// TestASecondStaticMemberGetsItsShare is the same gap as it should be: a first
// member is letting go while a second one, new to the group, has joined.
func TestASecondStaticMemberGetsItsShare(t *testing.T) {
	t.Parallel()
	rings(t, func(t *testing.T, cfg kafka.Config) {
		in, g := topic(t, cfg, 4), name("g")
		p, w := publisher(t, cfg), &work{done: map[string]int{}}
		ctx, stop := context.WithCancel(t.Context())
		var feeding sync.WaitGroup
		feeding.Go(func() { // so that to let go takes the time of a drain
			for n := 0; ctx.Err() == nil; n++ {
				_ = p.Write(ctx, pipeline.Record{Topic: in, Key: []byte{byte(n)}, Value: []byte{byte(n)}})
			}
		})
		var members []*kafka.Subscriber
		for _, instance := range []string{"one", "two"} {
			cfg.InstanceID = instance
			s := subscriber(t, cfg, kafka.SubscriberConfig{Group: g})
			w.run(subscribe(t, s, in), func() { time.Sleep(20 * time.Millisecond) })
			eventually(t, instance+" holding something", func() bool { return len(s.Stats().Partitions) > 0 })
			members = append(members, s)
		}
		eventually(t, "two partitions for each", func() bool {
			return len(members[0].Stats().Partitions) == 2 && len(members[1].Stats().Partitions) == 2
		})
		stop()
		feeding.Wait()
		_, _ = members[0].Close(), members[1].Close()
		w.wg.Wait()
	})
}

// TestCloseDoesNotWaitForADeadMemberToJoin is a subscriber whose join waits for
// a member that is silent and not yet given up.
func TestCloseDoesNotWaitForADeadMemberToJoin(t *testing.T) {
	t.Parallel()
	rings(t, func(t *testing.T, cfg kafka.Config) {
		in, g := topic(t, cfg, 1), name("g")
		diedHolding(t, cfg, g, "one", map[string][]int32{in: {0}})
		s := subscriber(t, cfg, kafka.SubscriberConfig{Group: g, DrainTimeout: time.Second, RebalanceTimeout: silence})
		ch := subscribe(t, s, in)
		eventually(t, "the group waiting for the dead one", func() bool { return stateOf(t, cfg, g) == "PreparingRebalance" })
		closed := make(chan error, 1)
		go func() { closed <- s.Close() }()
		if err := get(t, "the end of Close", closed); err != nil {
			t.Error(err)
		}
		for m := range ch {
			t.Errorf("%s came", m.Payload)
		}
	})
}

func stateOf(t *testing.T, cfg kafka.Config, group string) string {
	t.Helper()
	a, err := sarama.NewClusterAdminFromClient(connect(t, cfg))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Close() }() // with the client
	groups, err := a.DescribeConsumerGroups([]string{group})
	if err != nil {
		t.Fatal(err)
	}
	return groups[0].State
}

// connect gives a client of sarama's own; who asks closes it.
func connect(t *testing.T, cfg kafka.Config) sarama.Client {
	t.Helper()
	conf := sarama.NewConfig()
	conf.Version = sarama.V3_2_0_0
	client, err := sarama.NewClient(cfg.Brokers, conf)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// silence is for how long a member may be silent in these tests: longer than
// any of them takes.
const silence = 5 * time.Minute

// diedHolding makes a group whose only member, a static one, was given so much
// and is silent since.
func diedHolding(t *testing.T, cfg kafka.Config, group, instance string, held map[string][]int32) {
	t.Helper()
	client := connect(t, cfg)
	defer func() { _ = client.Close() }()
	coordinator, err := client.Coordinator(group)
	if err != nil {
		t.Fatal(err)
	}
	var topics []string
	for topic := range held {
		topics = append(topics, topic)
	}
	const protocol = "cooperative-sticky"
	join := &sarama.JoinGroupRequest{
		Version: 5, GroupId: group, GroupInstanceId: &instance, ProtocolType: "consumer",
		SessionTimeout: int32(silence.Milliseconds()), RebalanceTimeout: int32(silence.Milliseconds()),
	}
	meta := &sarama.ConsumerGroupMemberMetadata{Version: 2, Topics: slices.Clone(topics), GenerationID: -1}
	if err := join.AddGroupProtocolMetadata(protocol, meta); err != nil {
		t.Fatal(err)
	}
	var joined *sarama.JoinGroupResponse
	eventually(t, "the coordinator of a new group", func() bool { // its topic may just be made
		if joined, err = coordinator.JoinGroup(join); err != nil {
			t.Fatal(err)
		}
		return joined.Err == sarama.ErrNoError
	})
	sync := &sarama.SyncGroupRequest{
		Version: 3, GroupId: group, GroupInstanceId: &instance, MemberId: joined.MemberId, GenerationId: joined.GenerationId,
	}
	if err := sync.AddGroupAssignmentMember(joined.MemberId, &sarama.ConsumerGroupMemberAssignment{Version: 1, Topics: held}); err != nil {
		t.Fatal(err)
	}
	if answer, err := coordinator.SyncGroup(sync); err != nil || answer.Err != sarama.ErrNoError {
		t.Fatal(err, answer)
	}
}

// TestAGapIsSeenWhileTheCoordinatorMoves is the first question after a broker
// was lost: it goes to one that is not the group's any more, or reads its groups
// first.
func TestAGapIsSeenWhileTheCoordinatorMoves(t *testing.T) {
	t.Parallel()
	for _, answer := range []*kerr.Error{kerr.NotCoordinator, kerr.CoordinatorLoadInProgress} {
		t.Run(answer.Message, func(t *testing.T) {
			t.Parallel()
			c, cfg := fakeCluster(t)
			in, g := topic(t, cfg, 4), name("g")
			diedHolding(t, cfg, g, "one", map[string][]int32{in: {0, 2}})
			c.ControlKey(int16(kmsg.DescribeGroups), func(r kmsg.Request) (kmsg.Response, error, bool) {
				no := r.ResponseKind().(*kmsg.DescribeGroupsResponse)
				group := kmsg.NewDescribeGroupsResponseGroup()
				group.Group, group.ErrorCode, group.State = g, answer.Code, "Dead"
				no.Groups = append(no.Groups, group)
				return no, nil, true
			})
			var left atomic.Bool
			c.ControlKey(int16(kmsg.LeaveGroup), func(kmsg.Request) (kmsg.Response, error, bool) {
				left.Store(true)
				return nil, nil, false
			})
			cfg.InstanceID = "one"
			s := subscriber(t, cfg, kafka.SubscriberConfig{Group: g})
			subscribe(t, s, in)
			eventually(t, "all four partitions held", func() bool { return len(s.Stats().Partitions) == 4 })
			if !left.Load() {
				t.Error("the former life did not leave: the group need not deal anew")
			}
		})
	}
}
