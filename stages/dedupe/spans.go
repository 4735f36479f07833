package dedupe

import (
	"slices"

	"github.com/reservoirhq/reservoir/pipeline"
)

// spans are the offsets of the state's topic at which this claim wrote records
// whose states are kept, as far as it was told: ranges that do not touch, in
// their order. Between two of them stands what is on its way, or what somebody
// else wrote.
type spans []span

// span is the offsets from `from` up to and without `to`; last is the record at
// its end.
type span struct {
	from, to int64
	last     pipeline.Record
}

// maxSpans bounds them (invariant 11). Where there are more, the topic is read.
const maxSpans = 256

// add notes a record. Acknowledgements come nearly in the order of offsets.
func (s *spans) add(r pipeline.Record) {
	all := *s
	i := len(all)
	for i > 0 && all[i-1].from > r.Offset {
		i--
	}
	if i > 0 && all[i-1].to > r.Offset {
		return // it is there
	}
	before, behind := i > 0 && all[i-1].to == r.Offset, i < len(all) && all[i].from == r.Offset+1
	switch {
	case before && behind:
		all[i-1].to, all[i-1].last = all[i].to, all[i].last
		all = slices.Delete(all, i, i+1)
	case before:
		all[i-1].to, all[i-1].last = r.Offset+1, r
	case behind:
		all[i].from = r.Offset
	case len(all) >= maxSpans:
		all = nil
	default:
		all = slices.Insert(all, i, span{r.Offset, r.Offset + 1, r})
	}
	*s = all
}

// pass gives where an offset comes to that goes over what follows it without a
// gap, and the last record there. What is before it is forgotten.
func (s *spans) pass(next int64) (int64, pipeline.Record, bool) {
	all := *s
	for len(all) > 0 && all[0].to <= next {
		all = slices.Delete(all, 0, 1)
	}
	*s = all
	if len(all) == 0 || all[0].from > next {
		return next, pipeline.Record{}, false
	}
	first := all[0]
	*s = slices.Delete(all, 0, 1)
	return first.to, first.last, true
}

// placed gives the record of an acknowledged event's state where it is said at
// which place of the topic it stands.
func placed(ev *pipeline.Event) (pipeline.Record, bool) {
	r := stateOfEvent(ev)
	return r, r.Topic != "" && !r.Time.IsZero()
}

// stateOfEvent gives the record of the state after an event.
func stateOfEvent(ev *pipeline.Event) pipeline.Record {
	for i := len(ev.Side) - 1; i >= 0; i-- {
		if ev.Side[i].Output == pipeline.Current {
			return ev.Side[i].Record
		}
	}
	return pipeline.Record{}
}
