package broker

import (
	"encoding/binary"
	"hash/crc32"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// appendIndex appends kfake's index entry of a batch, 15 bytes: version,
// low byte of the CRC-32C of what follows, leader epoch, latest timestamp up
// to here, flags; little-endian.
func appendIndex(dst []byte, h header, latest int64) []byte {
	var e [15]byte
	e[0] = formatVersion
	binary.LittleEndian.PutUint32(e[2:], uint32(h.leader))
	binary.LittleEndian.PutUint64(e[6:], uint64(latest))
	if h.transactional() {
		e[14] = 1
	}
	e[1] = byte(crc32.Checksum(e[2:], castagnoli()))
	return append(dst, e[:]...)
}

// marker makes the control batch that ends a transaction, as in
// https://kafka.apache.org/documentation/#controlbatch.
func marker(producer int64, epoch int16, commit bool, offset int64, leader int32, now time.Time) []byte {
	key := kmsg.ControlRecordKey{Type: kmsg.ControlRecordKeyTypeAbort}
	if commit {
		key.Type = kmsg.ControlRecordKeyTypeCommit
	}
	end := kmsg.EndTxnMarker{}
	rec := kmsg.Record{Key: key.AppendTo(nil), Value: end.AppendTo(nil)}
	rec.Length = int32(len(rec.AppendTo(nil)) - 1) // the length's own byte is not counted
	b := kmsg.RecordBatch{
		FirstOffset: offset, PartitionLeaderEpoch: leader, Magic: 2, Attributes: attrControl | attrTransactional,
		FirstTimestamp: now.UnixMilli(), MaxTimestamp: now.UnixMilli(),
		ProducerID: producer, ProducerEpoch: epoch, FirstSequence: -1, NumRecords: 1, Records: rec.AppendTo(nil),
	}
	raw := b.AppendTo(nil)
	binary.BigEndian.PutUint32(raw[8:], uint32(len(raw)-framedBytes))
	binary.BigEndian.PutUint32(raw[17:], crc32.Checksum(raw[crcFrom:], castagnoli()))
	return raw
}

// committed tells what a control batch says. One that cannot be read aborts:
// records shown that were never committed are worse than records sent again.
func committed(batch []byte) bool {
	var b kmsg.RecordBatch
	var rec kmsg.Record
	var key kmsg.ControlRecordKey
	if b.ReadFrom(batch) != nil || rec.ReadFrom(b.Records) != nil || key.ReadFrom(rec.Key) != nil {
		return false
	}
	return key.Type == kmsg.ControlRecordKeyTypeCommit
}
