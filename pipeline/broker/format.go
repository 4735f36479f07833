package broker

import (
	"maps"
	"slices"
	"time"
)

// The files of kfake that we read or write, format version 1, as persist.go
// of github.com/twmb/franz-go/pkg/kfake has them. A test writes each with
// kfake and reads it here, so that a kfake which changes them is noticed.

const formatVersion = 1

type topicsFile struct {
	Version int         `json:"version"`
	Topics  []topicFile `json:"topics"`
}

type topicFile struct {
	Name       string            `json:"name"`
	ID         string            `json:"id"` // base64
	Partitions int               `json:"partitions"`
	Replicas   int               `json:"replicas"`
	Configs    map[string]string `json:"configs,omitempty"`
}

type snapshotFile struct {
	Version          int           `json:"version"`
	HighWatermark    int64         `json:"high_watermark"`
	LastStableOffset int64         `json:"last_stable_offset"`
	LogStartOffset   int64         `json:"log_start_offset"`
	Epoch            int32         `json:"epoch"`
	LeaderNode       int32         `json:"leader_node,omitempty"`
	MaxTimestamp     int64         `json:"max_timestamp"`
	CreatedAt        time.Time     `json:"created_at"`
	AbortedTxns      []abortedFile `json:"aborted_txns,omitempty"`
	Segments         []segmentFile `json:"segments"`
}

type abortedFile struct {
	ProducerID  int64 `json:"producer_id"`
	FirstOffset int64 `json:"first_offset"`
	LastOffset  int64 `json:"last_offset"`
}

type segmentFile struct {
	BaseOffset int64 `json:"base_offset"`
	Size       int64 `json:"size"`
	MinEpoch   int32 `json:"min_epoch,omitempty"`
	MaxEpoch   int32 `json:"max_epoch,omitempty"`
}

type windowsFile struct {
	Version int          `json:"version"`
	Windows []windowFile `json:"windows"`
}

// windowFile is what a partition remembers of one producer: its last five
// batches, by which a repeat is told from a new one.
type windowFile struct {
	PID       int64        `json:"pid"`
	Topic     string       `json:"topic"`
	Partition int32        `json:"partition"`
	Entries   [5]entryFile `json:"entries"`
	Count     uint8        `json:"count"`
	At        uint8        `json:"at"`
	Epoch     int16        `json:"epoch"`
	Seen      bool         `json:"seen"`
	NextSeq   int32        `json:"next_seq"`
}

type entryFile struct {
	FirstSeq int32 `json:"first_seq"`
	NextSeq  int32 `json:"next_seq"`
	Offset   int64 `json:"offset"`
}

type producerEntry struct {
	Type    string `json:"type"` // init, endtx, timeout
	PID     int64  `json:"pid"`
	Epoch   int16  `json:"epoch"`
	TxID    string `json:"txid,omitempty"`
	Timeout int32  `json:"timeout,omitempty"` // milliseconds
	Commit  *bool  `json:"commit,omitempty"`
}

type groupEntry struct {
	Type       string  `json:"type"` // commit, delete, meta, meta848, static
	Group      string  `json:"g"`
	Topic      string  `json:"t,omitempty"`
	Part       int32   `json:"p,omitempty"`
	Offset     int64   `json:"o,omitempty"`
	Epoch      int32   `json:"e,omitempty"`
	Metadata   *string `json:"m,omitempty"`
	LastCommit *int64  `json:"lc,omitempty"` // milliseconds
}

func sortedKeys[M ~map[K]V, K interface{ ~int64 | ~string }, V any](m M) []K {
	return slices.Sorted(maps.Keys(m))
}
