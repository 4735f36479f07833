package dedupe

// hot are the states of a partition that are in memory: those that changed since
// they were last written to local disk, and those that were used last. They are
// kept as they stand on disk, which is small and nothing for the garbage
// collector to walk through.
//
// It is bounded in bytes by the partition's share of the memory, of which three
// quarters may wait to be written (write.go); while a batch is on its way to disk
// it may be over that by half. Its owner holds a lock.
type hot struct {
	// partial tells that there may be states on disk of which nothing is here. Else
	// a booking that is not here is known nowhere, and the disk is not asked.
	partial bool

	at    map[string]int
	slots []slot
	free  []int
	hand  int
	bytes int64 // of all that is held
	// waiting are the slots that differ from the disk, waitingBytes what they
	// hold.
	waiting      []int
	waitingBytes int64
}

// slot is one booking's state. An empty blob says that there is none any more.
type slot struct {
	booking, blob string
	used          bool // since the hand last passed
	waiting       bool // to be written
	writing       bool // on its way to the disk: a reader would not find it there yet
}

// slotBytes is about what a slot takes beside its texts.
const slotBytes = 128

func (s slot) bytes() int64 { return int64(len(s.booking) + len(s.blob) + slotBytes) }

// newHot is for a partition that has nothing on disk; else it is partial.
func newHot() *hot { return &hot{at: map[string]int{}} }

// find gives a state, and whether there is anything to be known of it here.
func (h *hot) find(booking string) (blob string, ok bool) {
	i, ok := h.at[booking]
	if !ok {
		return "", false
	}
	h.slots[i].used = true
	return h.slots[i].blob, true
}

// change keeps a state that is to be written, an empty one to be deleted.
func (h *hot) change(booking, blob string) {
	i := h.place(booking)
	s := &h.slots[i]
	h.bytes += int64(len(blob) - len(s.blob))
	if s.waiting {
		h.waitingBytes += int64(len(blob) - len(s.blob))
	}
	s.blob = blob
	h.wait(i)
}

// wait has a slot written with the next ones.
func (h *hot) wait(i int) {
	s := &h.slots[i]
	if !s.waiting {
		s.waiting = true
		h.waiting = append(h.waiting, i)
		h.waitingBytes += s.bytes()
	}
}

// place gives the slot of a booking, a new one where it has none.
func (h *hot) place(booking string) int {
	if i, ok := h.at[booking]; ok {
		return i
	}
	i := len(h.slots)
	if n := len(h.free); n > 0 {
		i, h.free = h.free[n-1], h.free[:n-1]
	} else {
		h.slots = append(h.slots, slot{})
	}
	h.slots[i] = slot{booking: booking}
	h.at[booking] = i
	h.bytes += h.slots[i].bytes()
	return i
}

// take gives what waits to be written; it stays here until wrote.
func (h *hot) take() []change {
	all := make([]change, len(h.waiting))
	for n, i := range h.waiting {
		s := &h.slots[i]
		s.waiting, s.writing = false, true
		all[n] = change{i, s.booking, s.blob}
	}
	h.waiting, h.waitingBytes = h.waiting[:0], 0
	return all
}

// change is a state on its way to disk.
type change struct {
	slot          int
	booking, blob string
}

// wrote says that what take gave is on disk.
func (h *hot) wrote(all []change) {
	for _, c := range all {
		h.slots[c.slot].writing = false
	}
}

// failed says that what take gave may not be on disk: it waits again.
func (h *hot) failed(all []change) {
	for _, c := range all {
		h.slots[c.slot].writing = false
		h.wait(c.slot)
	}
}

// shrink lets go of states that are on disk until no more than limit bytes are
// held, the least used first. It gives up after two rounds: what waits to be
// written stays.
func (h *hot) shrink(limit int64) {
	for n := 2 * len(h.slots); n > 0 && h.bytes > limit; n-- {
		i := h.hand
		h.hand = (h.hand + 1) % len(h.slots)
		s := &h.slots[i]
		switch {
		case s.booking == "" || s.waiting || s.writing:
		case s.used:
			s.used = false
		default:
			h.partial = h.partial || s.blob != ""
			h.bytes -= s.bytes()
			delete(h.at, s.booking)
			*s = slot{}
			h.free = append(h.free, i)
		}
	}
}
