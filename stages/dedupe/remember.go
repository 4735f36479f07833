package dedupe

import (
	"encoding/json"
	"fmt"

	"github.com/reservoirhq/reservoir/pipeline"
)

// The header reservoir_memory begins with the version of its form. Version 1 is
// binary, and the same bytes stand on local disk:
//
//	1 | input: topic, partition, offset | ends | version: revision, at
//	  | overflow, n × (id, at) | n × (resource, content) | n × (key, event id, type)
//
// with varints, texts behind their length, and times as in appendTime. Before
// it the header was a JSON object; that form is still read.
const (
	memoryV1   = 1
	memoryJSON = '{'
)

// pack writes the memory.
func (m memory) pack(to []byte) []byte {
	to = append(to, memoryV1)
	to = appendText(to, m.Input.Topic)
	to = appendInt(to, int64(m.Input.Partition))
	to = appendInt(to, m.Input.Offset)
	to = appendTime(to, m.Ends)
	to = appendTime(appendInt(to, m.Version.Revision), m.Version.At)
	to = appendUint(appendUint(to, uint64(m.IDs.Overflow)), uint64(len(m.IDs.Seen)))
	for _, s := range m.IDs.Seen {
		to = appendTime(appendText(to, s.ID), s.At)
	}
	to = appendUint(to, uint64(len(m.Contents)))
	for _, c := range m.Contents {
		to = appendText(appendText(to, c.Resource), c.Version)
	}
	to = appendUint(to, uint64(len(m.Refunds)))
	for _, r := range m.Refunds {
		to = appendText(appendText(appendText(to, r.Key), r.EventID), r.Type)
	}
	return to
}

// unpack reads either form of the memory.
func unpack(text string) (memory, error) {
	if text != "" && text[0] == memoryJSON {
		return unpackJSON(text)
	}
	r := reading{rest: text}
	if version := r.one(); version != memoryV1 {
		return memory{}, fmt.Errorf("version %d is none that this program knows: %w", version, errCut)
	}
	m := memory{Input: r.input(), Ends: r.time()}
	m.Version = version{Revision: r.int(), At: r.time()}
	m.IDs.Overflow = int(r.uint())
	if n := r.uint(); n > 0 && r.plausible(n) {
		m.IDs.Seen = make([]seenID, n)
		for i := range m.IDs.Seen {
			m.IDs.Seen[i] = seenID{ID: r.text(), At: r.time()}
		}
	}
	if n := r.uint(); n > 0 && r.plausible(n) {
		m.Contents = make([]content, n)
		for i := range m.Contents {
			m.Contents[i] = content{Resource: r.text(), Version: r.text()}
		}
	}
	if n := r.uint(); n > 0 && r.plausible(n) {
		m.Refunds = make([]pipeline.Refund, n)
		for i := range m.Refunds {
			m.Refunds[i] = pipeline.Refund{Key: r.text(), EventID: r.text(), Type: r.text()}
		}
	}
	if r.broken || r.rest != "" {
		return memory{}, errCut
	}
	return m, nil
}

func (r *reading) input() seenUpTo {
	return seenUpTo{pipeline.Position{Topic: r.text(), Partition: int32(r.int()), Offset: r.int()}}
}

// unpackJSON reads the form before version 1. It does not know when the service
// ends; who needs that asks the booking.
func unpackJSON(text string) (memory, error) {
	var old struct {
		memory
		Contents map[string]string `json:"contents"`
	}
	if err := json.Unmarshal([]byte(text), &old); err != nil {
		return memory{}, fmt.Errorf("a JSON form that cannot be read: %w", errCut)
	}
	m := old.memory
	m.Contents = nil
	for resource, version := range old.Contents {
		m.Contents = m.Contents.with(resource, version)
	}
	return m, nil
}
