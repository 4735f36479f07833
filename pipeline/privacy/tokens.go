package privacy

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"sync"

	"github.com/tink-crypto/tink-go/v2/subtle/random"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/config"
)

// Tokens makes tokens with one key, by HKDF-SHA256 (RFC 5869) as a pseudo
// random function: the tokens are those of Tink's HKDF PRF.
type Tokens struct{ keyed sync.Pool } // of *expander

var _ pipeline.Tokenizer = (*Tokens)(nil)

const (
	// tokenBytes of a token keep two people apart: by the birthday bound a
	// billion people share one with a chance of 10⁻²⁰.
	tokenBytes = 16
	// prefix begins every token.
	prefix = "tok_"
)

// expander is HKDF's second step, keyed by the first one, which is the same for
// every token. A keyed HMAC that is reset costs neither its two blocks of key
// again nor memory.
type expander struct {
	mac hash.Hash
	in  []byte
	sum [sha256.Size]byte
}

// New makes tokens with key, which is text of any length but none; 32 random
// bytes in base64 are right, and a configuration warns of a key that can be
// guessed.
func New(key config.Secret) (*Tokens, error) {
	if key.Reveal() == "" {
		return nil, errors.New("the privacy key is empty: make one with `openssl rand -base64 32`")
	}
	// The key is text of any length; the function takes 32 bytes.
	sum := sha256.Sum256([]byte(key.Reveal()))
	extracted, err := hkdf.Extract(sha256.New, sum[:], []byte("reservoir people v1"))
	if err != nil {
		return nil, fmt.Errorf("make the token function: %w", err)
	}
	return &Tokens{keyed: sync.Pool{New: func() any { return &expander{mac: hmac.New(sha256.New, extracted)} }}}, nil
}

// Token gives `tok_` and 22 characters of unpadded base64url. Somebody without
// an identity has no token: that would make one person of many.
func (t *Tokens) Token(identity string) (string, error) {
	if identity == "" {
		return "", errors.New("a person without an identity has no token")
	}
	e := t.keyed.Get().(*expander)
	defer t.keyed.Put(e)
	return e.token(identity), nil
}

// token takes the start of HKDF's first block of output: the HMAC of the
// identity and the block's number (RFC 5869, section 2.3).
func (e *expander) token(identity string) string {
	const first = 1
	e.in = append(append(e.in[:0], identity...), first)
	e.mac.Reset()
	e.mac.Write(e.in)
	out := e.mac.Sum(e.sum[:0])[:tokenBytes]
	clear(e.in) // no identity stays behind in a pool
	var text [len(prefix) + (tokenBytes*8+5)/6]byte
	copy(text[:], prefix)
	base64.RawURLEncoding.Encode(text[len(prefix):], out)
	return string(text[:])
}

// NewKey makes a key: 32 random bytes as unpadded base64url.
func NewKey() string { return base64.RawURLEncoding.EncodeToString(random.GetRandomBytes(32)) }
