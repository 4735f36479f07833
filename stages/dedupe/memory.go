package dedupe

import (
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// seenUpTo is the position of the last record that changed a state. Records of
// one booking are taken in order, so every earlier one of that booking has had
// its outcome.
type seenUpTo struct{ pipeline.Position }

func (s seenUpTo) covers(in pipeline.Position) bool {
	return !in.IsZero() && s.Topic == in.Topic && s.Partition == in.Partition && in.Offset <= s.Offset
}

// passed tells that a state saw more than another, which it came after.
func (s seenUpTo) passed(other seenUpTo) bool { return s != other && s.covers(other.Position) }

// after packs the memory once published has been acknowledged: head is its part
// without lists.
func (m *memory) after(to []byte, head *memory, published *booking.Event, receivedAt time.Time, window windowLength) []byte {
	to = head.packHead(to)
	to = m.ids.with(to, published.ID, receivedAt, window)
	to = m.contents.with(to, resource(published), published.Origin.Content)
	if published.Cancellation == nil && published.Type != booking.Cancelled {
		return m.refunds.pack(to)
	}
	return m.refunds.with(to, pipeline.Refund{Key: pipeline.RefundKey(published), EventID: published.ID, Type: string(published.Type)})
}

// memorySize is about what one more event adds to a memory, its head included.
const memorySize = 256

// size is what the lists take.
func (m *memory) size() int {
	return len(m.ids.packed) + len(m.contents.packed) + len(m.refunds.packed)
}

// maxIDs bounds the ids one booking can make us remember (invariant 11).
const maxIDs = 256

// ids are the event ids of a booking in the window, oldest first, each once.
type ids struct {
	list
	// overflow counts ids that were forgotten within the window because there
	// were too many.
	overflow uint64
}

func (i ids) has(id string, since time.Time) bool {
	r := reading{rest: i.packed}
	for range i.n {
		if r.text() == id {
			return !r.time().Before(since)
		}
		r.skipTime()
	}
	return false
}

// heard gives when the youngest id was received. That need not be the last: a
// record that was dead comes again with the time it was received at first.
func (i ids) heard() (last time.Time) {
	i.each(func(_, _ string, at time.Time) {
		if at.After(last) {
			last = at
		}
	})
	return last
}

// with packs the ids with one more, without those older than the window.
func (i ids) with(to []byte, id string, at time.Time, window windowLength) []byte {
	since, kept := at.Add(-window), uint64(0)
	i.each(func(_, seen string, seenAt time.Time) {
		if seen != id && !seenAt.Before(since) {
			kept++
		}
	})
	over := max(kept+1, maxIDs) - maxIDs
	to = appendUint(appendUint(to, i.overflow+over), kept+1-over)
	i.each(func(entry, seen string, seenAt time.Time) {
		switch {
		case seen == id || seenAt.Before(since):
		case over > 0:
			over--
		default:
			to = append(to, entry...)
		}
	})
	return appendTime(appendText(to, id), at)
}

func (i ids) each(fn func(entry, id string, at time.Time)) {
	r := reading{rest: i.packed}
	for range i.n {
		before := r.rest
		id, at := r.text(), r.time()
		fn(before[:len(before)-len(r.rest)], id, at)
	}
}

// version orders the events of a booking: by the provider's version, else by
// its time, else by arrival.
type version struct {
	Revision int64     `json:"revision,omitempty"`
	At       time.Time `json:"at,omitzero"`
}

func versionOf(e *booking.Event) version {
	return version{Revision: e.Origin.Revision, At: e.Origin.At}
}

// payment tells an event about money alone from one that came with a snapshot
// of its booking.
func payment(e *booking.Event) bool {
	return e.Type == booking.PaymentRecorded && !e.Origin.LookedUp
}

func (v version) newer(than version) bool {
	if v.Revision != 0 && than.Revision != 0 && v.Revision != than.Revision {
		return v.Revision > than.Revision
	}
	return !v.At.IsZero() && !than.At.IsZero() && v.At.After(than.At)
}

// or keeps of a version what the next one does not say, so that an event
// without a time does not make the booking forget the time it is known at.
func (v version) or(next version) version {
	if next.Revision == 0 {
		next.Revision = v.Revision
	}
	if next.At.IsZero() {
		next.At = v.At
	}
	return next
}

// contents are the latest content versions by resource, in the order of their
// names: the booking, and each payment.
type contents struct{ list }

// maxContents bounds the payments one booking can make us remember
// (invariant 11).
const maxContents = 64

// of gives the content version of a resource, "" where there is none.
func (c contents) of(resource string) string {
	r := reading{rest: c.packed}
	for range c.n {
		if r.text() == resource {
			return r.text()
		}
		r.skipText()
	}
	return ""
}

// with packs the contents with one changed.
func (c contents) with(to []byte, resource, version string) []byte {
	head, tail, found := c.cut(resource)
	n := c.n
	if !found {
		n++
	}
	if n > maxContents {
		n, head, tail = 1, "", ""
	}
	to = append(appendUint(to, n), head...)
	return append(appendText(appendText(to, resource), version), tail...)
}

// cut gives the entries before and after the place of a resource.
func (c contents) cut(resource string) (head, tail string, found bool) {
	r := reading{rest: c.packed}
	for range c.n {
		before := r.rest
		name := r.text()
		r.skipText()
		if name >= resource {
			head = c.packed[:len(c.packed)-len(before)]
			if name == resource {
				return head, r.rest, true
			}
			return head, before, false
		}
	}
	return c.packed, "", false
}

// resource tells the booking itself from its payments: a repeat is equal to
// the latest of its own kind.
func resource(e *booking.Event) string {
	if payment(e) && e.Payment != nil {
		return "payment/" + e.Payment.ID
	}
	return "booking"
}

// maxRefunds bounds the cancellations one booking can make us remember
// (invariant 11).
const maxRefunds = 32

// refunds are the cancellations that were published, oldest first.
type refunds struct{ list }

// all gives them, nil where there is none.
func (f refunds) all() []pipeline.Refund {
	if f.n == 0 {
		return nil
	}
	r, all := reading{rest: f.packed}, make([]pipeline.Refund, f.n)
	for i := range all {
		all[i] = pipeline.Refund{Key: r.text(), EventID: r.text(), Type: r.text()}
	}
	return all
}

// with packs them with one more, without the oldest where there are too many.
func (f refunds) with(to []byte, one pipeline.Refund) []byte {
	r, n := reading{rest: f.packed}, f.n
	for ; n >= maxRefunds; n-- {
		r.skipText()
		r.skipText()
		r.skipText()
	}
	return appendRefund(append(appendUint(to, n+1), r.rest...), one)
}

func appendRefund(to []byte, r pipeline.Refund) []byte {
	return appendText(appendText(appendText(to, r.Key), r.EventID), r.Type)
}
