package broker

import (
	"encoding/binary"
	"hash/crc32"
)

// kfake appends to groups.log and pids.log in frames: length, CRC-32C,
// version, JSON; little-endian; length counts version and JSON, the sum
// covers them.
const (
	frameHead    = 8
	frameVersion = 2
	maxFrame     = 16 << 20
)

// frame is one entry and where it begins.
type frame struct {
	at   int64
	data []byte
}

// readFrames gives every whole entry of raw, and false where anything stands
// between or behind them. kfake stops reading at the first broken entry and
// goes on appending behind it, so that after a torn write everything
// acknowledged later would be lost by the next start; we read on.
func readFrames(raw []byte) (frames []frame, intact bool) {
	intact = true
	for at := 0; at < len(raw); {
		data, ok := frameAt(raw[at:])
		if !ok {
			intact = false
			at++
			continue
		}
		frames = append(frames, frame{at: int64(at), data: data})
		at += frameHead + frameVersion + len(data)
	}
	return frames, intact
}

func frameAt(raw []byte) ([]byte, bool) {
	if len(raw) < frameHead+frameVersion {
		return nil, false
	}
	length := int64(binary.LittleEndian.Uint32(raw))
	if length < frameVersion || length > maxFrame || length > int64(len(raw)-frameHead) {
		return nil, false
	}
	body := raw[frameHead : frameHead+length]
	if crc32.Checksum(body, castagnoli()) != binary.LittleEndian.Uint32(raw[4:]) {
		return nil, false
	}
	if binary.LittleEndian.Uint16(body) != formatVersion {
		return nil, false
	}
	return body[frameVersion:], true
}

// appendFrame frames data as kfake does.
func appendFrame(dst, data []byte) []byte {
	start := len(dst)
	dst = append(dst, make([]byte, frameHead)...)
	dst = binary.LittleEndian.AppendUint16(dst, formatVersion)
	dst = append(dst, data...)
	body := dst[start+frameHead:]
	binary.LittleEndian.PutUint32(dst[start:], uint32(len(body)))
	binary.LittleEndian.PutUint32(dst[start+4:], crc32.Checksum(body, castagnoli()))
	return dst
}
