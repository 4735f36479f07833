package privacy

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/prf/subtle"
	"github.com/tink-crypto/tink-go/v2/subtle/random"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/config"
)

// Tokens makes tokens with one key, by Tink's HKDF-SHA256 pseudo random function.
type Tokens struct{ prf *subtle.HKDFPRF }

var _ pipeline.Tokenizer = (*Tokens)(nil)

const (
	// shortest is the least text a key may have: what is shorter can be
	// guessed, and then so can every mail address.
	shortest = 16
	// tokenBytes of a token keep two people apart: by the birthday bound a
	// billion people share one with a chance of 10⁻²⁰.
	tokenBytes = 16
)

// New makes tokens with key, which is text of at least 16 characters; 32
// random bytes in base64 are right.
func New(key config.Secret) (*Tokens, error) {
	if len(key.Reveal()) < shortest {
		return nil, fmt.Errorf("the privacy key has fewer than %d characters: make one with `openssl rand -base64 32`", shortest)
	}
	// The key is text of any length; the function takes 32 bytes.
	sum := sha256.Sum256([]byte(key.Reveal()))
	prf, err := subtle.NewHKDFPRF("SHA256", sum[:], []byte("reservoir people v1"))
	if err != nil {
		return nil, fmt.Errorf("make the token function: %w", err)
	}
	return &Tokens{prf: prf}, nil
}

// Token gives `tok_` and 22 characters of unpadded base64url. Somebody without
// an identity has no token: that would make one person of many.
func (t *Tokens) Token(identity string) (string, error) {
	if identity == "" {
		return "", errors.New("a person without an identity has no token")
	}
	out, err := t.prf.ComputePRF([]byte(identity), tokenBytes)
	if err != nil {
		return "", fmt.Errorf("compute a token: %w", err)
	}
	return "tok_" + base64.RawURLEncoding.EncodeToString(out), nil
}

// NewKey makes a key: 32 random bytes as unpadded base64url.
func NewKey() string { return base64.RawURLEncoding.EncodeToString(random.GetRandomBytes(32)) }
