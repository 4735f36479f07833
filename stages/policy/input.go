package policy

import (
	"encoding/json"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
)

const (
	inputFormat = "refund-input/1"
	modeLive    = "live"
)

// pair is a name and a value of an object.
type pair = [2]*ast.Term

// Input gives what the policy is asked about an event that has a booking, as
// JSON: for those who write policies and their tests.
func Input(ev pipeline.Event) ([]byte, error) {
	value, err := ast.JSON(inputter{fields: &fields{whole: true}}.input(ev, derive(ev)).Value)
	if err != nil {
		return nil, fmt.Errorf("write the policy input of event %s: %w", ev.Booking.ID, err)
	}
	return json.MarshalIndent(value, "", "  ")
}

// inputter builds the inputs of one policy as OPA's own terms: going through a
// Go map costs another 150 allocations. It names every field one by one, so that
// a new field of the booking, which may be personal data, stays out until
// somebody adds it here (invariant 10).
type inputter struct {
	fields     *fields
	words      words
	types      map[string]*ast.Term // components of which only the type is read
	precisions map[string]*ast.Term // services of which only the precision is
}

func newInputter(f *fields, w words) inputter {
	return inputter{fields: f, words: w, types: w.only(f, "type", "booking", "price", "components"), precisions: w.only(f, "precision", "booking", "service")}
}

// below begins an object in the one that b builds; it is not ok where nobody
// reads it, or, with null in its place, where there is none.
func (in inputter) below(b *builder, name string, there bool) (builder, bool) {
	f := b.reads(name)
	if f != nil && !there {
		b.put(name, ast.InternedNullTerm)
	}
	return builder{fields: f, words: in.words, arena: b.arena}, f != nil && there
}

func (in inputter) input(ev pipeline.Event, f facts) *ast.Term {
	e := ev.Booking
	b := builder{fields: in.fields, words: in.words, arena: &arena{}}
	b.word("schema", inputFormat)
	b.instant("as_of", &ev.ReceivedAt)
	b.word("mode", modeLive)
	if o, ok := in.below(&b, "event", true); ok {
		o.word("id", e.ID)
		o.word("type", string(e.Type))
		b.put("event", o.term())
	}
	if b.reads("stale") != nil {
		b.put("stale", ast.InternedTerm(e.Stale))
	}
	in.booking(&b, &e.Booking, f.price)
	in.cancellation(&b, e.Cancellation)
	in.derived(&b, f)
	in.reported(&b, f.reported)
	if o, ok := in.below(&b, "quality", true); ok {
		o.texts("missing", e.Quality.Missing)
		o.texts("assumed", e.Quality.Assumed)
		o.texts("inherited", e.Quality.Inherited)
		o.texts("conflicts", f.conflicts)
		b.put("quality", o.term())
	}
	return b.term()
}

func (in inputter) booking(into *builder, b *booking.Booking, price *booking.Price) {
	o, ok := in.below(into, "booking", true)
	if !ok {
		return
	}
	o.word("id", b.ID)
	o.word("provider", b.Provider)
	o.word("source", b.Source)
	o.word("kind", string(b.Kind))
	o.word("status", string(b.Status))
	o.word("payment_status", b.PaymentStatus)
	o.instant("booked_at", b.BookedAt)
	o.instant("confirmed_at", b.ConfirmedAt)
	o.instant("cancelled_at", b.CancelledAt)
	o.instant("updated_at", b.UpdatedAt)
	in.service(&o, b.Service)
	in.goods(&o, b.Product, b.Party)
	in.price(&o, price)
	in.terms(&o, b.Terms)
	into.put("booking", o.term())
}

func (in inputter) service(into *builder, s *booking.Service) {
	o, ok := in.below(into, "service", s != nil)
	if !ok {
		return
	}
	o.instant("starts_at", s.StartsAt)
	o.instant("ends_at", s.EndsAt)
	o.text("start_local", s.StartLocal)
	o.text("end_local", s.EndLocal)
	o.word("zone", s.Zone)
	o.word("precision", string(s.Precision))
	number(&o, "nights", s.Nights)
	into.put("service", o.single(in.precisions))
}

func (in inputter) goods(into *builder, product *booking.Product, party *booking.Party) {
	if o, ok := in.below(into, "product", product != nil); ok {
		o.text("id", product.ID)
		o.text("external_id", product.ExternalID)
		into.put("product", o.term())
	}
	if o, ok := in.below(into, "party", party != nil); ok {
		number(&o, "size", party.Size)
		into.put("party", o.term())
	}
}

func (in inputter) price(into *builder, p *booking.Price) {
	o, ok := in.below(into, "price", p != nil)
	if !ok {
		return
	}
	o.word("currency", p.Currency)
	o.whole("exponent", int64(p.Exponent))
	o.whole("total_minor", p.TotalMinor)
	if list, ok := in.below(&o, "components", true); ok {
		terms := make([]*ast.Term, len(p.Components))
		for i, c := range p.Components {
			one := builder{fields: list.fields, words: in.words, arena: o.arena}
			one.word("type", c.Type)
			one.whole("amount_minor", c.AmountMinor)
			terms[i] = one.single(in.types)
		}
		o.put("components", o.arena.term(ast.NewArray(terms...)))
	}
	into.put("price", o.term())
}

func (in inputter) terms(into *builder, t *booking.Terms) {
	if o, ok := in.below(into, "terms", t != nil); ok {
		o.text("label_native", t.LabelNative)
		o.text("tier", t.Tier)
		into.put("terms", o.term())
	}
	var tier *string
	if t != nil {
		tier = t.Tier
	}
	into.text("policy_tier", tier)
}

func (in inputter) cancellation(into *builder, c *booking.Cancellation) {
	o, ok := in.below(into, "cancellation", c != nil)
	if !ok {
		return
	}
	o.instant("requested_at", c.RequestedAt)
	o.word("by", string(c.By))
	o.text("reason_code", c.ReasonCode)
	o.texts("evidence", nil)
	into.put("cancellation", o.term())
}

func (in inputter) derived(into *builder, f facts) {
	o, ok := in.below(into, "derived", true)
	if !ok {
		return
	}
	number(&o, "minutes_before_start", f.beforeStart)
	number(&o, "minutes_before_end", f.beforeEnd)
	number(&o, "minutes_since_booked", f.sinceBooked)
	number(&o, "nights_total", f.nights)
	o.whole("nights_used", f.nightsUsed)
	into.put("derived", o.term())
}

func (in inputter) reported(into *builder, r *reported) {
	o, ok := in.below(into, "refund_reported", r != nil)
	if !ok {
		return
	}
	o.text("currency", r.currency)
	o.whole("amount_minor", r.minor)
	into.put("refund_reported", o.term())
}

// inputNames are the names of the input's fields as terms. They never change,
// so all inputs share them.
var inputNames = terms(
	"schema", "as_of", "mode", "event", "id", "type", "stale", "booking", "cancellation", "derived",
	"refund_reported", "quality", "missing", "assumed", "inherited", "conflicts", "provider", "source", "kind",
	"status", "payment_status", "booked_at", "confirmed_at", "cancelled_at", "updated_at", "service",
	"product", "party", "price", "terms", "policy_tier", "starts_at", "ends_at", "start_local", "end_local",
	"zone", "precision", "nights", "external_id", "size", "amount_minor", "currency", "exponent", "total_minor",
	"components", "label_native", "tier", "requested_at", "by", "reason_code", "evidence",
	"minutes_before_start", "minutes_before_end", "minutes_since_booked", "nights_total", "nights_used",
)
