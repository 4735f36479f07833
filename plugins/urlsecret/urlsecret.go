package urlsecret

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"strings"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/config"
)

// Method is the verdict's name for it.
const Method = "url-secret"

var errWrong = errors.New("the secret of the webhook's URL is missing or wrong; give the provider the URL with the configured secret")

// Validate checks a secret that is configured at path: it is not empty, and it
// can stand in a URL as it is.
func Validate(path string, secret config.Secret) error {
	if secret.IsZero() {
		return config.At(path, "is empty; without it everybody could send webhooks: set it to a long random text")
	}
	if strings.ContainsFunc(secret.Reveal(), foreign) {
		return config.At(path, "cannot be a segment of a URL; use letters, digits and the like, no blanks and none of / ? # % \\")
	}
	return nil
}

// foreign tells characters that a URL's path segment holds only escaped.
func foreign(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`/?#%\"<>^{|}`+"`", r) }

// Verify compares the request's secret in constant time. An empty one is
// refused whatever is configured (invariant 9).
func Verify(r pipeline.Request, secret config.Secret) (pipeline.Verification, error) {
	// Digests have one length: the time tells nothing of the secret's.
	got, want := sha256.Sum256([]byte(r.PathSecret)), sha256.Sum256([]byte(secret.Reveal()))
	if secret.IsZero() || r.PathSecret == "" || subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
		return pipeline.Verification{}, pipeline.Reject(pipeline.Unverified, errWrong)
	}
	return pipeline.Verification{Method: Method}, nil
}

// Sign gives r as the provider sends it: to the URL with the secret.
func Sign(r pipeline.Request, secret config.Secret) pipeline.Request {
	r.PathSecret = secret.Reveal()
	return r
}
