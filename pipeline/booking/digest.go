package booking

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
)

// DigestLen is the length of a digest in hex digits: 128 bit, enough that two
// of 10^12 ids meet with a chance of about one in 10^15.
const DigestLen = 32

// Digest gives the first 32 lower-case hex digits of the SHA-256 of its parts.
// Each part goes in behind its length (8 bytes, big-endian), so that no two
// lists of parts are the same text: ("ab", "c") and ("a", "bc") differ.
func Digest(parts ...string) string { return digest(parts, nil, false) }

// DigestWith is Digest with a last part that need not be made a string for it,
// such as a body.
func DigestWith(body []byte, parts ...string) string { return digest(parts, body, true) }

func digest(parts []string, body []byte, with bool) string {
	// Not in functions: as long as the compiler sees the whole, nothing of it
	// takes memory but the result.
	h := sha256.New()
	var room [256]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(room[:], uint64(len(p)))
		h.Write(room[:8])
		for len(p) > 0 {
			n := copy(room[:], p)
			h.Write(room[:n])
			p = p[n:]
		}
	}
	if with {
		binary.BigEndian.PutUint64(room[:], uint64(len(body)))
		h.Write(room[:8])
		h.Write(body)
	}
	return hex.EncodeToString(h.Sum(room[:0])[:DigestLen/2])
}

// ContentVersion gives a version of what an event says, for plugins whose
// provider numbers neither events nor versions: a digest of the type and of the
// public form, as encoding/json writes it with HTML escapes. It does not tidy,
// and the lineage has to be empty still. Identities are not in it: the digest
// becomes part of a public id, and with it anybody could try whether a guessed
// mail address is right (invariant 10).
func ContentVersion(e *Event) string {
	var room [encoded]byte
	parts := appendPart(appendPart(room[:0], "content"), e.Type)
	head := len(parts) + 8 // the length of the form goes before it
	parts = appendEvent(append(parts, "\x00\x00\x00\x00\x00\x00\x00\x00"...), e)
	if bytes.ContainsAny(parts[head:], "<>&") {
		var escaped bytes.Buffer
		json.HTMLEscape(&escaped, parts[head:])
		parts = append(parts[:head], escaped.Bytes()...)
	}
	binary.BigEndian.PutUint64(parts[head-8:], uint64(len(parts)-head))
	sum := sha256.Sum256(parts)
	return hex.EncodeToString(sum[:DigestLen/2])
}

// appendPart appends a part as Digest hashes it.
func appendPart[S ~string](dst []byte, part S) []byte {
	return append(binary.BigEndian.AppendUint64(dst, uint64(len(part))), part...)
}

// EventID gives the ce_id of an event (invariant 7). content is the version of
// the content; nativeEvent is empty for content that was looked up, so that two
// triggers that find the same content are one event.
func EventID(source, bookingID, content, nativeEvent string) string {
	return Digest("event", source, bookingID, content, nativeEvent)
}
