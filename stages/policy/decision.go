package policy

import (
	"fmt"
	"time"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// Verdict is what a decision comes to.
type Verdict string

// The verdicts.
const (
	Approve       Verdict = "approve"        // refund_minor is to be paid
	Deny          Verdict = "deny"           // nothing is to be paid
	Review        Verdict = "review"         // a person decides; sums, where there are any, are a proposal
	NotApplicable Verdict = "not_applicable" // there is nothing to refund
)

// Decision is the value of bookings.decisions. Amounts are in minor units of
// Currency; null is not known or does not apply.
type Decision struct {
	Schema        string           `json:"schema"` // refund-decision/1
	DecisionID    string           `json:"decision_id"`
	BookingID     string           `json:"booking_id"`
	EventID       string           `json:"event_id"`
	EventType     booking.Type     `json:"event_type"`
	AsOf          time.Time        `json:"as_of"` // when the webhook was received
	Mode          string           `json:"mode"`  // live
	Decision      Verdict          `json:"decision"`
	RefundMinor   *int64           `json:"refund_minor"`
	RetainedMinor *int64           `json:"retained_minor"`
	ReportedMinor *int64           `json:"reported_minor"` // what the provider says it refunded
	Currency      *string          `json:"currency"`
	Exponent      *int             `json:"exponent"`
	RateBP        *int64           `json:"rate_bp"` // of the core components, basis points
	Tier          *string          `json:"tier"`
	TierVersion   *string          `json:"tier_version"`
	Rule          *string          `json:"rule"`
	Lines         []Line           `json:"lines"`
	Reasons       []Reason         `json:"reasons"`
	Violations    []Violation      `json:"violations"`
	Policy        Stamp            `json:"policy"`
	RefundKey     string           `json:"refund_key"` // equal for all decisions on one cancellation
	Supersedes    *string          `json:"supersedes"` // decision id of the last one with this key
	Engine        string           `json:"engine"`
	RuleLabels    []map[string]any `json:"rule_labels"`

	trouble bool // with the policy itself: an operator should know
}

// Line is what becomes of one component of the price.
type Line struct {
	Type        string `json:"type"`
	PaidMinor   int64  `json:"paid_minor"`
	BP          int64  `json:"bp"`          // refunded share of what is not kept, basis points
	KeepNights  int64  `json:"keep_nights"` // nights kept before the share is taken
	RefundMinor int64  `json:"refund_minor"`
}

// Reason says why, for people.
type Reason struct {
	Code    string         `json:"code"`
	Message string         `json:"message"`
	Params  map[string]any `json:"params"`
}

// Violation is something that holds a decision for review (error) or that a
// reader should know (warning).
type Violation struct {
	Code     string   `json:"code"`
	Severity Severity `json:"severity"`
	Message  string   `json:"message"`
}

// Severity says what a violation does.
type Severity string

// The severities.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Stamp says which policy decided.
type Stamp struct {
	ID       *string `json:"id"`
	Version  *string `json:"version"`
	Revision *string `json:"revision"` // of the bundle's manifest
	Digest   string  `json:"digest"`   // of modules and data
}

// hold sends the decision to a person, with the reason.
func (d *Decision) hold(code, message string) {
	d.Decision = Review
	d.Violations = append(d.Violations, Violation{Code: code, Severity: Error, Message: message})
}

// fail is hold for trouble with the policy itself; what it answered is dropped.
func (d *Decision) fail(code, message string) {
	d.trouble = true
	d.Reasons = append(d.Reasons[:0], Reason{Code: code, Message: message, Params: map[string]any{}})
	d.hold(code, message)
}

// record makes the record for the decisions topic.
func (d *Decision) record(ev pipeline.Event) (pipeline.Record, error) {
	value, err := d.encode()
	if err != nil {
		return pipeline.Record{}, fmt.Errorf("encode the decision on event %s: %w", d.EventID, err)
	}
	return pipeline.Record{
		Key:   []byte(d.BookingID),
		Value: value,
		Headers: pipeline.CloudHeaders(pipeline.CloudEvent{
			ID: d.DecisionID, Source: pipeline.EventSource(ev), Type: string(booking.Decided), Subject: d.BookingID,
			Time: d.AsOf, DataSchema: DecisionSchema, ContentType: "application/json", TraceParent: ev.TraceParent,
		}),
	}, nil
}
