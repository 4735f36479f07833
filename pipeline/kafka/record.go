package kafka

import (
	"encoding/binary"

	"github.com/IBM/sarama"

	"github.com/reservoirhq/reservoir/pipeline"
)

// maxNames bounds the header names that one reader remembers.
const maxNames = 256

// headerRoom are the headers for which memory is taken at once: those of a few
// dozen small records, which came in one fetch and whose bytes stay together
// anyway. A header's value is a part of its fetch, and one record that is not
// done holds the whole room: so no room spans more bytes than a fetch has.
const headerRoom = 512

// names gives header names as strings without making a new one each time:
// there are few different ones. Not for use by several goroutines.
type names struct {
	known map[string]string
	room  []pipeline.Header // for the next records
	spans int64             // bytes of the records whose headers are in the room
}

func (n *names) text(name []byte) string {
	if s, ok := n.known[string(name)]; ok { // does not allocate
		return s
	}
	if n.known == nil {
		n.known = make(map[string]string)
	}
	s := string(name)
	if len(n.known) < maxNames {
		n.known[s] = s
	}
	return s
}

// record takes a record over from sarama. Key, value and headers are not
// copied.
func (n *names) record(m *sarama.ConsumerMessage) pipeline.Record {
	r := pipeline.Record{
		Topic: m.Topic, Partition: m.Partition, Offset: m.Offset,
		Key: m.Key, Value: m.Value, Time: m.Timestamp.UTC(),
	}
	r.Headers = n.headers(m.Headers, int64(len(m.Key)+len(m.Value)))
	return r
}

// headers takes over those of a record with so many bytes beside them.
func (n *names) headers(from []*sarama.RecordHeader, beside int64) []pipeline.Header {
	if len(from) == 0 {
		return nil
	}
	size := beside
	for _, h := range from {
		size += int64(len(h.Key) + len(h.Value))
	}
	to := n.take(len(from), size)
	for i, h := range from {
		to[i] = pipeline.Header{Key: n.text(h.Key), Value: h.Value}
	}
	return to
}

// take gives memory for the headers of one record.
func (n *names) take(count int, size int64) []pipeline.Header {
	if size > fetchBytes/4 || count > headerRoom {
		return make([]pipeline.Header, count)
	}
	if n.spans += size; count > len(n.room) || n.spans > fetchBytes {
		n.room, n.spans = make([]pipeline.Header, headerRoom), size
	}
	to := n.room[:count:count]
	n.room = n.room[count:]
	return to
}

// sizeOf gives the bytes that a record holds, without overhead.
func sizeOf(r *pipeline.Record) int64 {
	size := len(r.Key) + len(r.Value)
	for i := range r.Headers {
		size += len(r.Headers[i].Key) + len(r.Headers[i].Value)
	}
	return int64(size)
}

// sizeOnWire is what sarama takes for a record's size, a little more than it
// has (ProducerMessage.ByteSize, in the version of records with headers).
func sizeOnWire(r *pipeline.Record) int {
	const overhead = 5*binary.MaxVarintLen32 + binary.MaxVarintLen64 + 1
	return overhead + int(sizeOf(r)) + len(r.Headers)*2*binary.MaxVarintLen32
}

// bytesOf is an Encoder that needs no allocation behind a pointer; sarama's
// own does.
type bytesOf []byte

// Encode gives the bytes.
func (b *bytesOf) Encode() ([]byte, error) { return *b, nil }

// Length gives how many.
func (b *bytesOf) Length() int { return len(*b) }

// outgoing is one record on its way to the broker.
type outgoing struct {
	msg        sarama.ProducerMessage
	key, value bytesOf
	index      int // in its batch
	batch      *batch
}

// fill takes records over, with one piece of memory for the headers of all.
func fill(outs []outgoing, records []pipeline.Record, room *room) {
	headers, bytes := 0, 0
	for i := range records {
		headers += len(records[i].Headers)
		for k := range records[i].Headers {
			bytes += len(records[i].Headers[k].Key)
		}
	}
	room.reserve(headers, bytes)
	for i := range records {
		outs[i].fill(&records[i], room)
	}
}

// fill takes a record over. A nil key or value stays Kafka's null: the Encoder
// must then be nil, not a pointer to a nil slice. The record's partition is
// never forced.
func (o *outgoing) fill(r *pipeline.Record, room *room) {
	o.msg.Topic, o.msg.Timestamp, o.msg.Metadata = r.Topic, r.Time, o
	o.msg.Offset = unknownOffset
	if r.Key != nil {
		o.key = r.Key
		o.msg.Key = &o.key
	}
	if r.Value != nil {
		o.value = r.Value
		o.msg.Value = &o.value
	}
	o.msg.Headers = room.take(r.Headers)
}

// unknownOffset is that of a record whose acknowledgement did not say: the
// broker had it from an earlier try.
const unknownOffset = -1

// room is memory for the headers of several records.
type room struct {
	headers []sarama.RecordHeader
	names   []byte
}

// reserve makes sure that what is taken does not move.
func (r *room) reserve(headers, bytes int) {
	if cap(r.headers) < headers {
		r.headers = make([]sarama.RecordHeader, 0, headers)
	}
	if cap(r.names) < bytes {
		r.names = make([]byte, 0, bytes)
	}
}

// take gives headers as sarama wants them.
func (r *room) take(from []pipeline.Header) []sarama.RecordHeader {
	if len(from) == 0 {
		return nil
	}
	first := len(r.headers)
	for i := range from {
		start := len(r.names)
		r.names = append(r.names, from[i].Key...)
		r.headers = append(r.headers, sarama.RecordHeader{Key: r.names[start:len(r.names):len(r.names)], Value: from[i].Value})
	}
	return r.headers[first:len(r.headers):len(r.headers)]
}
