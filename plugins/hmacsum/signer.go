package hmacsum

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"sync"

	"github.com/reservoirhq/reservoir/pipeline/config"
)

// Size is how many bytes a signature has.
const Size = sha256.Size

// Signer makes the signatures of one secret. A keyed HMAC that is reset costs
// neither the two blocks of the key again nor memory.
type Signer struct {
	secret config.Secret
	keyed  sync.Pool // of *keyed
}

type keyed struct {
	mac hash.Hash
	out [Size]byte
}

// New makes the signer of a secret.
func New(secret config.Secret) *Signer {
	return &Signer{secret: secret, keyed: sync.Pool{New: func() any {
		return &keyed{mac: hmac.New(sha256.New, []byte(secret.Reveal()))}
	}}}
}

// Sum gives HMAC-SHA256 of body.
func (s *Signer) Sum(body []byte) [Size]byte {
	k := s.keyed.Get().(*keyed)
	defer s.keyed.Put(k)
	k.mac.Reset()
	k.mac.Write(body)
	k.mac.Sum(k.out[:0])
	return k.out
}

// Signed tells whether got is the signature of body, in constant time. Nothing
// is signed with an empty secret, but it takes as long to find out.
func (s *Signer) Signed(body []byte, got [Size]byte) bool {
	want := s.Sum(body)
	return hmac.Equal(got[:], want[:]) && !s.secret.IsZero()
}

// Hex writes a signature in lower-case hex digits.
func Hex(sum [Size]byte) string { return hex.EncodeToString(sum[:]) }

// ParseHex reads a signature of hex digits; false for anything else.
func ParseHex(digits string) (sum [Size]byte, ok bool) {
	var room [2 * Size]byte // keeps the digits off the heap
	if len(digits) != len(room) {
		return sum, false
	}
	copy(room[:], digits)
	_, err := hex.Decode(sum[:], room[:])
	return sum, err == nil
}
