package redbroom

import (
	"crypto/hmac"
	"crypto/sha256"
	"hash"
	"sync"

	"github.com/reservoirhq/reservoir/pipeline/config"
)

// signer makes the signatures of one secret. A keyed HMAC that is reset costs
// neither the two blocks of the key again nor memory.
type signer struct {
	secret config.Secret
	keyed  sync.Pool // of *keyed
}

type keyed struct {
	mac hash.Hash
	out [sha256.Size]byte
}

func newSigner(secret config.Secret) *signer {
	return &signer{secret: secret, keyed: sync.Pool{New: func() any {
		return &keyed{mac: hmac.New(sha256.New, []byte(secret.Reveal()))}
	}}}
}

// sum gives HMAC-SHA256 of body.
func (s *signer) sum(body []byte) [sha256.Size]byte {
	k := s.keyed.Get().(*keyed)
	defer s.keyed.Put(k)
	k.mac.Reset()
	k.mac.Write(body)
	k.mac.Sum(k.out[:0])
	return k.out
}
