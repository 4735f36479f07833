package kafka

// maxSpread is the default bound of what is remembered behind one stuck record:
// its key waits, the others of the partition go on for this many records
// (invariants 5 and 11). 16 bytes each.
const maxSpread = 100_000

// window decides which records of a partition may run now: lanes by key,
// bounded in records and bytes, and the watermark behind them. It knows
// neither Kafka nor goroutines; the claim guards it with a lock.
type window struct {
	maxRecords int
	maxBytes   int64
	maxSpread  int

	marks watermark
	order *prefix // with transactions: a record stays open until it is committed
	lanes lanes
	open  int   // records taken in and not finished
	bytes int64 // of those
	top   int64 // highest offset that was handed out

	draining bool
	cutoff   int64 // while draining, records above it are not begun
}

func newWindow(maxRecords int, maxBytes int64, start int64) window {
	w := window{maxRecords: maxRecords, maxBytes: maxBytes, maxSpread: maxSpread, lanes: newLanes(), top: -1}
	w.marks.next = start
	return w
}

// room tells whether another record may come in. One always may when there is
// none, however large it is.
func (w *window) room(size int64) bool {
	if w.open == 0 {
		return true
	}
	return w.open < w.maxRecords && w.bytes+size <= w.maxBytes && w.marks.spread() < w.maxSpread
}

// add takes a record in; the lane that it gives needs a worker.
func (w *window) add(t *task) *lane {
	t.seq = w.marks.add(t.rec.Offset)
	w.open++
	w.bytes += t.size
	if w.order != nil {
		w.order.add(t)
	}
	return w.lanes.add(t)
}

// handed notes that a handler has the record.
func (w *window) handed(t *task) { w.top = max(w.top, t.rec.Offset) }

// finish takes the first record of a lane as done and gives the next one to
// work on, nil if the lane ends here.
func (w *window) finish(ln *lane) *task {
	if w.order == nil {
		w.close(ln.head)
	}
	next := w.lanes.advance(ln)
	if next != nil && !w.wanted(next) {
		w.lanes.drop(ln)
		return nil
	}
	return next
}

// close takes a record out of the window.
func (w *window) close(t *task) {
	w.marks.finish(t.seq)
	w.open--
	w.bytes -= t.size + t.outBytes
}

// stop ends a lane whose first record did not finish: it stays unfinished, and
// so does what is behind it.
func (w *window) stop(ln *lane) { w.lanes.drop(ln) }

// drain begins nothing that is above what handlers already have. What is below
// still runs: finishing the holes moves the watermark over work already done,
// which would otherwise be done twice.
func (w *window) drain() {
	if !w.draining {
		w.draining, w.cutoff = true, w.top
	}
}

// wanted tells whether a record may still be begun, or is.
func (w *window) wanted(t *task) bool { return !w.draining || t.begun || t.rec.Offset < w.cutoff }
