package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

func TestTopicsAreMadeOnceAndDifferencesAreTold(t *testing.T) {
	rings(t, func(t *testing.T, cfg kafka.Config) {
		a, n := admin(t, cfg), name("t")
		spec := kafka.TopicSpec{Name: n, Partitions: 3, Configs: map[string]string{"cleanup.policy": "delete", "max.message.bytes": "500000"}}
		want := kafka.TopicReport{Name: n, Created: true, Partitions: 3, Replicas: int16(min(3, len(cfg.Brokers)))}
		inSync := 1 // the cluster's own, which it is asked for the second time
		if want.Replicas == 3 {
			inSync, want.MinInSync = 2, 2
		}
		for range 2 {
			got, err := a.EnsureTopics(t.Context(), []kafka.TopicSpec{spec})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]kafka.TopicReport{want}, got); diff != "" {
				t.Error(diff)
			}
			want.Created, want.MinInSync = false, inSync
		}
		spec.Partitions, spec.Configs = 5, map[string]string{"cleanup.policy": "compact", "max.message.bytes": "500001"}
		got, err := a.EnsureTopics(t.Context(), []kafka.TopicSpec{spec})
		if err != nil {
			t.Fatal(err)
		}
		want.Mismatches = []kafka.Mismatch{
			{Setting: "cleanup.policy", Want: "compact", Have: "delete"},
			{Setting: "max.message.bytes", Want: "500001", Have: "500000"},
			{Setting: "partitions", Want: "5", Have: "3"},
		}
		if diff := cmp.Diff([]kafka.TopicReport{want}, got); diff != "" {
			t.Error(diff)
		}
		spec.Partitions, spec.Configs = 3, map[string]string{"max.message.bytes": "400000"} // larger than wanted is fine
		if got, err := a.EnsureTopics(t.Context(), []kafka.TopicSpec{spec}); err != nil || len(got[0].Mismatches) != 0 {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func TestThreeBrokersGiveThreeReplicasAndTwoInSync(t *testing.T) {
	cfg := fake(t, kfake.NumBrokers(4))
	a := admin(t, cfg)
	got, err := a.EnsureTopics(t.Context(), []kafka.TopicSpec{{Name: "t", Partitions: 1}})
	if err != nil || got[0].Replicas != 3 {
		t.Fatalf("%+v, %v", got, err)
	}
	got, err = a.EnsureTopics(t.Context(), []kafka.TopicSpec{{Name: "t", Partitions: 1, Configs: map[string]string{"min.insync.replicas": "2"}}})
	if err != nil || len(got[0].Mismatches) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAMissingRightIsNamedWithItsTopic(t *testing.T) {
	cfg := fake(t, kfake.EnableSASL(), kfake.EnableACLs(), kfake.Superuser("PLAIN", "root", "secret-r"), kfake.User("SCRAM-SHA-256", "guest", "secret-g"))
	cfg.SASL = &kafka.SASL{Mechanism: "scram-sha-256", User: "guest", Password: config.NewSecret("secret-g")}
	_, err := admin(t, cfg).EnsureTopics(t.Context(), []kafka.TopicSpec{{Name: "bookings.events", Partitions: 1}})
	if err == nil || !strings.Contains(err.Error(), "bookings.events") || !strings.Contains(err.Error(), "needs the right to") {
		t.Errorf("got %v", err)
	}
}

func TestEveryWayToLogInWorksAndAWrongPasswordIsNotPrinted(t *testing.T) {
	for mechanism, theirs := range map[string]string{"plain": "PLAIN", "scram-sha-256": "SCRAM-SHA-256", "scram-sha-512": "SCRAM-SHA-512"} {
		t.Run(mechanism, func(t *testing.T) {
			cfg := fake(t, kfake.EnableSASL(), kfake.Superuser(theirs, "u", "correct horse"))
			cfg.SASL = &kafka.SASL{Mechanism: mechanism, User: "u", Password: config.NewSecret("correct horse")}
			if err := admin(t, cfg).Ping(t.Context()); err != nil {
				t.Error(err)
			}
			cfg.SASL.Password = config.NewSecret("battery staple")
			if err := admin(t, cfg).Ping(t.Context()); err == nil || strings.Contains(err.Error(), "battery") {
				t.Errorf("with a wrong password: %v", err)
			}
		})
	}
}

func TestOffsetsGroupsAndPartitionsAreTold(t *testing.T) {
	rings(t, func(t *testing.T, cfg kafka.Config) {
		a, n, g := admin(t, cfg), topic(t, cfg, 2), name("g")
		write(t, publisher(t, cfg), keyedRecords(n, "a", "a", "a")...)
		ends, err := a.Ends(t.Context(), n)
		if err != nil || len(ends) != 2 || ends[0]+ends[1] != 3 {
			t.Errorf("ends: %v, %v", ends, err)
		}
		starts, err := a.Starts(t.Context(), n)
		if diff := cmp.Diff(map[int32]int64{0: 0, 1: 0}, starts); diff != "" || err != nil {
			t.Errorf("starts: %s, %v", diff, err)
		}
		if count, err := a.Partitions(t.Context(), n); count != 2 || err != nil {
			t.Errorf("partitions: %d, %v", count, err)
		}
		if _, err := a.Partitions(t.Context(), name("none")); !errors.Is(err, kafka.ErrNoTopic) {
			t.Errorf("a topic that is not there: %v", err)
		}
		if none, err := a.Committed(t.Context(), g); len(none) != 0 || err != nil {
			t.Errorf("a group that is not there: %v, %v", none, err)
		}
		subscribe(t, subscriber(t, cfg, kafka.SubscriberConfig{Group: g, DrainTimeout: time.Millisecond}), n)
		eventually(t, "the group listed", func() bool {
			groups, err := a.Groups(t.Context(), g[:4])
			return err == nil && len(groups) > 0 && strings.Contains(strings.Join(groups, " "), g)
		})
	})
}

func TestAdminWaitsForACoordinatorThatReadsItsOffsets(t *testing.T) {
	c, cfg := fakeCluster(t)
	left := 3
	c.ControlKey(int16(kmsg.OffsetFetch), func(r kmsg.Request) (kmsg.Response, error, bool) {
		left--
		if left < 0 {
			return nil, nil, false
		}
		c.KeepControl()
		answer := r.ResponseKind().(*kmsg.OffsetFetchResponse)
		answer.ErrorCode = kerr.CoordinatorLoadInProgress.Code
		for _, g := range r.(*kmsg.OffsetFetchRequest).Groups {
			loading := kmsg.NewOffsetFetchResponseGroup()
			loading.Group, loading.ErrorCode = g.Group, kerr.CoordinatorLoadInProgress.Code
			answer.Groups = append(answer.Groups, loading)
		}
		return answer, nil, true
	})
	if none, err := admin(t, cfg).Committed(t.Context(), name("g")); len(none) != 0 || err != nil {
		t.Errorf("offsets of a group whose coordinator is loading: %v, %v", none, err)
	}
	if left > 0 {
		t.Errorf("asked too seldom: %d answers are left", left)
	}
}

func TestAdminWaitsForNoBrokerAndFindsItWhenItComes(t *testing.T) {
	port := freePort(t)
	a := admin(t, kafka.Config{Brokers: []string{fmt.Sprintf("127.0.0.1:%d", port)}})
	if err := a.Ping(t.Context()); err == nil {
		t.Fatal("no broker, and it answers")
	}
	c, _ := fakeCluster(t, kfake.Ports(port))
	if err := a.Ping(t.Context()); err != nil {
		t.Errorf("with a broker: %v", err)
	}
	c.Close()
	if err := a.Ping(t.Context()); err == nil {
		t.Error("the broker is gone, and it answers")
	}
	fakeCluster(t, kfake.Ports(port))
	if err := a.Ping(t.Context()); err != nil {
		t.Errorf("with the broker back: %v", err)
	}
}

func TestARangeOfAPartitionIsRead(t *testing.T) {
	rings(t, func(t *testing.T, cfg kafka.Config) {
		a, n := admin(t, cfg), topic(t, cfg, 1)
		write(t, publisher(t, cfg), keyedRecords(n, numbered(100)...)...)
		for _, tt := range []struct {
			from, to      int64
			first, number int64
		}{{-2, kafka.End, 0, 100}, {10, 20, 10, 10}, {99, 1000, 99, 1}, {100, kafka.End, 0, 0}, {5, 5, 0, 0}} {
			next, count := tt.first, int64(0)
			err := a.ReadPartition(t.Context(), pipeline.Partition{Topic: n}, tt.from, tt.to, func(r pipeline.Record) error {
				if r.Offset != next {
					t.Errorf("from %d to %d: offset %d, want %d", tt.from, tt.to, r.Offset, next)
				}
				next++
				count++
				return nil
			})
			if err != nil || count != tt.number {
				t.Errorf("from %d to %d: %d records, %v", tt.from, tt.to, count, err)
			}
		}
		stop := errors.New("enough")
		if err := a.ReadPartition(t.Context(), pipeline.Partition{Topic: n}, 0, kafka.End, func(pipeline.Record) error { return stop }); !errors.Is(err, stop) {
			t.Errorf("got %v", err)
		}
	})
}

func TestTailFollowsEveryPartition(t *testing.T) {
	rings(t, func(t *testing.T, cfg kafka.Config) {
		a, n, p := admin(t, cfg), topic(t, cfg, 3), publisher(t, cfg)
		write(t, p, keyedRecords(n, numbered(20)...)...)
		ctx, cancel := context.WithCancel(t.Context())
		seen, ended := make(chan string, 100), make(chan error, 1)
		go func() {
			ended <- a.Tail(ctx, n, kafka.Oldest, func(r pipeline.Record) error {
				seen <- string(r.Key)
				return nil
			})
		}()
		for range 20 {
			get(t, "the backlog", seen)
		}
		write(t, p, pipeline.Record{Topic: n, Key: []byte("new")})
		if k := get(t, "a new record", seen); k != "new" {
			t.Errorf("got %s", k)
		}
		cancel()
		if err := get(t, "the end", ended); err != nil {
			t.Error(err)
		}
	})
}

// An answer may come when nobody waits for it any more: it must not be written
// to what the caller has by then, which the race detector sees.
func TestAnAnswerThatComesTooLateIsNobodys(t *testing.T) {
	c, cfg := fakeCluster(t)
	in := topic(t, cfg, 3)
	a := admin(t, cfg)
	if err := a.Ping(t.Context()); err != nil { // connected
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c.ControlKey(int16(kmsg.DescribeConfigs), func(kmsg.Request) (kmsg.Response, error, bool) {
		cancel() // and the answer is on its way
		return nil, nil, false
	})
	reports, err := a.EnsureTopics(ctx, []kafka.TopicSpec{{Name: in, Partitions: 3}})
	if err == nil != (len(reports) == 1) {
		t.Errorf("%+v, %v", reports, err)
	}
	if n, err := a.Partitions(t.Context(), in); n != 3 || err != nil { // behind it on the same connection
		t.Errorf("%d partitions, %v", n, err)
	}
}
