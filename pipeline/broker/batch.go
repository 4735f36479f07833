package broker

import (
	"bufio"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
)

// The layout of a record batch, magic 2, as in
// https://kafka.apache.org/documentation/#recordbatch. A segment file is such
// batches back to back.
const (
	headerBytes = 61
	// framedBytes are the first offset and the length, which the length does
	// not count.
	framedBytes = 12
	// crcFrom is where the checksum begins: offsets and the leader epoch,
	// which a broker fills in, stand before it.
	crcFrom = 21

	attrTransactional = 0x10
	attrControl       = 0x20

	// maxBatchBytes is more than any client may send in one request.
	maxBatchBytes = maxRequestBytes
)

// castagnoli gives the table of CRC-32C, which the standard library makes once.
func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// header is what a batch says about itself.
type header struct {
	first     int64 // offset of the first record
	size      int64 // bytes in the file, header and length field included
	leader    int32 // leader epoch
	crc       uint32
	attrs     uint16
	lastDelta int32
	minTime   int64 // of the first record, in milliseconds
	maxTime   int64 // the latest, in milliseconds
	producer  int64 // -1 without idempotence
	epoch     int16
	sequence  int32
	records   int32
}

func (h header) next() int64         { return h.first + int64(h.lastDelta) + 1 }
func (h header) control() bool       { return h.attrs&attrControl != 0 }
func (h header) transactional() bool { return h.attrs&attrTransactional != 0 && !h.control() }

// readHeader reads the first 61 bytes of a batch; false where they cannot be
// a batch's.
func readHeader(b []byte) (header, bool) {
	if len(b) < headerBytes || b[16] != 2 {
		return header{}, false
	}
	h := header{
		first:     int64(binary.BigEndian.Uint64(b[0:])),
		size:      int64(binary.BigEndian.Uint32(b[8:])) + framedBytes,
		leader:    int32(binary.BigEndian.Uint32(b[12:])),
		crc:       binary.BigEndian.Uint32(b[17:]),
		attrs:     binary.BigEndian.Uint16(b[21:]),
		lastDelta: int32(binary.BigEndian.Uint32(b[23:])),
		minTime:   int64(binary.BigEndian.Uint64(b[27:])),
		maxTime:   int64(binary.BigEndian.Uint64(b[35:])),
		producer:  int64(binary.BigEndian.Uint64(b[43:])),
		epoch:     int16(binary.BigEndian.Uint16(b[51:])),
		sequence:  int32(binary.BigEndian.Uint32(b[53:])),
		records:   int32(binary.BigEndian.Uint32(b[57:])),
	}
	ok := h.size >= headerBytes && h.size <= maxBatchBytes && h.first >= 0 && h.lastDelta >= 0 && h.records > 0
	return h, ok
}

// errTorn says that the bytes from here on are no whole batch.
var errTorn = errors.New("no whole batch")

// readBatch reads one batch and checks its sum. It returns io.EOF at the end
// and errTorn where the bytes are not a whole batch. The batch is valid until
// the next call.
func readBatch(r *bufio.Reader, buf *[]byte) (header, []byte, error) {
	head, err := r.Peek(headerBytes)
	if err != nil {
		return header{}, nil, tornOr(err, len(head))
	}
	h, ok := readHeader(head)
	if !ok {
		return header{}, nil, errTorn
	}
	if int64(cap(*buf)) < h.size {
		*buf = make([]byte, h.size)
	}
	batch := (*buf)[:h.size]
	if n, err := io.ReadFull(r, batch); err != nil {
		return header{}, nil, tornOr(err, n)
	}
	if crc32.Checksum(batch[crcFrom:], castagnoli()) != h.crc {
		return header{}, nil, errTorn
	}
	return h, batch, nil
}

// tornOr tells the end of a file from the middle of a batch, and both from a
// disk that cannot be read.
func tornOr(err error, read int) error {
	if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	if read == 0 {
		return io.EOF
	}
	return errTorn
}

// holdsBatch tells whether a whole batch with a later offset stands anywhere
// in rest: bytes that cannot be read before it are then damage, not the torn
// end of the last write.
func holdsBatch(rest []byte, after int64) bool {
	for i := 0; i+headerBytes <= len(rest); i++ {
		if rest[i+16] != 2 {
			continue
		}
		h, ok := readHeader(rest[i:])
		if !ok || h.first < after || int64(len(rest)-i) < h.size {
			continue
		}
		if crc32.Checksum(rest[i+crcFrom:i+int(h.size)], castagnoli()) == h.crc {
			return true
		}
	}
	return false
}
