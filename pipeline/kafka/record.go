package kafka

import (
	"encoding/binary"

	"github.com/IBM/sarama"

	"github.com/reservoirhq/reservoir/pipeline"
)

// maxNames bounds the header names that one reader remembers.
const maxNames = 256

// headerRoom are the headers for which memory is taken at once: those of a few
// dozen records, which came in one fetch and whose bytes stay together anyway.
const headerRoom = 512

// names gives header names as strings without making a new one each time:
// there are few different ones. Not for use by several goroutines.
type names struct {
	known map[string]string
	room  []pipeline.Header // for the next records
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
	r.Headers = n.headers(m.Headers)
	return r
}

func (n *names) headers(from []*sarama.RecordHeader) []pipeline.Header {
	if len(from) == 0 {
		return nil
	}
	if len(from) > len(n.room) {
		n.room = make([]pipeline.Header, max(headerRoom, len(from)))
	}
	to := n.room[:len(from):len(from)]
	n.room = n.room[len(from):]
	for i, h := range from {
		to[i] = pipeline.Header{Key: n.text(h.Key), Value: h.Value}
	}
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
func fill(outs []outgoing, records []pipeline.Record) {
	headers, bytes := 0, 0
	for i := range records {
		headers += len(records[i].Headers)
		for k := range records[i].Headers {
			bytes += len(records[i].Headers[k].Key)
		}
	}
	room := room{headers: make([]sarama.RecordHeader, 0, headers), names: make([]byte, 0, bytes)}
	for i := range records {
		outs[i].fill(&records[i], &room)
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
