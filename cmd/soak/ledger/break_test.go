package ledger_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/reservoirhq/reservoir/cmd/soak/ledger"
	"github.com/reservoirhq/reservoir/cmd/soak/traffic"
	"github.com/reservoirhq/reservoir/pipeline"
)

func (h *history) cut(i int) { h.records = slices.Delete(h.records, i, i+1) }

// put adds a record behind the last of its topic and partition.
func (h *history) put(r pipeline.Record) {
	at := 0
	for i, o := range h.records {
		if o.Topic == r.Topic {
			at = i + 1
			if o.Partition == r.Partition && o.Offset >= r.Offset {
				r.Offset = o.Offset + 1
			}
		}
	}
	h.records = slices.Insert(h.records, at, r)
}

func (h *history) again(i int) { h.put(h.records[i]) }

// alsoSaid publishes an event again as another webhook, a duplicate of it, said it.
func (h *history) alsoSaid() {
	raw := h.records[h.outcome("duplicate")].Text("raw")
	first := slices.IndexFunc(h.records, func(r pipeline.Record) bool { return r.Topic == h.cfg.Normalised && r.Text("raw") == raw })
	event := slices.IndexFunc(h.records, func(r pipeline.Record) bool {
		return r.Topic == "bookings.events" && r.Text("ce_id") == h.records[first].Text("ce_id")
	})
	r := h.records[event]
	at := bytes.Index(r.Value, []byte(`"raw":{`))
	offset := bytes.Index(r.Value[at:], []byte(`"offset":`)) + at
	end := bytes.IndexByte(r.Value[offset:], ',') + offset
	said := raw[strings.LastIndexByte(raw, '/')+1:]
	r.Value = slices.Concat(r.Value[:offset], []byte(`"offset":`+said), r.Value[end:])
	h.put(r)
}

// sound gives the first record between the segments that is no junk, which may
// stand before it.
func (h *history) sound() int {
	return slices.IndexFunc(h.records, func(r pipeline.Record) bool {
		return r.Topic == h.cfg.Normalised && r.Text(ledger.JunkHeader) == ""
	})
}

func (h *history) outcome(kind string) int {
	all := h.on("outcomes")
	return all[slices.IndexFunc(all, func(i int) bool { return h.records[i].Text("outcome") == kind })]
}

// also gives the raw record of an event a second outcome.
func (h *history) also(kind string, event int) {
	r := h.records[h.outcome(kind)]
	normalised := h.records[slices.IndexFunc(h.records, func(o pipeline.Record) bool {
		return o.Topic == h.cfg.Normalised && o.Text("ce_id") == h.records[event].Text("ce_id")
	})]
	r.Headers = with(r.Headers, "raw", normalised.Text("raw"))
	h.put(r)
}

func with(headers []pipeline.Header, key, value string) []pipeline.Header {
	return append(slices.Clone(headers), pipeline.Text(key, value))
}

// die buries a sound record beside its event.
func (h *history) die() {
	of, letter := h.records[h.sound()], h.records[h.on("dead")[0]]
	at := with(with(letter.Headers, "dead_topic", of.Topic), "dead_partition", fmt.Sprint(of.Partition))
	letter.Headers = with(at, "dead_offset", fmt.Sprint(of.Offset))
	h.put(letter)
}

// early takes an event's outcome for one that came after the sample.
func (h *history) early() { h.before("bookings.events") }

func (h *history) earlyInFront() { h.before("bookings.normalised") }

func (h *history) before(topic string) {
	s := h.samples[0]
	ends := maps.Clone(s.Ends)
	ends[topic] = maps.Clone(ends[topic])
	for id, end := range ends[topic] {
		ends[topic][id] = end - 1
	}
	h.samples = []ledger.Sample{{Committed: s.Committed, Ends: ends}}
}

// swap lets two records of one booking change places.
func (h *history) swap(output string) {
	all := h.on(output)
	for _, i := range all {
		for _, j := range all {
			a, b := h.records[i], h.records[j]
			if i < j && len(a.Key) > 0 && bytes.Equal(a.Key, b.Key) && a.Text("ce_id") != b.Text("ce_id") {
				a.Offset, b.Offset = b.Offset, a.Offset
				h.records[i], h.records[j] = b, a
				return
			}
		}
	}
}

func (h *history) otherCopy() {
	r := h.records[slices.IndexFunc(h.records, func(r pipeline.Record) bool {
		return r.Topic == "bookings.events" && bytes.Contains(r.Value, []byte(`"stale":false`))
	})]
	r.Value = bytes.Replace(r.Value, []byte(`"stale":false`), []byte(`"stale":true`), 1)
	h.put(r)
}

func (h *history) otherID() {
	i := slices.IndexFunc(h.records, func(r pipeline.Record) bool {
		return r.Topic == h.cfg.Normalised && r.Text("source") == traffic.Broom
	})
	r := h.records[i]
	r.Headers = with(r.Headers, "ce_id", "another")
	h.put(r)
}

func (h *history) decidedAgain() {
	r := h.records[h.on("decisions")[0]]
	r.Value = bytes.Replace(r.Value, []byte(`"decision_id":"`), []byte(`"decision_id":"x`), 1)
	h.put(r)
}

func (h *history) lastState() int { all := h.on("current"); return all[len(all)-1] }

func (h *history) forget() {
	key := h.records[h.lastState()].Key
	h.records = slices.DeleteFunc(h.records, func(r pipeline.Record) bool {
		return r.Topic == "bookings.current" && bytes.Equal(r.Key, key)
	})
}

// older writes a booking's first state over its last.
func (h *history) older() {
	states := h.on("current")
	for n, i := range states {
		if slices.ContainsFunc(states[n+1:], func(later int) bool { return bytes.Equal(h.records[later].Key, h.records[i].Key) }) {
			h.again(i)
			return
		}
	}
	panic("no booking has two states")
}

func (h *history) otherState() {
	i := h.lastState()
	h.records[i].Value = append(slices.Clone(h.records[i].Value), ' ')
}

func (h *history) otherMemory() {
	i := h.lastState()
	h.records[i].Headers = with(h.records[i].Headers, "reservoir_memory", "nothing")
}

func (h *history) tombstone() {
	r := h.records[h.lastState()]
	r.Value, r.Headers = nil, nil
	h.put(r)
}

func (h *history) strange() {
	r := h.records[h.lastState()]
	r.Key = []byte("redbroom/strange")
	h.put(r)
}

// swallowed takes an event for a duplicate of one that nobody has published.
func (h *history) swallowed() {
	event := h.on("events")[0]
	h.also("duplicate", event)
	h.cut(event)
}

// onceOnly loses one of several records of a webhook that was answered 200 as
// often.
func (h *history) onceOnly() {
	seen := map[string]bool{}
	for i, r := range h.records {
		if !strings.HasPrefix(r.Topic, "bookings.raw.") {
			continue
		}
		id := r.Topic + "/" + r.Text("ce_id")
		if seen[id] {
			h.cut(i)
			return
		}
		seen[id] = true
	}
	panic("no webhook was sent twice")
}

// astray puts the last of several records of a key into another partition.
func (h *history) astray(output string) {
	all := h.on(output)
	for n := len(all) - 1; n > 0; n-- {
		key := h.records[all[n]].Key
		if len(key) > 0 && slices.ContainsFunc(all[:n], func(i int) bool { return bytes.Equal(h.records[i].Key, key) }) {
			h.elsewhere(all[n])
			return
		}
	}
	panic("no key has two records on " + output)
}

// alone moves all states of a booking.
func (h *history) alone() {
	key := h.records[h.lastState()].Key
	for _, i := range h.on("current") {
		if bytes.Equal(h.records[i].Key, key) {
			h.elsewhere(i)
		}
	}
}

// elsewhere moves a record behind those of another partition.
func (h *history) elsewhere(i int) {
	r := &h.records[i]
	r.Partition = (r.Partition + 1) % partitions
	r.Offset += 10_000
}

// unseen takes what a group had committed out of the look.
func (h *history) unseen(group string) {
	committed := maps.Clone(h.samples[0].Committed)
	delete(committed, group)
	h.samples = []ledger.Sample{{Committed: committed, Ends: h.samples[0].Ends}}
}
