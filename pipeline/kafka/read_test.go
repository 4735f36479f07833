package kafka_test

import (
	"encoding/binary"
	"hash/crc32"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
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
		answer := fetched(r.(*kmsg.FetchRequest), 2, []byte{})
		if n <= 4 {
			answer.Topics[0].Partitions[0].LastStableOffset = 0 // a transaction is open
		}
		return answer, nil, true
	})
	got, err := valuesOf(t, cfg, in)
	if err != nil || got != "ab" {
		t.Errorf("read %q, %v, want ab", got, err)
	}
}

// valuesOf reads the values of a topic's only partition, one behind the other.
func valuesOf(t *testing.T, cfg kafka.Config, topic string) (all string, err error) {
	t.Helper()
	err = admin(t, cfg).ReadPartition(t.Context(), pipeline.Partition{Topic: topic}, 0, kafka.End, func(r pipeline.Record) error {
		all += string(r.Value)
		return nil
	})
	return all, err
}

// TestALogThatLostItsEndIsReadToWhereItEndsNow: an unclean election took the
// records that were there when the read began.
func TestALogThatLostItsEndIsReadToWhereItEndsNow(t *testing.T) {
	t.Parallel()
	c, cfg := fakeCluster(t)
	in := topic(t, cfg, 1)
	write(t, publisher(t, cfg), pipeline.Record{Topic: in, Value: []byte("a")}, pipeline.Record{Topic: in, Value: []byte("b")})
	const before = 5
	asked := 0
	c.ControlKey(int16(kmsg.ListOffsets), func(r kmsg.Request) (kmsg.Response, error, bool) {
		request := r.(*kmsg.ListOffsetsRequest)
		if request.Topics[0].Partitions[0].Timestamp != -1 {
			c.KeepControl()
			return nil, nil, false
		}
		c.KeepControl()
		switch asked++; {
		case asked == 1:
			return newest(request, before, nil), nil, true
		case asked < 5: // its new leader does not know yet; sarama asks twice
			return newest(request, -1, kerr.OffsetNotAvailable), nil, true
		}
		return nil, nil, false
	})
	got, err := valuesOf(t, cfg, in)
	if err != nil || got != "ab" {
		t.Errorf("read %q, %v, want ab", got, err)
	}
}

// TestALeaderThatMovesIsWaitedFor: a broker was stopped, and who leads its
// partitions is not known everywhere yet.
func TestALeaderThatMovesIsWaitedFor(t *testing.T) {
	t.Parallel()
	for name, look := range map[string]func(*kafka.Admin, pipeline.Partition) (int64, error){
		"for the end": func(a *kafka.Admin, p pipeline.Partition) (int64, error) {
			ends, err := a.Ends(t.Context(), p.Topic)
			return ends[p.ID], err
		},
		"for a read": func(a *kafka.Admin, p pipeline.Partition) (n int64, err error) {
			err = a.ReadPartition(t.Context(), p, 0, kafka.End, func(pipeline.Record) error { n++; return nil })
			return n, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, cfg := fakeCluster(t)
			in := topic(t, cfg, 1)
			write(t, publisher(t, cfg), pipeline.Record{Topic: in, Value: []byte("a")})
			asked := 0
			c.ControlKey(int16(kmsg.ListOffsets), func(r kmsg.Request) (kmsg.Response, error, bool) {
				c.KeepControl()
				if asked++; asked > 5 { // sarama asks twice by itself
					return nil, nil, false
				}
				return newest(r.(*kmsg.ListOffsetsRequest), -1, kerr.NotLeaderForPartition), nil, true
			})
			if n, err := look(admin(t, cfg), pipeline.Partition{Topic: in}); err != nil || n != 1 {
				t.Errorf("got %d, %v", n, err)
			}
		})
	}
}

// newest answers where a partition's log ends.
func newest(request *kmsg.ListOffsetsRequest, end int64, err *kerr.Error) *kmsg.ListOffsetsResponse {
	answer := request.ResponseKind().(*kmsg.ListOffsetsResponse)
	part := kmsg.NewListOffsetsResponseTopicPartition()
	part.Offset = end
	if err != nil {
		part.ErrorCode = err.Code
	}
	about := kmsg.NewListOffsetsResponseTopic()
	about.Topic, about.Partitions = request.Topics[0].Topic, append(about.Partitions, part)
	answer.Topics = append(answer.Topics, about)
	return answer
}

// TestBatchesThatCompactionHasEmptiedArePassed: the first answers hold nothing
// but such a batch, as at the end of a segment, or as where the answer was full in
// the middle of the next batch; the last record is behind it.
func TestBatchesThatCompactionHasEmptiedArePassed(t *testing.T) {
	t.Parallel()
	const emptied = 40 // offsets; more than answers without a batch are borne
	behind := emptyBatch(emptied, 1)
	for name, batches := range map[string][]byte{
		"and nothing else":             emptyBatch(0, emptied),
		"and the next one's head":      append(emptyBatch(0, emptied), behind[:30]...),
		"and the next one, if not all": append(emptyBatch(0, emptied), longer(behind)...),
	} {
		t.Run(name, func(t *testing.T) {
			c, cfg := fakeCluster(t)
			in := topic(t, cfg, 1)
			p := publisher(t, cfg)
			for range emptied {
				write(t, p, pipeline.Record{Topic: in, Value: []byte("a")})
			}
			write(t, p, pipeline.Record{Topic: in, Value: []byte("b")})
			c.ControlKey(int16(kmsg.Fetch), func(r kmsg.Request) (kmsg.Response, error, bool) {
				c.KeepControl()
				request := r.(*kmsg.FetchRequest)
				if request.Topics[0].Partitions[0].FetchOffset >= emptied {
					return nil, nil, false
				}
				return fetched(request, emptied+1, batches), nil, true
			})
			got, err := valuesOf(t, cfg, in)
			if err != nil || got != "b" {
				t.Errorf("read %q, %v, want b", got, err)
			}
		})
	}
}

// longer gives a batch's head, which says that more follows than there is.
func longer(batch []byte) []byte {
	const length = 8 // where it stands
	cut := slices.Clone(batch)
	binary.BigEndian.PutUint32(cut[length:], 1000)
	return cut
}

// emptyBatch is what compaction leaves of a batch of n records.
func emptyBatch(first int64, n int32) []byte {
	b := kmsg.RecordBatch{FirstOffset: first, Length: 49, Magic: 2, LastOffsetDelta: n - 1, ProducerID: 7}
	bytes := b.AppendTo(nil)
	const attributes = 21 // from where on the checksum counts
	binary.BigEndian.PutUint32(bytes[attributes-4:], crc32.Checksum(bytes[attributes:], crc32.MakeTable(crc32.Castagnoli)))
	return bytes
}

// fetched answers for one partition, all of whose transactions have ended.
func fetched(request *kmsg.FetchRequest, end int64, batches []byte) *kmsg.FetchResponse {
	answer := request.ResponseKind().(*kmsg.FetchResponse)
	part := kmsg.NewFetchResponseTopicPartition()
	part.HighWatermark, part.LastStableOffset, part.RecordBatches = end, end, batches
	about := kmsg.NewFetchResponseTopic()
	about.Topic, about.TopicID = request.Topics[0].Topic, request.Topics[0].TopicID
	about.Partitions = append(about.Partitions, part)
	answer.Topics = append(answer.Topics, about)
	return answer
}
