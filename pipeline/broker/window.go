package broker

import "math"

// remember takes a batch into its producer's window, by kfake's rules
// (pidwindow.pushAndValidate), so that a producer that goes on after a crash
// is neither refused nor written twice.
func (p *partition) remember(h header) {
	w := p.windows[h.producer]
	next := int32((int64(h.sequence) + int64(h.records)) % math.MaxInt32)
	entry := entryFile{FirstSeq: h.sequence, NextSeq: next, Offset: h.first}
	if w == nil || w.Epoch != h.epoch {
		p.windows[h.producer] = &windowFile{
			PID: h.producer, Topic: p.topic, Partition: p.index,
			Entries: [5]entryFile{entry}, Count: 1, At: 1, Epoch: h.epoch, Seen: true, NextSeq: next,
		}
		return
	}
	w.Entries[w.At] = entry
	w.At = (w.At + 1) % uint8(len(w.Entries))
	w.Count = min(w.Count+1, uint8(len(w.Entries)))
	w.NextSeq = next
}
