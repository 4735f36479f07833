package policy

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

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
	value, err := ast.JSON(input(ev, derive(ev)))
	if err != nil {
		return nil, fmt.Errorf("write the policy input of event %s: %w", ev.Booking.ID, err)
	}
	return json.MarshalIndent(value, "", "  ")
}

// input builds the policy's input as OPA's own terms: going through a Go map
// costs another 150 allocations. It names every field one by one, so that a new
// field of the booking, which may be personal data, stays out until somebody
// adds it here (invariant 10).
func input(ev pipeline.Event, f facts) ast.Value {
	e := ev.Booking
	return ast.NewObject(
		field("schema", ast.StringTerm(inputFormat)),
		field("as_of", instant(&ev.ReceivedAt)),
		field("mode", ast.StringTerm(modeLive)),
		field("event", object(field("id", ast.StringTerm(e.ID)), field("type", ast.StringTerm(string(e.Type))))),
		field("stale", ast.InternedTerm(e.Stale)),
		field("booking", bookingTerm(&e.Booking, f.price)),
		field("cancellation", cancellationTerm(e.Cancellation)),
		field("derived", derivedTerm(f)),
		field("refund_reported", reportedTerm(f.reported)),
		field("quality", object(
			field("missing", texts(e.Quality.Missing)),
			field("assumed", texts(e.Quality.Assumed)),
			field("inherited", texts(e.Quality.Inherited)),
			field("conflicts", texts(f.conflicts)),
		)),
	)
}

func bookingTerm(b *booking.Booking, price *booking.Price) *ast.Term {
	return object(
		field("id", ast.StringTerm(b.ID)),
		field("provider", ast.StringTerm(b.Provider)),
		field("source", ast.StringTerm(b.Source)),
		field("kind", ast.StringTerm(string(b.Kind))),
		field("status", ast.StringTerm(string(b.Status))),
		field("payment_status", ast.StringTerm(b.PaymentStatus)),
		field("booked_at", instant(b.BookedAt)),
		field("confirmed_at", instant(b.ConfirmedAt)),
		field("cancelled_at", instant(b.CancelledAt)),
		field("updated_at", instant(b.UpdatedAt)),
		field("service", serviceTerm(b.Service)),
		field("product", productTerm(b.Product)),
		field("party", partyTerm(b.Party)),
		field("price", priceTerm(price)),
		field("terms", termsTerm(b.Terms)),
		field("policy_tier", tierTerm(b.Terms)),
	)
}

func serviceTerm(s *booking.Service) *ast.Term {
	if s == nil {
		return ast.InternedNullTerm
	}
	return object(
		field("starts_at", instant(s.StartsAt)),
		field("ends_at", instant(s.EndsAt)),
		field("start_local", text(s.StartLocal)),
		field("end_local", text(s.EndLocal)),
		field("zone", ast.StringTerm(s.Zone)),
		field("precision", ast.StringTerm(string(s.Precision))),
		field("nights", number(s.Nights)),
	)
}

func productTerm(p *booking.Product) *ast.Term {
	if p == nil {
		return ast.InternedNullTerm
	}
	return object(field("id", text(p.ID)), field("external_id", text(p.ExternalID)))
}

func partyTerm(p *booking.Party) *ast.Term {
	if p == nil {
		return ast.InternedNullTerm
	}
	return object(field("size", number(p.Size)))
}

func priceTerm(p *booking.Price) *ast.Term {
	if p == nil {
		return ast.InternedNullTerm
	}
	components := make([]*ast.Term, len(p.Components))
	for i, c := range p.Components {
		components[i] = object(field("type", ast.StringTerm(c.Type)), field("amount_minor", whole(c.AmountMinor)))
	}
	return object(
		field("currency", ast.StringTerm(p.Currency)),
		field("exponent", whole(int64(p.Exponent))),
		field("total_minor", whole(p.TotalMinor)),
		field("components", ast.ArrayTerm(components...)),
	)
}

func termsTerm(t *booking.Terms) *ast.Term {
	if t == nil {
		return ast.InternedNullTerm
	}
	return object(field("label_native", text(t.LabelNative)), field("tier", text(t.Tier)))
}

func tierTerm(t *booking.Terms) *ast.Term {
	if t == nil {
		return ast.InternedNullTerm
	}
	return text(t.Tier)
}

func cancellationTerm(c *booking.Cancellation) *ast.Term {
	if c == nil {
		return ast.InternedNullTerm
	}
	return object(
		field("requested_at", instant(c.RequestedAt)),
		field("by", ast.StringTerm(string(c.By))),
		field("reason_code", text(c.ReasonCode)),
		field("evidence", ast.ArrayTerm()),
	)
}

func derivedTerm(f facts) *ast.Term {
	return object(
		field("minutes_before_start", number(f.beforeStart)),
		field("minutes_before_end", number(f.beforeEnd)),
		field("minutes_since_booked", number(f.sinceBooked)),
		field("nights_total", number(f.nights)),
		field("nights_used", whole(f.nightsUsed)),
	)
}

func reportedTerm(r *reported) *ast.Term {
	if r == nil {
		return ast.InternedNullTerm
	}
	return object(field("currency", text(r.currency)), field("amount_minor", whole(r.minor)))
}

func object(fields ...pair) *ast.Term { return ast.NewTerm(ast.NewObject(fields...)) }

func field(name string, value *ast.Term) pair {
	if key, ok := inputNames[name]; ok {
		return pair{key, value}
	}
	return pair{ast.StringTerm(name), value}
}

func text(s *string) *ast.Term {
	if s == nil {
		return ast.InternedNullTerm
	}
	return ast.StringTerm(*s)
}

func texts(list []string) *ast.Term {
	terms := make([]*ast.Term, len(list))
	for i, s := range list {
		terms[i] = ast.StringTerm(s)
	}
	return ast.ArrayTerm(terms...)
}

func number[N int | int64](n *N) *ast.Term {
	if n == nil {
		return ast.InternedNullTerm
	}
	return whole(int64(*n))
}

func whole(n int64) *ast.Term {
	if n > -1 && n < 512 {
		return ast.InternedTerm(int(n))
	}
	return ast.NewTerm(ast.Number(strconv.FormatInt(n, 10)))
}

func instant(t *time.Time) *ast.Term {
	if t == nil {
		return ast.InternedNullTerm
	}
	return ast.StringTerm(t.UTC().Format(time.RFC3339Nano))
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
