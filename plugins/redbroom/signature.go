package redbroom

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/plugins/hmacsum"
)

// How a webhook is signed (developers.redbroomsoftware.com/integration/webhooks).
// The timestamp is not part of the signed bytes: it keeps honest clocks apart,
// and a replay is recognised by its event id.
const (
	signatureHeader = "X-Webhook-Signature"
	timestampHeader = "X-Webhook-Timestamp"
	signaturePrefix = "sha256="
	verifiedBy      = "hmac-sha256"
)

// maxStamp is the length of a timestamp in seconds, with room until the year
// 5138.
const maxStamp = 11

var (
	errSignature = errors.New("the signature is missing, wrong, or of an app without a secret")
	errStamp     = errors.New("the header " + timestampHeader + " is missing or no time in Unix seconds")
)

// Verify checks the signature over the raw body with the secrets of the app
// that the body, unverified, says it comes from. A body that lies about its app
// needs that app's secret; one that cannot be read needs anybody's, and then
// is a sender's defect, not a stranger's. The age of the timestamp is the verify
// stage's to judge.
func (p *provider) Verify(r pipeline.Request, _ time.Time) (pipeline.Verification, error) {
	got, ok := claimed(r.Header)
	match := signedByAny(r.Body, got, p.of(r.Body))
	if !ok || !match {
		return pipeline.Verification{}, pipeline.Reject(pipeline.Unverified, errSignature)
	}
	at, ok := stamp(r.Header)
	if !ok {
		return pipeline.Verification{}, pipeline.Reject(pipeline.Unverified, errStamp)
	}
	return pipeline.Verification{Method: verifiedBy, SignedAt: at}, nil
}

// of gives who may have signed a body. An app without a secret costs what
// another one does: strangers learn nothing of which there are.
func (p *provider) of(body []byte) []*hmacsum.Signer {
	m, err := readIDs(body)
	if err != nil {
		return p.all
	}
	if signers, known := p.signers[m.app]; known {
		return signers
	}
	return p.nobody
}

// claimed reads the one signature of a request. Two would let one party see
// another signature than the next.
func claimed(h http.Header) (sum [hmacsum.Size]byte, ok bool) {
	values := h.Values(signatureHeader)
	if len(values) != 1 {
		return sum, false
	}
	digits, found := strings.CutPrefix(values[0], signaturePrefix)
	if !found {
		return sum, false
	}
	return hmacsum.ParseHex(digits)
}

// signedByAny compares with every secret, also after one has matched.
func signedByAny(body []byte, got [hmacsum.Size]byte, signers []*hmacsum.Signer) bool {
	match := false
	for _, s := range signers {
		if s.Signed(body, got) {
			match = true
		}
	}
	return match
}

func stamp(h http.Header) (time.Time, bool) {
	values := h.Values(timestampHeader)
	if len(values) != 1 || len(values[0]) > maxStamp {
		return time.Time{}, false
	}
	at, err := booking.ParseUnix(values[0])
	return at, err == nil
}

// Send signs a recorded webhook with the first secret of its app, at now.
func (p *provider) Send(r pipeline.Request, now time.Time) (pipeline.Request, error) {
	m, err := readIDs(r.Body)
	if err != nil {
		return pipeline.Request{}, fmt.Errorf("sign a webhook: read the envelope: %w", err)
	}
	signers := p.signers[m.app]
	if len(signers) == 0 {
		return pipeline.Request{}, fmt.Errorf("sign a webhook of %s: the app has no secret; add it to signing_secrets", m.app)
	}
	r.Header = r.Header.Clone()
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set(signatureHeader, signaturePrefix+hmacsum.Hex(signers[0].Sum(r.Body)))
	r.Header.Set(timestampHeader, strconv.FormatInt(now.Unix(), 10))
	return r, nil
}
