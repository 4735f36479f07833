package kafka

// watermark follows the records of one partition from hand-out to finish and
// tells which offset may be committed: the lowest that is not finished
// (invariant 5). Offsets rise but have gaps, where a topic was compacted or
// holds the marks of transactions.
type watermark struct {
	ring []mark // from head, count marks in the order of offsets
	head int
	n    int
	seq  uint64 // of the mark at head
	next int64  // offset to commit while the ring is empty
}

type mark struct {
	offset   int64
	finished bool
}

// add takes a record in and gives the number by which finish knows it. Offsets
// must rise.
func (w *watermark) add(offset int64) uint64 {
	if w.n == len(w.ring) {
		w.grow()
	}
	w.ring[(w.head+w.n)&(len(w.ring)-1)] = mark{offset: offset}
	w.n++
	w.next = offset + 1
	return w.seq + uint64(w.n-1)
}

// finish marks a record as finished.
func (w *watermark) finish(seq uint64) {
	w.ring[(w.head+int(seq-w.seq))&(len(w.ring)-1)].finished = true
	for w.n > 0 && w.ring[w.head].finished {
		w.head = (w.head + 1) & (len(w.ring) - 1)
		w.n--
		w.seq++
	}
}

// lowest gives the offset that may be committed.
func (w *watermark) lowest() int64 {
	if w.n > 0 {
		return w.ring[w.head].offset
	}
	return w.next
}

// spread is how many records lie from the lowest unfinished one to the newest.
func (w *watermark) spread() int { return w.n }

// grow doubles the ring; its length is a power of two.
func (w *watermark) grow() {
	bigger := make([]mark, max(64, 2*len(w.ring)))
	for i := range w.n {
		bigger[i] = w.ring[(w.head+i)&(len(w.ring)-1)]
	}
	w.ring, w.head = bigger, 0
}
