package booking

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"
)

// ErrInvalid is wrapped by every error of Validate.
var ErrInvalid = errors.New("the event breaks its schema")

// The bounds on what an event holds (invariant 11).
const (
	MaxID   = 512  // bytes of a booking id
	MaxText = 1024 // bytes of any other text
	MaxList = 256  // entries of any list
)

// Validate checks an event that is ready to be published: tidied, with ids,
// tokens and lineage. What it passes follows the schema, without the cost of
// asking the schema. It names the first fault by path; the error wraps
// ErrInvalid and holds no value of the event (invariant 10).
func (e Event) Validate() error {
	var c checker
	e.validate(&c)
	return c.err
}

// validate goes on by reference: an event is some hundred words.
func (e *Event) validate(c *checker) {
	e.Booking.identity(c)
	e.envelope(c)
	e.happened(c)
	e.Booking.content(c)
	e.said(c)
}

// envelope checks what the record's headers are made of.
func (e *Event) envelope(c *checker) {
	c.text("id", e.ID)
	c.require(slices.Contains(types, e.Type), "type", "is none of ours")
	c.instant("time", &e.Time)
	c.require(!e.Time.IsZero(), "time", "is not set")
	c.text("lineage.delivery_id", e.Lineage.DeliveryID)
	c.text("lineage.raw.topic", e.Lineage.Raw.Topic)
	c.require(e.Lineage.Raw.Partition >= 0, "lineage.raw.partition", "is negative")
	c.require(e.Lineage.Raw.Offset >= 0, "lineage.raw.offset", "is negative")
	c.maybe("lineage.raw.sha256", e.Lineage.Raw.SHA256)
	c.maybe("lineage.verified", e.Lineage.Verified)
	c.optional("lineage.native_event", e.Lineage.NativeEvent)
	c.text("lineage.plugin", e.Lineage.Plugin)
	c.instant("lineage.looked_up_at", e.Lineage.LookedUpAt)
}

// happened checks what is said beside the booking.
func (e *Event) happened(c *checker) {
	if x := e.Cancellation; x != nil {
		c.instant("cancellation.requested_at", x.RequestedAt)
		c.require(slices.Contains(bys, x.By), "cancellation.by", "is none of ours")
		c.optional("cancellation.reason_code", x.ReasonCode)
		c.optional("cancellation.reason_native", x.ReasonNative)
	}
	c.list("refund_reported", len(e.RefundReported))
	for _, r := range e.RefundReported {
		c.text("refund_reported.field", r.Field)
		c.money("refund_reported", r.Currency, r.Exponent)
	}
	if p := e.Payment; p != nil {
		c.text("payment.id", p.ID)
		c.money("payment", p.Currency, p.Exponent)
		c.optional("payment.status", p.Status)
		c.optional("payment.type", p.Type)
		c.instant("payment.paid_at", p.PaidAt)
	}
}

// identity checks which booking it is.
func (b *Booking) identity(c *checker) {
	c.text("booking.source", b.Source)
	c.text("booking.provider", b.Provider)
	key, ok := strings.CutPrefix(b.ID, b.Source)
	c.require(ok && len(key) > 1 && key[0] == '/', "booking.id", "is not <source>/<native key>")
	c.require(!strings.Contains(b.Source, "/"), "booking.source", "has a slash")
	c.require(utf8.ValidString(b.ID) && len(b.ID) <= MaxID, "booking.id", "is not UTF-8 or longer than MaxID")
	c.list("booking.refs", len(b.Refs))
	for _, r := range b.Refs {
		c.text("booking.refs.kind", r.Kind)
		c.text("booking.refs.value", r.Value)
	}
	c.list("booking.people", len(b.People))
	for _, p := range b.People {
		c.text("booking.people.role", p.Role)
		c.text("booking.people.token", p.Token)
		// invariant 10: whoever publishes has made a token of it and let it go.
		c.require(p.Identity == "", "booking.people.identity", "is still there")
	}
}

// content checks what is said of the booking.
func (b *Booking) content(c *checker) {
	c.require(b.Kind == "" || slices.Contains(kinds, b.Kind), "booking.kind", "is none of ours")
	c.require(slices.Contains(statuses, b.Status), "booking.status", "is none of ours")
	c.require(slices.Contains(paymentStatuses, b.PaymentStatus), "booking.payment_status", "is none of ours")
	c.optional("booking.status_native", b.StatusNative)
	c.instant("booking.booked_at", b.BookedAt)
	c.instant("booking.confirmed_at", b.ConfirmedAt)
	c.instant("booking.cancelled_at", b.CancelledAt)
	c.instant("booking.updated_at", b.UpdatedAt)
	c.service(b.Service)
	if p := b.Product; p != nil {
		c.optional("booking.product.id", p.ID)
		c.optional("booking.product.external_id", p.ExternalID)
		c.optional("booking.product.name", p.Name)
	}
	if p := b.Party; p != nil {
		c.count("booking.party.size", p.Size)
		c.count("booking.party.adults", p.Adults)
		c.count("booking.party.children", p.Children)
	}
	c.price(b.Price)
	if t := b.Terms; t != nil {
		c.optional("booking.terms.label_native", t.LabelNative)
		c.optional("booking.terms.tier", t.Tier)
	}
}

// said checks the quality lists.
func (e *Event) said(c *checker) {
	q := &e.Quality
	c.notes("quality.missing", q.Missing)
	c.notes("quality.assumed", q.Assumed)
	c.notes("quality.inherited", q.Inherited)
	c.notes("quality.conflicts", q.Conflicts)
}

// The closed lists, made once: Validate runs for every event.
var (
	types           = Types()
	kinds           = Kinds()
	statuses        = Statuses()
	paymentStatuses = []string{PaymentUnknown, PaymentUnpaid, PaymentPartial, PaymentPaid}
	bys             = []By{ByGuest, BySupplier, ByPlatform, BySystem, ByUnknown}
)
