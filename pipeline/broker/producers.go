package broker

import (
	"encoding/json"
	"math"
	"os"
)

// producers is what pids.log says, and what the logs say beyond it.
type producers struct {
	byID  map[int64]*producerEntry
	byTxn map[string]int64 // a transactional id's latest producer id
}

// readProducers reads pids.log, and gives its entries as well.
func readProducers(path string) (*producers, []frame, error) {
	frames, _, err := readFramed(path)
	if err != nil {
		return nil, nil, err
	}
	ps := &producers{byID: map[int64]*producerEntry{}, byTxn: map[string]int64{}}
	for _, f := range frames {
		var e producerEntry
		if json.Unmarshal(f.data, &e) != nil {
			continue // kfake skips it too
		}
		ps.apply(e)
	}
	return ps, frames, nil
}

func (ps *producers) apply(e producerEntry) {
	if e.Type == "init" {
		if e.TxID != "" {
			if old, ok := ps.byTxn[e.TxID]; ok && old != e.PID {
				delete(ps.byID, old) // its epochs were used up
			}
			ps.byTxn[e.TxID] = e.PID
		}
		ps.byID[e.PID] = &e
		return
	}
	known := ps.byID[e.PID]
	if known == nil {
		return
	}
	known.Epoch = e.Epoch
	if e.Commit != nil {
		known.Commit = e.Commit
	}
}

// see raises a producer's epoch to what a batch of it carries: clients may
// raise it themselves, and kfake does not write that down.
func (ps *producers) see(id int64, epoch int16) {
	known := ps.byID[id]
	if known == nil {
		known = &producerEntry{Type: "init", PID: id}
		ps.byID[id] = known
	}
	known.Epoch = max(known.Epoch, epoch)
}

// fence makes every transactional producer begin anew: what it had in flight
// was ended by finish, so its late EndTxn must not be answered as if it had
// been carried out. kfake answers so where the epoch is the same or one more;
// hence two.
func (ps *producers) fence() {
	const step = 2
	for _, id := range sortedKeys(ps.byID) {
		p := ps.byID[id]
		if p.TxID == "" {
			continue
		}
		p.Commit = new(false)
		// Above this kfake gives out a new producer id, and so do we.
		if p.Epoch >= math.MaxInt16-1-step {
			ps.renew(p)
			continue
		}
		p.Epoch += step
	}
}

func (ps *producers) renew(p *producerEntry) {
	delete(ps.byID, p.PID)
	for ps.byID[p.PID] != nil || p.Epoch != 0 {
		p.PID, p.Epoch = (p.PID+1)&math.MaxInt64, 0
	}
	ps.byID[p.PID] = p
	ps.byTxn[p.TxID] = p.PID
}

// write replaces pids.log. Producers without a transactional id and without a
// batch in any log are left out: every start of a client adds one, and the
// broker takes such a producer's next batch all the same (invariant 11).
func (ps *producers) write(path string, inLog map[int64]bool) error {
	var out []byte
	for _, id := range sortedKeys(ps.byID) {
		p := ps.byID[id]
		if p.TxID == "" && !inLog[id] {
			continue
		}
		p.Type = "init"
		data, err := json.Marshal(p)
		if err != nil {
			return err
		}
		out = appendFrame(out, data)
	}
	return replace(path, out)
}

// readFramed reads a file of frames; none where there is no file.
func readFramed(path string) ([]frame, bool, error) {
	raw, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return nil, true, nil
	}
	if err != nil {
		return nil, false, err
	}
	frames, intact := readFrames(raw)
	return frames, intact, nil
}
