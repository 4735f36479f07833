package broker

import (
	"bytes"
	"context"
	"log/slog"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// Recover runs the recovery of a directory alone.
func Recover(ctx context.Context, dir string) error {
	r := &recovery{layout: layout{dir}, log: slog.New(slog.DiscardHandler), now: time.Unix(1, 0)}
	return r.run(ctx)
}

// Frame frames one entry of a log.
func Frame(entry []byte) []byte { return appendFrame(nil, entry) }

// Frames reads the entries of a log.
func Frames(raw []byte) (entries [][]byte, intact bool) {
	frames, intact := readFrames(raw)
	for _, f := range frames {
		entries = append(entries, f.data)
	}
	return entries, intact
}

// Marker gives a whole batch.
func Marker(offset int64) []byte { return marker(1, 0, true, offset, 0, time.Unix(1, 0)) }

// ReadSegment reads one segment, and gives the bytes and the offset up to which
// it is whole, and whether bytes are left.
func ReadSegment(raw []byte) (size, end int64, torn bool, err error) {
	p, s := newPartition("t", 0, ""), &segment{}
	torn, err = p.readBatches(bytes.NewReader(raw), s)
	return s.size, p.end, torn, err
}

// Logger is what the broker's own lines go through.
func Logger(to *slog.Logger, fail func(error)) kfake.Logger { return logger{to, fail} }
