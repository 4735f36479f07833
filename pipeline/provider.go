package pipeline

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// Provider is what a plugin knows about one sender of webhooks. Its methods
// are called by several goroutines at once. They are pure: the same input
// gives the same result, and none of them reads a clock or the network.
type Provider interface {
	// Identify tells ids and key of a request nobody trusts yet. It rejects
	// with Malformed what cannot be read or names no booking.
	Identify(Request) (Identity, error)
	// Verify sees method, URL, query, all headers and the raw body; now is our
	// clock. It compares in constant time and rejects with Unverified.
	Verify(r Request, now time.Time) (Verification, error)
	// Normalise gives 0..N bookings: one payment may pay several, and an
	// event type that is none of ours gives Done(Ignored). It fills what the
	// provider knows; the normalise stage fills ids, tokens and lineage.
	//
	// A booking dies only when we cannot tell which booking it is or what
	// happened to it. Anything else missing, odd or contradictory is said in
	// Quality.
	Normalise(Event) ([]booking.Event, error)
}

// Enricher is implemented by providers whose webhook is only a hint.
type Enricher interface {
	// LookUp asks the provider's API about the event's booking, once: the
	// enrich stage bounds its time and tries again. It wraps what everybody
	// would meet (no connection, 5xx, 429) in Outage, and rejects what no
	// retry mends.
	LookUp(context.Context, Event) (LookUp, error)
}

// Sender is implemented by every provider: it makes a recorded webhook look as
// the provider would send it at now (signature, timestamp, URL secret), for
// `reservoir send`, the demo and tests.
type Sender interface {
	Send(r Request, now time.Time) (Request, error)
}

// ProviderDeps is what a provider is given beside its configuration.
type ProviderDeps struct {
	Source string         // its name in the configuration
	Zone   *time.Location // for dates and wall times without a zone; never nil
	// Transport carries look-ups. Nil means the plugin's own, which dials no
	// private address unless its configuration allows it.
	Transport http.RoundTripper
	Clock     Clock
	Log       *slog.Logger
}
