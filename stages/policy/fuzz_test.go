package policy

import (
	"math"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// Whatever a policy returns, only an answer with rates for everything and sums
// that add up is approved.
func FuzzAnswerNeverApprovesWhatDoesNotAddUp(f *testing.F) {
	for _, seed := range []string{
		`{"decision":"approve","rates":{"accommodation":{"bp":5000},"tax":{"bp":10000}}}`,
		`{"decision":"approve","rates":{"accommodation":{"bp":5000,"keep_nights":1},"tax":{"bp":0}},"keep":{"minor":5,"types":["tax"]}}`,
		`{"decision":"approve","lines":[{"type":"accommodation","paid_minor":900,"bp":0,"refund_minor":450},{"type":"tax","paid_minor":100,"bp":0,"refund_minor":100}],"refund_minor":550,"retained_minor":450}`,
		`{"decision":"review","reasons":[{"code":"a","message":"b","params":{"c":[1]}}],"violations":[{"code":"a","severity":"warning","message":"b"}]}`,
		`{"decision":"deny","refund_minor":0}`, `[1,2]`, `null`, `"approve"`, `{"decision":{"approve":1}}`,
		`{"decision":"approve","refund_minor":9223372036854775808}`, `{"decision":"approve","refund_minor":1e400}`,
		`{"decision":"approve","policy":{"id":1},"rates":{"":{"bp":1}}}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		value, err := ast.ValueFromReader(strings.NewReader(text))
		if err != nil {
			t.Skip()
		}
		nights := int64(3)
		price := booking.Price{Currency: "EUR", Exponent: 2, TotalMinor: 1000, Components: []booking.Component{
			{Type: "accommodation", AmountMinor: 900}, {Type: "tax", AmountMinor: 100},
		}}
		f := facts{price: &price, nights: &nights}
		a, err := readAnswer(ast.NewTerm(value))
		if err != nil {
			return
		}
		var d Decision
		d.fill(a, f)
		if d.Decision != Approve {
			return
		}
		if a.decision != Approve {
			t.Fatalf("became an approval: %s", text)
		}
		assertSums(t, d, f, price.TotalMinor)
	})
}

// Any price is either itemised to its exact total or refused.
func FuzzItemise(f *testing.F) {
	f.Add(int64(845050), int64(700001), int64(0))
	f.Add(int64(0), int64(90100), int64(-90100))
	f.Add(int64(math.MaxInt64), int64(math.MinInt64), int64(-1))
	f.Fuzz(func(t *testing.T, total, a, b int64) {
		p, ok := itemise(&booking.Price{TotalMinor: total, Components: []booking.Component{{Type: "a", AmountMinor: a}, {Type: "b", AmountMinor: b}}})
		if !ok {
			return
		}
		var sum int64
		for _, c := range p.Components {
			var fits bool
			if sum, fits = add(sum, c.AmountMinor); !fits {
				t.Fatal("a sum leaves 64 bits")
			}
		}
		if sum != total || total < 0 {
			t.Fatalf("%d is not %d", sum, total)
		}
	})
}
