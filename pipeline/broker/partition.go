package broker

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// partition is one partition's log as its files tell it.
type partition struct {
	topic string
	index int32
	dir   string

	segments []*segment
	start    int64 // first offset there is
	end      int64 // next offset: the high watermark
	leader   int32 // last leader epoch
	maxTime  int64
	created  time.Time

	open    map[int64]*openTxn // by producer id: transactions without a marker
	aborted []abortedFile
	windows map[int64]*windowFile // by producer id
}

type segment struct {
	base  int64
	size  int64
	index []byte // what the .idx file must hold
}

type openTxn struct {
	epoch int16
	first int64
}

func newPartition(topic string, index int32, dir string) *partition {
	return &partition{
		topic: topic, index: index, dir: dir, maxTime: -1,
		open: map[int64]*openTxn{}, windows: map[int64]*windowFile{},
	}
}

func (p *partition) name() string { return fmt.Sprintf("%s/%d", p.topic, p.index) }

// read goes through every batch on disk. A torn end of the last segment, the
// write that the crash interrupted and nobody was told of, is cut off;
// anything else that is broken stops the start, because records that were
// acknowledged are then missing (invariant 9).
func (p *partition) read(ctx context.Context) error {
	bases, err := segments(p.dir)
	if err != nil {
		return err
	}
	for i, base := range bases {
		if err := ctx.Err(); err != nil {
			return err
		}
		if i == 0 {
			p.start, p.end = base, base
		}
		if base != p.end {
			return fmt.Errorf("%s: partition %s continues at offset %d, but a segment with offset %d should come next; "+
				"put the missing file back from a copy, or move the data directory away to begin anew",
				segmentPath(p.dir, base), p.name(), base, p.end)
		}
		if err := p.readSegment(base, i == len(bases)-1); err != nil {
			return err
		}
	}
	return nil
}

func (p *partition) readSegment(base int64, last bool) error {
	path := segmentPath(p.dir, base)
	f, err := os.OpenFile(path, os.O_RDWR, fileMode)
	if err != nil {
		return err
	}
	s := &segment{base: base}
	p.segments = append(p.segments, s)
	torn, err := p.readBatches(f, s)
	if err == nil && torn {
		err = p.cut(f, s.size, last)
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

// readBatches takes every whole batch in and tells whether bytes are left.
func (p *partition) readBatches(f io.Reader, s *segment) (torn bool, err error) {
	r := bufio.NewReaderSize(f, 256<<10)
	var buf []byte
	for {
		h, batch, err := readBatch(r, &buf)
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if errors.Is(err, errTorn) || err == nil && h.first != p.end {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		s.size += h.size
		s.index = appendIndex(s.index, h, max(p.maxTime, h.maxTime))
		p.take(h, batch)
	}
}

// cut removes what stands behind the last whole batch.
func (p *partition) cut(f *os.File, size int64, last bool) error {
	rest, err := io.ReadAll(io.NewSectionReader(f, size, 1<<40))
	if err != nil {
		return err
	}
	if !last || holdsBatch(rest, p.end) {
		return fmt.Errorf("partition %s is damaged at byte %d (offset %d): whole records stand behind bytes that cannot be read; "+
			"this is no trace of a crash but of the disk or another program; restore the file from a copy, or move the data directory away to begin anew",
			p.name(), size, p.end)
	}
	if err := f.Truncate(size); err != nil {
		return err
	}
	return f.Sync()
}

// take accounts for one batch.
func (p *partition) take(h header, batch []byte) {
	if p.created.IsZero() {
		p.created = time.UnixMilli(h.minTime).UTC()
	}
	p.end, p.leader, p.maxTime = h.next(), h.leader, max(p.maxTime, h.maxTime)
	switch {
	case h.control():
		p.endTxn(h, committed(batch))
	case h.transactional() && p.open[h.producer] == nil:
		p.open[h.producer] = &openTxn{epoch: h.epoch, first: h.first}
	case h.transactional():
		p.open[h.producer].epoch = h.epoch
	}
	if h.producer >= 0 && !h.control() {
		p.remember(h)
	}
}

func (p *partition) endTxn(h header, commit bool) {
	txn := p.open[h.producer]
	delete(p.open, h.producer)
	if txn == nil || commit {
		return
	}
	p.aborted = append(p.aborted, abortedFile{ProducerID: h.producer, FirstOffset: txn.first, LastOffset: h.first})
}

// finish ends every open transaction by a marker in the log, as the broker
// would have: kfake only pretends they are aborted, and forgets that once the
// same producer commits its next one. A transaction is committed if it is the
// one that in covers.
func (p *partition) finish(in *intent, now time.Time) error {
	if len(p.open) == 0 {
		return nil
	}
	s := p.segments[len(p.segments)-1] // an open transaction stands in one
	f, err := os.OpenFile(segmentPath(p.dir, s.base), os.O_APPEND|os.O_WRONLY, fileMode)
	if err != nil {
		return err
	}
	for _, producer := range sortedKeys(p.open) {
		txn := *p.open[producer]
		batch := marker(producer, txn.epoch, in.covers(producer, txn, p.topic, p.index), p.end, p.leader, now)
		if _, err := f.Write(batch); err != nil {
			return errors.Join(err, f.Close())
		}
		h, _ := readHeader(batch)
		s.size += h.size
		s.index = appendIndex(s.index, h, max(p.maxTime, h.maxTime))
		p.take(h, batch)
	}
	return errors.Join(f.Sync(), f.Close())
}

// write brings the indexes and the snapshot in line with the segments. With a
// matching snapshot kfake loads one segment at a time; without, it holds the
// whole log in memory and guesses where it begins.
func (p *partition) write() error {
	if len(p.segments) == 0 {
		return nil
	}
	snap := snapshotFile{
		Version: formatVersion, HighWatermark: p.end, LastStableOffset: p.end, LogStartOffset: p.start,
		Epoch: p.leader, MaxTimestamp: p.maxTime, CreatedAt: p.created, AbortedTxns: p.aborted,
	}
	path := p.dir + "/snapshot.json"
	var old snapshotFile
	// An unreadable snapshot is as good as none: nothing is in it that the
	// segments do not tell, but how far an earlier retention went.
	if found, err := loadJSON(path, &old); err == nil && found && old.LogStartOffset > p.start && old.LogStartOffset <= p.end {
		snap.LogStartOffset = old.LogStartOffset
	}
	for _, s := range p.segments {
		if err := writeIndex(indexPath(p.dir, s.base), s.index); err != nil {
			return err
		}
		snap.Segments = append(snap.Segments, segmentFile{BaseOffset: s.base, Size: s.size, MaxEpoch: p.leader})
	}
	return replaceJSON(path, snap)
}

// writeIndex replaces an index file that differs.
func writeIndex(path string, want []byte) error {
	have, err := os.ReadFile(path)
	if err == nil && bytes.Equal(have, want) {
		return nil
	}
	return replace(path, want)
}
