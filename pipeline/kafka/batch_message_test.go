package kafka_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

func upTo(n int) func(string) int { return func(string) int { return n } }

// drainAll acks messages until so many records were seen, and gives each key's
// values in the order in which they came.
func drainAll(t *testing.T, ch <-chan *message.Message, n int, ack func(*message.Message)) (byKey map[string][]string, largest int) {
	t.Helper()
	byKey = map[string][]string{}
	for seen := 0; seen < n; {
		m := get(t, "a message", ch)
		records := kafka.RecordsOf(m)
		inMessage := map[string]bool{}
		for _, r := range records {
			if inMessage[string(r.Key)] {
				t.Errorf("key %s is in one message twice", r.Key)
			}
			inMessage[string(r.Key)] = true
			byKey[string(r.Key)] = append(byKey[string(r.Key)], string(r.Value))
		}
		seen += len(records)
		largest = max(largest, len(records))
		ack(m)
	}
	return byKey, largest
}

func manyOf(topic string, keys, each int) []pipeline.Record {
	var all []pipeline.Record
	for v := range each {
		for k := range keys {
			all = append(all, pipeline.Record{Topic: topic, Key: fmt.Append(nil, "k", k), Value: fmt.Append(nil, v)})
		}
	}
	return all
}

// allCommitted waits until a group has committed so many records of its topics.
func allCommitted(t *testing.T, cfg kafka.Config, group string, records int64) {
	t.Helper()
	a := admin(t, cfg)
	eventually(t, "everything committed", func() bool {
		done, err := a.Committed(t.Context(), group)
		sum := int64(0)
		for _, offset := range done {
			sum += offset
		}
		return err == nil && sum == records
	})
}

// TestACommitThatFailedIsTriedAgainOnAQuietTopic: the coordinator is elsewhere at
// the last commit of a burst, and nothing comes any more that would move it.
func TestACommitThatFailedIsTriedAgainOnAQuietTopic(t *testing.T) {
	t.Parallel()
	c, cfg := fakeCluster(t)
	in, g := topic(t, cfg, 1), name("g")
	const records = 5
	var failed atomic.Bool
	c.ControlKey(int16(kmsg.OffsetCommit), func(r kmsg.Request) (kmsg.Response, error, bool) {
		request := r.(*kmsg.OffsetCommitRequest)
		c.KeepControl()
		if request.Topics[0].Partitions[0].Offset < records || failed.Swap(true) {
			return nil, nil, false
		}
		answer := request.ResponseKind().(*kmsg.OffsetCommitResponse)
		part := kmsg.NewOffsetCommitResponseTopicPartition()
		part.ErrorCode = kerr.NotCoordinator.Code
		about := kmsg.NewOffsetCommitResponseTopic()
		about.Topic, about.TopicID, about.Partitions = in, request.Topics[0].TopicID, append(about.Partitions, part)
		answer.Topics = append(answer.Topics, about)
		return answer, nil, true
	})
	write(t, publisher(t, cfg), manyOf(in, 1, records)...)
	ch := subscribe(t, subscriber(t, cfg, kafka.SubscriberConfig{Group: g, CommitInterval: 20 * time.Millisecond}), in)
	drainAll(t, ch, records, func(m *message.Message) { m.Ack() })
	allCommitted(t, cfg, g, records)
	if !failed.Load() {
		t.Error("no commit failed")
	}
}

func TestAMessageStandsForManyRecordsAndKeepsTheOrderOfEachKey(t *testing.T) {
	t.Parallel()
	rings(t, func(t *testing.T, cfg kafka.Config) {
		n, g := topic(t, cfg, 2), name("g")
		write(t, publisher(t, cfg), manyOf(n, 50, 20)...)
		ch := subscribe(t, subscriber(t, cfg, kafka.SubscriberConfig{Group: g, Batch: upTo(16), Batches: 2}), n)
		byKey, largest := drainAll(t, ch, 1000, func(m *message.Message) { m.Ack() })
		for key, values := range byKey {
			for i, v := range values {
				if v != fmt.Sprint(i) {
					t.Fatalf("key %s came as %v", key, values)
				}
			}
		}
		if largest < 2 || largest > 16 {
			t.Errorf("the largest message stood for %d records", largest)
		}
		allCommitted(t, cfg, g, 1000)
	})
}

func TestMessagesOfManyRecordsAreBoundedInNumber(t *testing.T) {
	t.Parallel()
	cfg := fake(t)
	n := topic(t, cfg, 1)
	write(t, publisher(t, cfg), keyedRecords(n, numbered(100)...)...)
	ch := subscribe(t, subscriber(t, cfg, kafka.SubscriberConfig{Batch: upTo(4), Batches: 3, DrainTimeout: time.Millisecond}), n)
	var held []*message.Message
	for range 3 {
		held = append(held, get(t, "a message", ch))
	}
	select {
	case m := <-ch:
		t.Errorf("%s is handed out beside three", m.UUID)
	default:
	}
	held[1].Ack()
	if more := kafka.RecordsOf(get(t, "the next", ch)); len(more) != 4 {
		t.Errorf("what waited meanwhile is %d records of the next message, want 4", len(more))
	}
}

func TestRecordsOfAMessageThatWasNackedComeApartAndHoldUpOnlyTheirKeys(t *testing.T) {
	t.Parallel()
	cfg := fake(t)
	n, g := topic(t, cfg, 1), name("g")
	write(t, publisher(t, cfg), keyedRecords(n, numbered(8)...)...)
	to := publisher(t, cfg)
	s := subscriber(t, cfg, kafka.SubscriberConfig{Group: g, Batch: upTo(8), Batches: 1, NackBackoff: time.Hour})
	ch := subscribe(t, s, n)
	first := get(t, "a message", ch)
	if len(kafka.RecordsOf(first)) == 1 { // while it is held the others gather
		eventually(t, "all taken in", func() bool { return s.Stats().Partitions[0].InFlight == 8 })
		first.Ack()
		first = get(t, "the next message", ch)
	}
	want := map[int64]bool{}
	for _, r := range kafka.RecordsOf(first) {
		want[r.Offset] = true
	}
	if len(want) < 2 || kafka.IsAlone(first) {
		t.Fatalf("%d records gathered", len(want))
	}
	first.Nack()
	var stuck *message.Message
	for len(want) > 0 {
		m := get(t, "one of them alone", ch)
		got := kafka.RecordsOf(m)
		if len(got) != 1 || !want[got[0].Offset] || !kafka.IsAlone(m) {
			t.Fatalf("%d records came again, the first at %d", len(got), got[0].Offset)
		}
		delete(want, got[0].Offset)
		if stuck == nil {
			stuck = m // neither Acked nor Nacked: it waits for something
			continue
		}
		m.Ack()
	}
	write(t, to, keyedRecords(n, numbered(30)[8:]...)...)
	for seen := 0; seen < 22; { // more messages than may be handed out at once
		m := get(t, "what comes behind", ch)
		seen += len(kafka.RecordsOf(m))
		m.Ack()
	}
	eventually(t, "everything but one record done", func() bool { return s.Stats().Partitions[0].InFlight == 1 })
	if offset, err := admin(t, cfg).Committed(t.Context(), g); err != nil || offset[pipeline.Partition{Topic: n}] > kafka.RecordsOf(stuck)[0].Offset {
		t.Errorf("committed %v, %v; offset %d is not finished", offset, err, kafka.RecordsOf(stuck)[0].Offset)
	}
	stuck.Ack()
}

func TestATransactionTakesTheOutputsOfEveryRecordOfAMessage(t *testing.T) {
	t.Parallel()
	rings(t, func(t *testing.T, cfg kafka.Config) {
		in, out, g := topic(t, cfg, 2), topic(t, cfg, 2), name("g")
		write(t, publisher(t, cfg), manyOf(in, 40, 5)...)
		conf := once(g)
		conf.Batch = upTo(16)
		ch, log := subscribe(t, subscriber(t, cfg, conf), in), newSettledLog()
		dropped := false
		ack := func(m *message.Message) {
			var outputs []kafka.Output
			for _, r := range kafka.RecordsOf(m) {
				copied := *r
				copied.Topic = out
				outputs = append(outputs, kafka.Output{Records: []pipeline.Record{copied}, Settled: log.at(r.Position())})
			}
			if err := kafka.FinishAll(m, outputs[1:]); err == nil {
				t.Error("outputs of fewer records than the message has were taken")
			}
			if err := kafka.FinishAll(m, outputs); err != nil {
				t.Error(err)
			}
			if !dropped { // a Nack takes all of them back
				dropped = true
				m.Nack()
				return
			}
			m.Ack()
		}
		first := kafka.RecordsOf(peekNack(t, ch, ack))
		for _, r := range first {
			if got := log.get(r.Position()); len(got) != 1 || got[0] {
				t.Errorf("%s was settled %v after a Nack", r.Position(), got)
			}
		}
		drainAll(t, ch, 200, ack)
		eventually(t, "everything settled", func() bool { return log.count() == 200 })
		log.checkOrder(t)
		if got := total(readAll(t, cfg, out)); got != 200 {
			t.Errorf("%d records came out of 200", got)
		}
		checkCommitted(t, cfg, g, in)
	})
}

// peekNack takes one message, whose ack is a Nack, and waits until it was
// taken back.
func peekNack(t *testing.T, ch <-chan *message.Message, nack func(*message.Message)) *message.Message {
	t.Helper()
	m := get(t, "the first message", ch)
	nack(m)
	get(t, "its end", endOf(m.Context()))
	return m
}

func TestAnOutputTooLargeNamesItsRecord(t *testing.T) {
	t.Parallel()
	cfg := fake(t)
	in := topic(t, cfg, 1)
	write(t, publisher(t, cfg), keyedRecords(in, numbered(2)...)...)
	conf := once(name("g"))
	conf.Batch, conf.Batches = upTo(2), 1
	ch := subscribe(t, subscriber(t, cfg, conf), in)
	m := get(t, "a message", ch)
	n := len(kafka.RecordsOf(m))
	outputs := make([]kafka.Output, n)
	outputs[n-1].Records = []pipeline.Record{{Topic: in, Value: make([]byte, 2<<20)}}
	err := kafka.FinishAll(m, outputs)
	if at, large := kafka.TooLarge(err); !large || at != n-1 {
		t.Errorf("record %d of %d is too large: %d, %v", n-1, n, at, err)
	}
	if at, large := kafka.TooLarge(errors.New("trouble")); large || at != 0 {
		t.Error("any trouble counts as too large")
	}
	m.Ack()
}

func TestAMembersPartitionsShareWhatItMayHold(t *testing.T) {
	t.Parallel()
	cfg := fake(t)
	n := topic(t, cfg, 4)
	write(t, publisher(t, cfg), keyedRecords(n, numbered(1000)...)...)
	s := subscriber(t, cfg, kafka.SubscriberConfig{TotalRecords: 100, DrainTimeout: time.Millisecond})
	ch := subscribe(t, s, n)
	held := 0
	eventually(t, "four partitions, each at its part", func() bool {
		for more := true; more; {
			select {
			case <-ch:
				held++
			case <-time.After(20 * time.Millisecond):
				more = false
			}
		}
		full := 0
		for _, p := range s.Stats().Partitions {
			if p.InFlight >= 25 {
				full++
			}
		}
		return full == 4
	})
	// The first partition to come may take all before the others are there.
	if held > 100+3*25 {
		t.Errorf("%d records are in work, bound to 100", held)
	}
}
