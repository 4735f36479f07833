// Package policy is the last stage: it asks the refund policy about each event
// whose type the policy judges, checks the answer and attaches the decision.
//
//	event ─ input (no personal data) ─▶ Rego: rates and reasons ─▶ host: lines, sums, checks ─▶ decision record
//
// Rego says which rates apply and why; the money arithmetic is done here, in
// integers, where it can be checked: what does not add up, is undefined, fails or
// takes too long is held for review and never approved (invariant 9). The event
// itself goes on as it came.
//
// The decision says nothing of when or how fast it was made: the same event and
// the same bundle give the same bytes, so that a replay can be compared
// (invariants 7 and 12).
//
// This package is the only one that imports OPA. What `reservoir policy` needs
// of it (loading, checking, testing a bundle, making one decision) is exported.
package policy
