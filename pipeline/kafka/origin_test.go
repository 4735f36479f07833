package kafka_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// TestAnOffsetThatIsNoLongerKeptIsReplaced: retention was quicker than the
// group.
func TestAnOffsetThatIsNoLongerKeptIsReplaced(t *testing.T) {
	t.Parallel()
	rings(t, func(t *testing.T, cfg kafka.Config) {
		j := newJob(t, cfg, 10, 1)
		w := j.start()
		j.done()
		_ = w.Close()
		j.wg.Wait()
		write(t, publisher(t, cfg), more(j, 30)...)
		a, err := sarama.NewClusterAdmin(cfg.Brokers, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = a.Close() }()
		if err := a.DeleteRecords(j.in, map[int32]int64{0: 25}); err != nil {
			t.Fatal(err)
		}
		w = j.start()
		j.done()
		_ = w.Close()
		j.wg.Wait()
		if got := total(readAll(t, cfg, j.out)); got != 2*(10+15) {
			t.Errorf("%d records came out, want those before and those that were left", got)
		}
	})
}

// TestAnOffsetBehindTheEndIsReplaced: the topic lost its end, by an unclean
// election or by being restored. The group must not keep the offset it had: what
// is written up to there while it is away would be passed by.
func TestAnOffsetBehindTheEndIsReplaced(t *testing.T) {
	t.Parallel()
	rings(t, func(t *testing.T, cfg kafka.Config) {
		in, g := topic(t, cfg, 1), name("g")
		write(t, publisher(t, cfg), keyedRecords(in, numbered(10)...)...)
		handled := func() int64 {
			s := subscriber(t, cfg, kafka.SubscriberConfig{Group: g})
			w := &work{done: map[string]int{}}
			w.run(subscribe(t, s, in), func() {})
			eventually(t, "all that is kept", func() bool { return w.count() == 10 })
			_ = s.Close()
			w.wg.Wait()
			return committed(t, admin(t, cfg), g, in, 0)
		}
		handled()
		moveOffset(t, cfg, g, in, 15)
		if at := handled(); at != 10 {
			t.Errorf("the group is at %d, want 10", at)
		}
	})
}

// TestAClaimWaitsForATransactionThatIsJustEnding: a broker that answers for the
// whole group says so of every partition while the first claim's is ending. The
// session of all claims must not end for it.
func TestAClaimWaitsForATransactionThatIsJustEnding(t *testing.T) {
	t.Parallel()
	c, cfg := fakeCluster(t)
	in := topic(t, cfg, 1)
	write(t, publisher(t, cfg), keyedRecords(in, "a")...)
	var out bytes.Buffer
	cfg.Log = slog.New(slog.NewTextHandler(&out, nil))
	asked := 0
	c.ControlKey(int16(kmsg.OffsetFetch), func(r kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		if asked++; asked == 1 || asked > 4 { // the first is sarama's
			return nil, nil, false
		}
		return unstable(r.(*kmsg.OffsetFetchRequest)), nil, true
	})
	s, w := subscriber(t, cfg, once(name("g"))), &work{done: map[string]int{}}
	w.run(subscribe(t, s, in), func() {})
	eventually(t, "the record done", func() bool { return w.count() == 1 })
	_ = s.Close()
	w.wg.Wait()
	if n := strings.Count(out.String(), "joined the group"); n != 1 || asked < 5 {
		t.Errorf("joined %d times, want once, after %d questions:\n%s", n, asked, &out)
	}
}

// unstable answers that offsets are being committed; version 8 and later ask for
// groups.
func unstable(request *kmsg.OffsetFetchRequest) *kmsg.OffsetFetchResponse {
	answer := request.ResponseKind().(*kmsg.OffsetFetchResponse)
	of := kmsg.NewOffsetFetchResponseGroupTopicPartition()
	of.Offset, of.ErrorCode = -1, kerr.UnstableOffsetCommit.Code
	about := kmsg.NewOffsetFetchResponseGroupTopic()
	about.Topic, about.Partitions = request.Groups[0].Topics[0].Topic, append(about.Partitions, of)
	group := kmsg.NewOffsetFetchResponseGroup()
	group.Group, group.Topics = request.Groups[0].Group, append(group.Topics, about)
	answer.Groups = append(answer.Groups, group)
	return answer
}

// moveOffset is an operator, or the past.
func moveOffset(t *testing.T, cfg kafka.Config, group, topic string, to int64) {
	t.Helper()
	client := connect(t, cfg)
	defer func() { _ = client.Close() }()
	offsets, err := sarama.NewOffsetManagerFromClient(group, client)
	if err != nil {
		t.Fatal(err)
	}
	part, err := offsets.ManagePartition(topic, 0)
	if err != nil {
		t.Fatal(err)
	}
	part.MarkOffset(to, "")
	_, _ = part.Close(), offsets.Close()
}
