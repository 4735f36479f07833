package pipeline

import (
	"net/http"
	"time"
)

// Request is a webhook as it came in. Nothing in it is trusted before Verify.
type Request struct {
	Method string
	// Path is the path the source is configured with: a `{secret}` segment
	// stands there as it is written in the configuration (invariant 10).
	Path     string
	RawQuery string // as received, without the question mark
	Proto    string // such as HTTP/1.1
	Host     string
	Header   http.Header // canonical names, every value
	Body     []byte      // byte for byte; empty, never nil, for a request without one (invariant 8)
	// PathSecret is what the caller put where the path says `{secret}`. It is
	// there for Verify alone: it is never logged and never stored.
	PathSecret string
	ReceivedAt time.Time // our clock, when the head had been read
}

// Identity is what can be told of a request before it is trusted.
type Identity struct {
	// EventID is the provider's own id of this event, "" where it has none.
	EventID string
	// NativeEvent is the provider's name for what happened, such as
	// booking.cancelled; "" where the webhook does not say.
	NativeEvent string
	// Key is the provider's key of the booking (or, where one webhook may
	// touch several bookings, of the resource it is about), without the name
	// of the source. Equal keys keep their order. It is never empty.
	Key string
}

// Verification is the verdict on a request that passed.
type Verification struct {
	// Method is how it was verified: hmac-sha256, url-secret.
	Method string
	// SignedAt is the time the sender claims in a header beside the
	// signature; zero where the scheme has none. The verify stage judges its
	// age, the provider does not.
	SignedAt time.Time
}

// LookUp is the answer of a provider's API about one booking.
type LookUp struct {
	At          time.Time `json:"at"`           // our clock, when the answer had been read
	ContentType string    `json:"content_type"` // as answered
	Body        []byte    `json:"-"`            // byte for byte
}
