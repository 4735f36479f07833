package tourcms

import "github.com/reservoirhq/reservoir/pipeline"

// passing is an error that may pass: the enrich stage tries again. Final says
// what it is when it does not, so that a dead letter names the real cause
// instead of `exhausted`.
type passing struct {
	err   error
	final pipeline.Reason
}

func (p *passing) Error() string { return p.err.Error() }

// Unwrap gives the cause.
func (p *passing) Unwrap() error { return p.err }

// Final gives the reason to record when every attempt met this error.
func (p *passing) Final() pipeline.Reason { return p.final }
