package kafka

import (
	"sync"

	"github.com/reservoirhq/reservoir/pipeline"
)

// parcel is the memory in which the records of one call travel. It is by far
// the most that a call needs, and full of pointers: to use it again spares the
// garbage collector more than the taking.
type parcel struct {
	out  []outgoing
	room room
}

// parcels keeps some that are of no more use to their calls. The zero value is
// ready.
type parcels struct{ idle sync.Pool }

// What a parcel may have room for and be kept, so that a call with very many
// records or headers leaves nothing behind (invariant 11).
const (
	keptRecords = 1024
	keptHeaders = 16 * keptRecords
	keptNames   = 256 << 10 // bytes
)

// pack takes records over.
func (p *parcels) pack(records []pipeline.Record) *parcel {
	c, _ := p.idle.Get().(*parcel)
	if c == nil {
		c = new(parcel)
	}
	if cap(c.out) < len(records) {
		c.out = make([]outgoing, len(records))
	}
	c.out = c.out[:len(records)]
	fill(c.out, records, &c.room)
	return c
}

// reuse takes a parcel back. Each of its records must have been acknowledged,
// and the acknowledgements read: sarama then has done with a message. One that
// failed or that nobody waited for may still be on its way, or be sent again.
func (p *parcels) reuse(c *parcel) {
	if cap(c.out) > keptRecords || cap(c.room.headers) > keptHeaders || cap(c.room.names) > keptNames {
		return
	}
	clear(c.out) // also of what sarama has written, and what it points to may go
	clear(c.room.headers)
	c.out, c.room.headers, c.room.names = c.out[:0], c.room.headers[:0], c.room.names[:0]
	p.idle.Put(c)
}
