package broker

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// intent is a transaction that is about to be ended, written before kfake
// ends it: kfake writes a marker to each partition, then each offset, then a
// line to pids.log, and a crash between two of them would leave half a
// transaction.
type intent struct {
	PID     int64    `json:"pid"`
	Epoch   int16    `json:"epoch"`
	Commit  bool     `json:"commit"`
	At      int64    `json:"at"`   // size of pids.log then
	Tail    uint32   `json:"tail"` // CRC-32C of its last bytes then
	Offsets []staged `json:"offsets,omitempty"`
	// Ends are the ends of all partitions then, by topic. What stands behind
	// them belongs to a later transaction, which a client may begin after an
	// EndTxn that kfake refused or took for a repeat, with the same epoch.
	Ends map[string][]int64 `json:"ends"`
}

// covers tells whether a producer's transaction, whose first record in the
// partition is at offset first, is the one that was about to be committed.
func (in *intent) covers(producer int64, txn openTxn, topic string, index int32) bool {
	if in == nil || in.PID != producer || in.Epoch != txn.epoch || int(index) >= len(in.Ends[topic]) {
		return false
	}
	return txn.first < in.Ends[topic][index]
}

// staged is an offset that becomes its group's when the transaction commits.
type staged struct {
	Group     string  `json:"group"`
	Topic     string  `json:"topic,omitempty"`
	TopicID   string  `json:"topic_id,omitempty"` // base64, where the client names no topic
	Partition int32   `json:"partition"`
	Offset    int64   `json:"offset"`
	Leader    int32   `json:"leader"`
	Metadata  *string `json:"metadata,omitempty"`
}

// interrupted gives the commit that a crash interrupted, nil where there is
// none. It was carried out to its end if pids.log has its last line, or was
// compacted since; it never began if the producer had another epoch.
func interrupted(l layout, ps *producers, frames []frame) (*intent, error) {
	in, err := loadIntent(l.intent())
	if in == nil || err != nil || !in.Commit {
		return nil, err
	}
	if rewritten, err := wasRewritten(l.producers(), in); rewritten || err != nil {
		return nil, err
	}
	for _, f := range frames {
		var e producerEntry
		if f.at >= in.At && json.Unmarshal(f.data, &e) == nil && e.PID == in.PID {
			return nil, nil
		}
	}
	if p := ps.byID[in.PID]; p == nil || p.Epoch != in.Epoch || p.TxID == "" {
		return nil, nil
	}
	return in, nil
}

// loadIntent reads the intent. A torn one was never followed by an EndTxn.
func loadIntent(path string) (*intent, error) {
	frames, _, err := readFramed(path)
	if err != nil || len(frames) == 0 {
		return nil, err
	}
	var in intent
	if err := json.Unmarshal(frames[0].data, &in); err != nil {
		return nil, err
	}
	return &in, nil
}

// tailBytes are enough to tell a file from its rewriting: kfake writes
// producers in an order that is new each time.
const tailBytes = 4 << 10

// wasRewritten tells whether the producers' log is another than when in was
// written.
func wasRewritten(path string, in *intent) (bool, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return in.At > 0, nil
	}
	if err != nil {
		return false, err
	}
	sum, err := tailSum(f, in.At)
	err = errors.Join(err, f.Close())
	if errors.Is(err, io.EOF) {
		return true, nil // shorter than it was
	}
	return sum != in.Tail, err
}

// tailSum gives the sum of the bytes before at.
func tailSum(f io.ReaderAt, at int64) (uint32, error) {
	tail := make([]byte, min(at, tailBytes))
	if _, err := f.ReadAt(tail, at-int64(len(tail))); err != nil {
		return 0, err
	}
	return crc32.Checksum(tail, castagnoli()), nil
}

// mark gives the size of a log and the sum of its end; a log that is not there
// yet has none.
func mark(path string) (size int64, sum uint32, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, crc32.Checksum(nil, castagnoli()), nil
	}
	if err != nil {
		return 0, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return 0, 0, errors.Join(err, f.Close())
	}
	sum, err = tailSum(f, info.Size())
	return info.Size(), sum, errors.Join(err, f.Close())
}

// entries gives the offsets as lines of groups.log.
func (in *intent) entries(topics topicsFile, now time.Time) []groupEntry {
	names := map[string]string{}
	known := map[string]int{}
	for _, t := range topics.Topics {
		names[t.ID] = t.Name
		known[t.Name] = t.Partitions
	}
	at := now.UnixMilli()
	var out []groupEntry
	for _, s := range in.Offsets {
		topic := s.Topic
		if topic == "" {
			topic = names[s.TopicID]
		}
		if int(s.Partition) >= known[topic] {
			continue // kfake did not take it either
		}
		out = append(out, groupEntry{
			Type: "commit", Group: s.Group, Topic: topic, Part: s.Partition,
			Offset: s.Offset, Epoch: s.Leader, Metadata: s.Metadata, LastCommit: &at,
		})
	}
	return out
}

// stager follows transactions as their requests go by. It is used by kfake's
// one goroutine only.
type stager struct {
	layout
	cluster *kfake.Cluster
	offsets map[int64][]staged // by producer id
	ids     map[string]int64   // transactional id to producer id
}

func newStager(l layout, cluster *kfake.Cluster) *stager {
	return &stager{layout: l, cluster: cluster, offsets: map[int64][]staged{}, ids: map[string]int64{}}
}

// stage takes offsets of a TxnOffsetCommit.
func (s *stager) stage(req *kmsg.TxnOffsetCommitRequest) {
	s.ids[req.TransactionalID] = req.ProducerID
	for _, t := range req.Topics {
		for _, p := range t.Partitions {
			o := staged{
				Group: req.Group, Topic: t.Topic, Partition: p.Partition,
				Offset: p.Offset, Leader: p.LeaderEpoch, Metadata: p.Metadata,
			}
			if req.Version >= 6 {
				o.Topic, o.TopicID = "", base64.StdEncoding.EncodeToString(t.TopicID[:])
			}
			s.offsets[req.ProducerID] = append(s.offsets[req.ProducerID], o)
		}
	}
}

// forget drops what an aborted transaction staged.
func (s *stager) forget(txn string) {
	delete(s.offsets, s.ids[txn])
	delete(s.ids, txn)
}

// end writes the intent down before kfake sees the request.
func (s *stager) end(req *kmsg.EndTxnRequest) error {
	size, tail, err := mark(s.producers())
	if err != nil {
		return err
	}
	ends, err := s.ends()
	if err != nil {
		return err
	}
	data, err := json.Marshal(intent{
		PID: req.ProducerID, Epoch: req.ProducerEpoch, Commit: req.Commit,
		At: size, Tail: tail, Offsets: s.offsets[req.ProducerID], Ends: ends,
	})
	if err != nil {
		return err
	}
	s.forget(req.TransactionalID)
	delete(s.offsets, req.ProducerID)
	return replace(s.intent(), appendFrame(nil, data))
}

// ends gives the high watermark of every partition.
func (s *stager) ends() (map[string][]int64, error) {
	var file topicsFile
	if _, err := loadJSON(s.topics(), &file); err != nil {
		return nil, err
	}
	ends := make(map[string][]int64, len(file.Topics))
	for _, t := range file.Topics {
		for _, info := range s.cluster.PartitionInfos(t.Name) {
			ends[t.Name] = append(ends[t.Name], info.HighWatermark)
		}
	}
	return ends, nil
}
