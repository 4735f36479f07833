package pipeline

import (
	"context"
	"log/slog"
	"net/http"
	"time"
)

// Stage does one step on one event. Zero events and no error is impossible: an
// event that ends here says why (Done). What an error means is said in
// outcome.go. Process is called by several goroutines at once, but never at
// once for two events with the same key.
type Stage interface {
	Process(ctx context.Context, ev Event) ([]Event, error)
}

// Receiver is implemented by the one stage that turns a web request into an
// event: the first of every pipeline. A Rejection says what to answer.
//
// It also says how many webhooks may be under way at once before senders are
// asked to come back, how large one's body may be, and all of them together that
// are not small, in bytes (invariant 11).
type Receiver interface {
	Receive(w http.ResponseWriter, r *http.Request, from Source) (Event, error)
	MaxInFlight() int
	MaxBody() int64
	MaxInFlightBytes() int64
}

// Settler is implemented by stages that must know whether their event's
// outputs were acknowledged (or their transaction committed): dedupe reserves
// an id in Process, and confirms or releases it here. Settle is called once for
// every event that Process returned without an error. Where it is known by then,
// the event's Side record for Current says where the state was written: topic,
// partition, offset, and the time as the topic has it; else its topic is not set.
type Settler interface{ Settle(ev Event, ok bool) }

// Partitioned is implemented by stages with state that follows their
// partitions. Assigned returns before the first record of the partition is
// processed; Revoked is called after the last.
type Partitioned interface {
	Assigned(ctx context.Context, p Partition, state StateReader) error
	Revoked(p Partition)
}

// StateHeader is the header of a record of the state's topic that holds what its
// stage remembers beside the state. A record without it is no state.
const StateHeader = "reservoir_memory"

// StateReader reads the state that belongs to one partition.
type StateReader interface {
	// Each calls fn with every record of the state's partition from an offset
	// on (0 is the oldest there is), oldest first, up to the end as it was
	// when Each was called. It leaves out what others wrote (it has no
	// StateHeader) where it is not in the partition of its key.
	Each(ctx context.Context, from int64, fn func(Record) error) error
	// StateEnd is the offset that the next record of the state's partition
	// will have.
	StateEnd(ctx context.Context) (int64, error)
	// Restore writes a record back that a member which had lost its claim
	// overwrote with an older one (invariant 6); its topic is not set.
	Restore(ctx context.Context, r Record) error
	// End is the offset that the next record of the input partition was to have
	// when it was assigned, and InputEnd asks for it again: state that claims to
	// have seen a later one than is there after it was read was written for a topic
	// that no longer exists.
	End() int64
	InputEnd(ctx context.Context) (int64, error)
	// Partitions is how many partitions state and input have.
	Partitions() int32
}

// Retrier is implemented by stages that want other retries than
// DefaultRetry.
type Retrier interface{ Retry() RetryPolicy }

// RetryPolicy bounds the retries of one stage on one event.
type RetryPolicy struct {
	Attempts int           // in all; 1 means no retry
	Backoff  time.Duration // before the second attempt; doubles, with jitter
	Budget   time.Duration // no attempt begins later than this after the end of the first
}

// DefaultRetry gives the retries of a stage that does not say.
func DefaultRetry() RetryPolicy {
	return RetryPolicy{Attempts: 5, Backoff: 200 * time.Millisecond, Budget: 30 * time.Second}
}

// Source is one configured sender of webhooks, ready to be used.
type Source struct {
	Name     string
	Plugin   string
	Path     string // as configured, with `{secret}`
	Zone     *time.Location
	Provider Provider
	// OneBooking says that one webhook is about one booking; its raw records
	// are then keyed by the full booking id.
	OneBooking bool
	// URLSecret says that the `{secret}` segment of the path is the proof.
	URLSecret bool
	// Methods are the HTTP methods it is called with.
	Methods []string
}

// BookingID gives the full booking id of a provider's key.
func (s Source) BookingID(nativeKey string) string { return s.Name + "/" + nativeKey }

// StageDeps is what a stage is given beside its configuration.
type StageDeps struct {
	Pipeline string
	Sources  map[string]Source // by name
	Tokens   Tokenizer
	Clock    Clock
	Log      *slog.Logger
	// Dir is the folder of the configuration file: relative paths start there.
	Dir string
	// DataDir is the folder for what a stage keeps on local disk and can
	// always make again from its topics.
	DataDir string
}

// Tokenizer turns what identifies a person into a keyed token: equal input
// gives an equal token, and nobody without the key can tell which input
// (invariant 10).
type Tokenizer interface {
	Token(identity string) (string, error)
}

// Clock is the time, handed in (invariant 12). Sleep returns early with the
// context's error.
type Clock interface {
	Now() time.Time
	Sleep(ctx context.Context, d time.Duration) error
}
