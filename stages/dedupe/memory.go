package dedupe

import (
	"slices"
	"strings"
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

// maxIDs bounds the ids one booking can make us remember (invariant 11).
const maxIDs = 256

// ids are the event ids of a booking in the window, oldest first.
type ids struct {
	Seen []seenID `json:"seen"`
	// Overflow counts ids that were forgotten within the window because there
	// were too many.
	Overflow int `json:"overflow,omitempty"`
}

type seenID struct {
	ID string    `json:"id"`
	At time.Time `json:"at"`
}

func (i ids) has(id string, since time.Time) bool {
	for n := len(i.Seen) - 1; n >= 0; n-- {
		if i.Seen[n].ID == id && !i.Seen[n].At.Before(since) {
			return true
		}
	}
	return false
}

// since tells whether an id was seen at or after a time.
func (i ids) since(at time.Time) bool {
	n := len(i.Seen)
	return n > 0 && !i.Seen[n-1].At.Before(at)
}

// with adds an id and forgets what is older than the window.
func (i ids) with(id string, at time.Time, window windowLength) ids {
	next := ids{Seen: make([]seenID, 0, len(i.Seen)+1), Overflow: i.Overflow}
	since := at.Add(-window)
	for _, s := range i.Seen {
		if !s.At.Before(since) && s.ID != id {
			next.Seen = append(next.Seen, s)
		}
	}
	next.Seen = append(next.Seen, seenID{ID: id, At: at})
	if over := len(next.Seen) - maxIDs; over > 0 {
		next.Seen = next.Seen[over:]
		next.Overflow += over
	}
	return next
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

// newerThan tells an event that is older than the state. Payments never are:
// they say nothing about the booking's own fields.
func (k state) newerThan(e *booking.Event) bool {
	return !payment(e) && k.memory.Version.newer(versionOf(e))
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
type contents []content

type content struct{ Resource, Version string }

// maxContents bounds the payments one booking can make us remember
// (invariant 11).
const maxContents = 64

func (c contents) of(resource string) string {
	if i, ok := c.find(resource); ok {
		return c[i].Version
	}
	return ""
}

func (c contents) find(resource string) (int, bool) {
	return slices.BinarySearchFunc(c, resource, func(c content, r string) int { return strings.Compare(c.Resource, r) })
}

// with gives the contents with one changed; those it is called on stay.
func (c contents) with(resource, version string) contents {
	i, ok := c.find(resource)
	if ok {
		next := slices.Clone(c)
		next[i].Version = version
		return next
	}
	if len(c) >= maxContents {
		return contents{{resource, version}}
	}
	next := make(contents, 0, len(c)+1)
	next = append(append(next, c[:i]...), content{resource, version})
	return append(next, c[i:]...)
}
