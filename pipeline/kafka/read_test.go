package kafka_test

import (
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/kafka"
)

// TestABrokerThatSaysForAMomentThatThereIsNothingIsAskedAgain: some answers
// wait for a transaction, and some say that nothing more is there though it is.
func TestABrokerThatSaysForAMomentThatThereIsNothingIsAskedAgain(t *testing.T) {
	t.Parallel()
	c, cfg := fakeCluster(t)
	in := topic(t, cfg, 1)
	write(t, publisher(t, cfg), pipeline.Record{Topic: in, Value: []byte("a")}, pipeline.Record{Topic: in, Value: []byte("b")})
	var asked atomic.Int32
	c.ControlKey(int16(kmsg.Fetch), func(r kmsg.Request) (kmsg.Response, error, bool) {
		n := asked.Add(1)
		if n > 8 {
			return nil, nil, false
		}
		c.KeepControl()
		request := r.(*kmsg.FetchRequest)
		answer := request.ResponseKind().(*kmsg.FetchResponse)
		part := kmsg.NewFetchResponseTopicPartition()
		part.HighWatermark, part.LastStableOffset, part.RecordBatches = 2, 2, []byte{}
		if n <= 4 {
			part.LastStableOffset = 0 // a transaction is open
		}
		about := kmsg.NewFetchResponseTopic()
		about.Topic, about.TopicID = request.Topics[0].Topic, request.Topics[0].TopicID
		about.Partitions = append(about.Partitions, part)
		answer.Topics = append(answer.Topics, about)
		return answer, nil, true
	})
	var got string
	err := admin(t, cfg).ReadPartition(t.Context(), pipeline.Partition{Topic: in}, 0, kafka.End, func(r pipeline.Record) error {
		got += string(r.Value)
		return nil
	})
	if err != nil || got != "ab" {
		t.Errorf("read %q, %v, want ab", got, err)
	}
}
