package dedupe

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
)

// The header begins with the version of its form. Version 1 is binary, and the
// same bytes stand on local disk:
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

// memory is what the stage needs to know of a booking's past. It stands before
// the event on disk, so that a repeat is known without decoding the event, and
// its lists stay as they were packed: an event asks for one entry of each, and
// copies the others.
type memory struct {
	// Input is the last record that changed the state (invariants 4 and 6).
	Input seenUpTo
	// Ends is when the booked service ends; zero is not known.
	Ends time.Time
	// Version is that of the newest event that was no payment.
	Version version

	ids      ids
	contents contents
	refunds  refunds
}

// pack writes the memory.
func (m *memory) pack(to []byte) []byte {
	to = m.ids.pack(appendUint(m.packHead(to), m.ids.overflow))
	return m.refunds.pack(m.contents.pack(to))
}

// packHead writes its part without lists.
func (m *memory) packHead(to []byte) []byte {
	to = appendTime(appendInput(append(to, memoryV1), m.Input), m.Ends)
	return appendTime(appendInt(to, m.Version.Revision), m.Version.At)
}

// unpack reads either form of the memory. What it gives stands on text.
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
	m.ids.overflow = r.uint()
	m.ids.list = r.list(1, 1)
	m.contents.list = r.list(2, 0)
	m.refunds.list = r.list(3, 0)
	if r.broken || r.rest != "" {
		return memory{}, errCut
	}
	return m, nil
}

func appendInput(to []byte, in seenUpTo) []byte {
	return appendInt(appendInt(appendText(to, in.Topic), int64(in.Partition)), in.Offset)
}

func (r *reading) input() seenUpTo {
	return seenUpTo{pipeline.Position{Topic: r.text(), Partition: int32(r.int()), Offset: r.int()}}
}

// inputIn reads of a memory only what it saw last.
func inputIn(packed string, broken bool) (seenUpTo, error) {
	if packed != "" && packed[0] == memoryJSON {
		m, err := unpackJSON(packed)
		return m.Input, err
	}
	r := reading{rest: packed, broken: broken}
	if r.one() != memoryV1 {
		return seenUpTo{}, errCut
	}
	in := r.input()
	if r.broken {
		return seenUpTo{}, errCut
	}
	return in, nil
}

// list is n entries as they are packed.
type list struct {
	n      uint64
	packed string
}

func (l list) pack(to []byte) []byte { return append(appendUint(to, l.n), l.packed...) }

// list takes a list off the front whose entries are so many texts, then so many
// times.
func (r *reading) list(texts, times int) list {
	n := r.uint()
	if !r.plausible(n) {
		return list{}
	}
	before := r.rest
	for range n {
		for range texts {
			r.skipText()
		}
		for range times {
			r.skipTime()
		}
	}
	if r.broken {
		return list{}
	}
	return list{n, before[:len(before)-len(r.rest)]}
}

// unpackJSON reads the form before version 1. It does not know when the service
// ends; who needs that asks the booking.
func unpackJSON(text string) (memory, error) {
	var old struct {
		Input    seenUpTo          `json:"input"`
		Version  version           `json:"version"`
		Contents map[string]string `json:"contents"`
		IDs      struct {
			Seen []struct {
				ID string    `json:"id"`
				At time.Time `json:"at"`
			} `json:"seen"`
			Overflow uint64 `json:"overflow"`
		} `json:"ids"`
		Refunds []pipeline.Refund `json:"refunds"`
	}
	if err := json.Unmarshal([]byte(text), &old); err != nil {
		return memory{}, fmt.Errorf("a JSON form that cannot be read: %w", errCut)
	}
	m := memory{Input: old.Input, Version: old.Version}
	var seen, said, calledOff []byte
	for _, s := range old.IDs.Seen {
		seen = appendTime(appendText(seen, s.ID), s.At)
	}
	for _, r := range slices.Sorted(maps.Keys(old.Contents)) {
		said = appendText(appendText(said, r), old.Contents[r])
	}
	for _, r := range old.Refunds {
		calledOff = appendRefund(calledOff, r)
	}
	m.ids = ids{list{uint64(len(old.IDs.Seen)), string(seen)}, old.IDs.Overflow}
	m.contents = contents{list{uint64(len(old.Contents)), string(said)}}
	m.refunds = refunds{list{uint64(len(old.Refunds)), string(calledOff)}}
	return m, nil
}
