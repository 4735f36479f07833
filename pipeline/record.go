package pipeline

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Record is one Kafka record, with nothing of it lost: a nil Key or Value is
// Kafka's null, which is not the same as empty, and headers keep their order
// and their repeats.
type Record struct {
	Topic     string
	Partition int32 // set on records that were read
	Offset    int64 // set on records that were read
	Key       []byte
	Value     []byte
	Headers   []Header
	Time      time.Time // the record's timestamp, millisecond precision
}

// Header is one header of a record; the value is bytes, not always text.
type Header struct {
	Key   string
	Value []byte
}

// Text is a header with a text value.
func Text(key, value string) Header { return Header{Key: key, Value: []byte(value)} }

// Header gives the last value under key, as Kafka clients do, and whether
// there was one.
func (r Record) Header(key string) ([]byte, bool) {
	for i := len(r.Headers) - 1; i >= 0; i-- {
		if r.Headers[i].Key == key {
			return r.Headers[i].Value, true
		}
	}
	return nil, false
}

// Text gives the last value under key as text, "" where there is none.
func (r Record) Text(key string) string {
	v, _ := r.Header(key)
	return string(v)
}

// Position gives where the record was read.
func (r Record) Position() Position {
	return Position{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset}
}

// Position is a place in a Kafka topic.
type Position struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Offset    int64  `json:"offset"`
}

// IsZero tells a position that was never set.
func (p Position) IsZero() bool { return p.Topic == "" }

// String gives `topic/partition/offset`, the form of positions in headers and
// logs; ParsePosition reads it back. Kafka allows no slash in a topic's name.
func (p Position) String() string {
	return p.Topic + "/" + strconv.Itoa(int(p.Partition)) + "/" + strconv.FormatInt(p.Offset, 10)
}

// ParsePosition reads the form that Position.String writes.
func ParsePosition(text string) (Position, error) {
	topic, rest, _ := strings.Cut(text, "/")
	partition, offset, _ := strings.Cut(rest, "/")
	p, errP := strconv.ParseInt(partition, 10, 32)
	o, errO := strconv.ParseInt(offset, 10, 64)
	if topic == "" || errP != nil || errO != nil || p < 0 || o < 0 {
		return Position{}, fmt.Errorf("position %q is not of the form topic/partition/offset", text)
	}
	return Position{Topic: topic, Partition: int32(p), Offset: o}, nil
}

// Partition names one partition of a topic.
type Partition struct {
	Topic string
	ID    int32
}

// String gives `topic/partition`.
func (p Partition) String() string { return p.Topic + "/" + strconv.Itoa(int(p.ID)) }
