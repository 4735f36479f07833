package booking

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// DigestLen is the length of a digest in hex digits: 128 bit, enough that two
// of 10^12 ids meet with a chance of about one in 10^15.
const DigestLen = 32

// Digest gives the first 32 lower-case hex digits of the SHA-256 of its parts.
// Each part goes in behind its length (8 bytes, big-endian), so that no two
// lists of parts are the same text: ("ab", "c") and ("a", "bc") differ.
func Digest(parts ...string) string {
	h := sha256.New()
	var size [8]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(size[:], uint64(len(p)))
		h.Write(size[:])
		h.Write([]byte(p))
	}
	var sum [sha256.Size]byte
	return hex.EncodeToString(h.Sum(sum[:0])[:DigestLen/2])
}

// EventID gives the ce_id of an event (invariant 7). content is the version of
// the content; nativeEvent is empty for content that was looked up, so that two
// triggers that find the same content are one event.
func EventID(source, bookingID, content, nativeEvent string) string {
	return Digest("event", source, bookingID, content, nativeEvent)
}
