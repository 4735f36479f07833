package broker

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/reservoirhq/reservoir/pipeline"
)

const (
	// retentionEvery is as often as Kafka looks (log.retention.check.interval.ms).
	retentionEvery = 5 * time.Minute
	// defaultRetention is Kafka's log.retention.hours.
	defaultRetention = 7 * 24 * time.Hour
	segmentBytes     = 8 << 20
)

// retention removes old records as the topics ask (invariant 11). kfake's own
// would do it only while some topic was made or changed since the start, and
// it removes the last batch too: the files are then gone, and with them, at
// the next start, the offset the partition had reached. New records would get
// old offsets and be skipped by every group. So the last batch stays.
type retention struct {
	layout
	cluster *kfake.Cluster
	clock   pipeline.Clock
	log     *slog.Logger
	reached map[string]place // by partition folder
}

// place is how far a partition's records were found to be expired.
type place struct{ base, at int64 }

func (r *retention) run(ctx context.Context) {
	for r.clock.Sleep(ctx, retentionEvery) == nil {
		if err := r.once(ctx); err != nil && ctx.Err() == nil {
			r.log.Error("retention could not be kept; the log goes on growing until it can", "error", err)
		}
	}
}

func (r *retention) once(ctx context.Context) error {
	var file topicsFile
	if _, err := loadJSON(r.topics(), &file); err != nil {
		return err
	}
	var errs []error
	seen := make(map[string]place, len(r.reached))
	for _, t := range file.Topics {
		keep := limitsOf(t.Configs)
		for i := range t.Partitions {
			if err := ctx.Err(); err != nil {
				return err
			}
			dir := r.partition(t.Name, int32(i))
			errs = append(errs, r.trim(t.Name, int32(i), dir, keep))
			if at, ok := r.reached[dir]; ok {
				seen[dir] = at
			}
		}
	}
	r.reached = seen
	return errors.Join(errs...)
}

// limits are what a topic's configs say; negative is no limit.
type limits struct {
	age   time.Duration
	bytes int64
}

// limitsOf reads retention.ms and retention.bytes. A value that is no number
// removes nothing.
func limitsOf(configs map[string]string) limits {
	keep := limits{age: defaultRetention, bytes: -1}
	if v, ok := configs[retentionMs]; ok {
		ms, err := strconv.ParseInt(v, 10, 64)
		keep.age = time.Duration(ms) * time.Millisecond
		if err != nil || ms < 0 || ms > int64(time.Duration(1<<63-1)/time.Millisecond) {
			keep.age = -1
		}
	}
	if v, ok := configs[retentionBytes]; ok {
		n, err := strconv.ParseInt(v, 10, 64)
		keep.bytes = n
		if err != nil {
			keep.bytes = -1
		}
	}
	return keep
}

// trim moves the start of one partition behind its expired batches.
func (r *retention) trim(topic string, index int32, dir string, keep limits) error {
	info := r.cluster.PartitionInfo(topic, index)
	if info == nil || keep.age < 0 && keep.bytes < 0 {
		return nil
	}
	bases, err := segments(dir)
	if err != nil || len(bases) == 0 {
		return err
	}
	cut, at, err := r.expired(dir, bases, info, keep)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // the topic was deleted meanwhile
	}
	if err != nil {
		return err
	}
	r.reached[dir] = at
	if cut <= info.LogStartOffset {
		return nil
	}
	if err := r.cluster.DeleteRecords(topic, index, cut); err != nil && r.cluster.PartitionInfo(topic, index) != nil {
		return err
	}
	return nil
}

// expired gives the offset before which everything is expired, and where in
// the files that is. Files are only ever appended to, so that it reads beside
// kfake, up to the high watermark.
func (r *retention) expired(dir string, bases []int64, info *kfake.PartitionInfo, keep limits) (int64, place, error) {
	from := r.reached[dir]
	if from.base < bases[0] {
		from = place{base: bases[0]}
	}
	cut, excess := info.LogStartOffset, info.NumBytes-keep.bytes
	oldest := r.clock.Now().Add(-keep.age).UnixMilli()
	for _, base := range bases {
		if base < from.base {
			continue
		}
		if base > from.base {
			from = place{base: base}
		}
		stop, err := eachHeader(segmentPath(dir, base), from.at, func(h header) bool {
			if h.next() >= info.HighWatermark {
				return false
			}
			if h.next() > info.LogStartOffset {
				old := keep.age >= 0 && h.maxTime >= 0 && h.maxTime <= oldest
				if !old && (keep.bytes < 0 || excess < h.size) { // not below the size, as Kafka
					return false
				}
				excess -= h.size
				cut = h.next()
			}
			from.at += h.size
			return true
		})
		if stop || err != nil {
			return cut, from, err
		}
	}
	return cut, from, nil
}

// eachHeader calls fn with the head of each batch from byte at on, until it
// says stop.
func eachHeader(path string, at int64, fn func(header) bool) (stopped bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	head := make([]byte, headerBytes)
	for {
		_, err := f.ReadAt(head, at)
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		h, ok := readHeader(head)
		if !ok || !fn(h) {
			return true, nil
		}
		at += h.size
	}
}
