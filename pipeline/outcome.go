package pipeline

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Reason says why a webhook or record was refused. The list is closed: it is
// a label of metrics and a filter of dead letters.
type Reason string

// The reasons.
const (
	// Answered to the sender, and kept in the rejected topic (the first two).
	Malformed   Reason = "malformed"    // 400: cannot be read, or names no booking
	Unverified  Reason = "unverified"   // 401: signature or secret missing, wrong or too old
	BadMethod   Reason = "bad_method"   // 405
	TooSlow     Reason = "too_slow"     // 408
	TooLarge    Reason = "too_large"    // 413 in the HTTP segment; a record that no topic takes, elsewhere
	RateLimited Reason = "rate_limited" // 429: over the source's limit

	// Dead letters.
	Unreadable     Reason = "unreadable"      // a record that is not ours, or was cut
	UnknownSource  Reason = "unknown_source"  // a record of a source that is not configured
	UnknownAccount Reason = "unknown_account" // an account without an entry in the configuration
	NotFound       Reason = "not_found"       // the look-up says there is no such booking
	LookUpRefused  Reason = "look_up_refused" // the look-up's credentials or rights do not do
	BadAnswer      Reason = "bad_answer"      // the look-up's answer cannot be read
	Unidentified   Reason = "unidentified"    // cannot tell which booking it is or what happened to it
	Invalid        Reason = "invalid"         // the normalised event breaks its own schema
	Exhausted      Reason = "exhausted"       // every attempt failed
	Panicked       Reason = "panicked"        // a defect in a stage or plugin
)

// Reasons gives every reason there is.
func Reasons() []Reason {
	return []Reason{
		Malformed, Unverified, BadMethod, TooSlow, TooLarge, RateLimited,
		Unreadable, UnknownSource, UnknownAccount, NotFound, LookUpRefused, BadAnswer,
		Unidentified, Invalid, Exhausted, Panicked,
	}
}

// Status gives the HTTP status that a sender is answered with, 0 for reasons
// that are no answer.
func (r Reason) Status() int {
	switch r {
	case Malformed:
		return http.StatusBadRequest
	case Unverified:
		return http.StatusUnauthorized
	case BadMethod:
		return http.StatusMethodNotAllowed
	case TooSlow:
		return http.StatusRequestTimeout
	case TooLarge:
		return http.StatusRequestEntityTooLarge
	case RateLimited:
		return http.StatusTooManyRequests
	}
	return 0
}

// Rejection is an error that no retry mends: `dead` at once, or 4xx in the
// HTTP segment.
type Rejection struct {
	Reason Reason
	// Err says what was tried and on which key, without payload, secret or
	// personal data (invariant 10).
	Err error
}

func (r *Rejection) Error() string {
	if r.Err == nil {
		return string(r.Reason)
	}
	return fmt.Sprintf("%s: %v", r.Reason, r.Err)
}

// Unwrap gives the cause.
func (r *Rejection) Unwrap() error { return r.Err }

// Reject refuses for good.
func Reject(reason Reason, err error) error { return &Rejection{Reason: reason, Err: err} }

// Rejectf is Reject with a message of its own.
func Rejectf(reason Reason, format string, args ...any) error {
	return Reject(reason, fmt.Errorf(format, args...))
}

// AsRejection finds a rejection in err's chain.
func AsRejection(err error) (*Rejection, bool) {
	var r *Rejection
	ok := errors.As(err, &r)
	return r, ok
}

// Ending says why an event ends without a fault.
type Ending string

// The endings.
const (
	Duplicate Ending = "duplicate" // seen before, with the same content
	Ignored   Ending = "ignored"   // an event type that says nothing about a booking
	Settled   Ending = "settled"   // read again after a restart: its outcome was written the first time
)

// Endings gives every ending there is.
func Endings() []Ending { return []Ending{Duplicate, Ignored, Settled} }

// Error makes an ending travel as an error; it is counted, never logged as one.
func (e Ending) Error() string { return "done: " + string(e) }

// Done ends an event here, counted.
func Done(e Ending) error { return e }

// AsEnding finds an ending in err's chain.
func AsEnding(err error) (Ending, bool) {
	var e Ending
	ok := errors.As(err, &e)
	return e, ok
}

// TroubleError is trouble of our own state or disk. It says nothing of the
// event: it spends no attempt and makes no dead letter; the event waits until it
// is over.
type TroubleError struct{ Err error }

func (e *TroubleError) Error() string { return "trouble: " + e.Err.Error() }

// Unwrap gives the cause.
func (e *TroubleError) Unwrap() error { return e.Err }

// Trouble marks err as one of ours.
func Trouble(err error) error { return &TroubleError{Err: err} }

// IsTrouble tells whether err is trouble of ours.
func IsTrouble(err error) bool {
	var t *TroubleError
	return errors.As(err, &t)
}

// OutageError is trouble that every event would meet: it spends no attempts,
// the source waits.
type OutageError struct {
	Err        error
	RetryAfter time.Duration // what the other side asked for; 0 if it did not
}

func (e *OutageError) Error() string { return "outage: " + e.Err.Error() }

// Unwrap gives the cause.
func (e *OutageError) Unwrap() error { return e.Err }

// Outage marks err as trouble of a host that everybody meets.
func Outage(err error, retryAfter time.Duration) error {
	return &OutageError{Err: err, RetryAfter: retryAfter}
}

// AsOutage finds an outage in err's chain.
func AsOutage(err error) (*OutageError, bool) {
	var o *OutageError
	ok := errors.As(err, &o)
	return o, ok
}
