package kafka

import (
	"hash/maphash"

	"github.com/reservoirhq/reservoir/pipeline"
)

// task is one record on its way through a claim.
type task struct {
	rec  pipeline.Record
	size int64  // bytes of key, value and headers
	seq  uint64 // by which the watermark knows it
	next *task  // behind it in its lane

	begun    bool // its preparation is; guarded by the claim's lock
	prepared any  // what that gave

	// With transactions, guarded by the claim's lock until a transaction has
	// the record.
	done     bool // Acked
	offered  bool // by Finish
	outs     []outgoing
	outBytes int64 // with overhead
	settled  func(committed bool)
}

// lane holds the records of one key in order; the first is the one being
// worked on.
type lane struct {
	id         uint64
	head, tail *task
}

// queue holds lanes in the order in which they became ready.
type queue struct {
	lanes []*lane
	head  int
}

func (q *queue) len() int { return len(q.lanes) - q.head }

// push adds one at the end. Where there is no room it takes that of the lanes
// that have gone: a queue which is never empty must not grow for ever.
func (q *queue) push(ln *lane) {
	if len(q.lanes) == cap(q.lanes) && q.head > len(q.lanes)/2 {
		n := copy(q.lanes, q.lanes[q.head:])
		clear(q.lanes[n:])
		q.lanes, q.head = q.lanes[:n], 0
	}
	q.lanes = append(q.lanes, ln)
}

// pop gives the first; there must be one.
func (q *queue) pop() *lane {
	ln := q.lanes[q.head]
	q.lanes[q.head] = nil
	q.head++
	return ln
}

// lanes keeps equal keys in order and apart from one another. Two keys may
// share a lane when their hashes are equal; that costs time, never order.
type lanes struct {
	seed maphash.Seed
	live map[uint64]*lane
	idle *lane // one spare, so that a quiet partition allocates none
}

func newLanes() lanes {
	return lanes{seed: maphash.MakeSeed(), live: make(map[uint64]*lane)}
}

// id of the lane of all records without a key. An empty key is a key.
const keyless uint64 = 0

func (l *lanes) id(key []byte) uint64 {
	if key == nil {
		return keyless
	}
	return maphash.Bytes(l.seed, key) | 1 // never keyless
}

// add puts a task at the end of its lane, and gives the lane if the task is
// the first in it: somebody must start working on it.
func (l *lanes) add(t *task) *lane {
	id := l.id(t.rec.Key)
	if ln := l.live[id]; ln != nil {
		ln.tail.next = t
		ln.tail = t
		return nil
	}
	ln := l.idle
	if ln == nil {
		ln = new(lane)
	}
	l.idle = nil
	*ln = lane{id: id, head: t, tail: t}
	l.live[id] = ln
	return ln
}

// advance takes the first task off its lane and gives the next; nil ends the
// lane, which its worker must then forget.
func (l *lanes) advance(ln *lane) *task {
	done := ln.head
	ln.head = done.next
	done.next = nil
	if ln.head == nil {
		l.drop(ln)
	}
	return ln.head
}

// drop ends a lane with whatever is in it.
func (l *lanes) drop(ln *lane) {
	delete(l.live, ln.id)
	ln.head, ln.tail = nil, nil
	l.idle = ln
}
