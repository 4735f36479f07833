package kafka

import (
	"errors"
	"fmt"
)

// RecordError is one record that was not written.
type RecordError struct {
	Index int // in the call
	Topic string
	Err   error
}

func (e *RecordError) Error() string {
	return fmt.Sprintf("record %d to %s: %v", e.Index, e.Topic, e.Err)
}

// Unwrap gives the cause.
func (e *RecordError) Unwrap() error { return e.Err }

// WriteError says which records of a call were not acknowledged. The others
// were written. A record in it may have been written too, if the answer of the
// broker was lost.
type WriteError struct {
	Records int // in the call
	Failed  []*RecordError
}

func (e *WriteError) Error() string {
	return fmt.Sprintf("kafka: %d of %d records were not acknowledged, the first: %v", len(e.Failed), e.Records, e.Failed[0])
}

// Unwrap gives every failure.
func (e *WriteError) Unwrap() []error {
	all := make([]error, len(e.Failed))
	for i, f := range e.Failed {
		all[i] = f
	}
	return all
}

// TooLargeError is a record that the topic does not take: no retry mends it.
type TooLargeError struct {
	Topic string
	Bytes int
	Limit int
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("a record of %d bytes is too large for %s, which takes %d", e.Bytes, e.Topic, e.Limit)
}

// TooLarge gives the first record that is too large to ever be written, by its
// place in the call of Write or FinishAll.
func TooLarge(err error) (int, bool) {
	if !IsTooLarge(err) {
		return 0, false
	}
	if out, ok := errors.AsType[*OutputError](err); ok {
		return out.Index, true
	}
	if write, ok := errors.AsType[*WriteError](err); ok {
		for _, f := range write.Failed {
			if IsTooLarge(f) {
				return f.Index, true
			}
		}
	}
	return 0, true
}

// IsTooLarge tells whether a record among those that failed is too large to
// ever be written. Every other error of a Publisher is trouble that may pass.
func IsTooLarge(err error) bool {
	_, ok := errors.AsType[*TooLargeError](err)
	return ok
}
