package policy_test

import (
	"context"
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/stages/policy"
)

// What a policy works out of its data alone is as if it were worked out anew.
func TestRulesThatAskNothingOfTheInput(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"a table", "result := {\"decision\": \"review\", \"rule\": words[input.booking.status]}\n\nwords[k] := \"deny\" if some k in [\"cancelled\"]\n", "deny"},
		{"by way of a function", "result := {\"decision\": \"review\", \"rule\": word}\n\nword := f(\"d\")\n\nf(x) := concat(\"\", [x, \"eny\"])\n", "deny"},
		{"a default", "result := {\"decision\": \"review\", \"rule\": word}\n\ndefault word := \"deny\"\n\nword := \"approve\" if 1 > 2\n", "deny"},
		{"input further down", "result := {\"decision\": \"review\", \"rule\": word}\n\nword := other\n\nother := \"deny\" if input.booking.status == \"cancelled\"\n", "deny"},
		{"other data", "result := {\"decision\": \"review\", \"rule\": got} if got := word with data.travel.refund.other as \"deny\"\n\nword := other\n\nother := \"approve\"\n", "deny"},
		{"beside rules of the input", "result := {\"decision\": \"review\", \"rule\": p.y}\n\np.x := \"approve\"\n\np.y := \"deny\" if input.booking.id\n", "deny"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e := engine(t, rego(test.text))
			for range 3 {
				if d := decide(t, e, bk42()); d.Rule == nil || *d.Rule != test.want {
					t.Fatalf("%v %v", d.Rule, d.Reasons)
				}
			}
		})
	}
	// One answer is not kept for the next input.
	e := engine(t, rego(tests[3].text))
	decide(t, e, bk42())
	if d := decide(t, e, with(func(e *booking.Event) { e.Booking.Status = booking.StatusConfirmed })); d.Rule != nil {
		t.Errorf("another status: %s", *d.Rule)
	}
}

// A rule that fails or never ends does so where a decision asks for it, and no
// other decision suffers.
func TestConstantThatFailsHoldsTheDecisionThatAsks(t *testing.T) {
	for code, rule := range map[string]string{
		"policy_error":   "bad := 1 / (count([]) - 0)\n",
		"policy_timeout": "bad := count([1 | some i in numbers.range(1, 3000); some j in numbers.range(1, 3000); i * j == -1])\n",
	} {
		e, err := policy.NewEngine(rego("result := {\"decision\": \"deny\", \"rate_bp\": bad} if {\n\tinput.stale == true\n} else := {\"decision\": \"deny\"}\n\n"+rule), policy.DefaultQuery, 50*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		if d := decide(t, e, bk42()); reasons(d.Reasons)[code] {
			t.Errorf("%s where nothing asks", code)
		}
		stale, err := e.Decide(context.Background(), with(func(e *booking.Event) { e.Stale = true }))
		if err != nil || stale.Decision != policy.Review || !reasons(stale.Reasons)[code] {
			t.Errorf("%s: %s %v %v", code, stale.Decision, stale.Reasons, err)
		}
	}
}

// The labels of a rule that was worked out before are those of each decision
// that asks for it, once.
func TestConstantKeepsItsLabels(t *testing.T) {
	e := engine(t, rego("result := {\"decision\": word, \"rule\": word} if input.stale == false\n\nresult := {\"decision\": \"review\"} if input.stale\n\n# METADATA\n# labels:\n#   code: C1\nword := other\n\n# METADATA\n# labels:\n#   code: C2\nother := \"deny\"\n"))
	for range 2 {
		d := decide(t, e, bk42())
		if len(d.RuleLabels) != 2 || d.RuleLabels[0]["code"] != "C1" || d.RuleLabels[1]["code"] != "C2" {
			t.Errorf("labels %v", d.RuleLabels)
		}
		if d := decide(t, e, with(func(e *booking.Event) { e.Stale = true })); len(d.RuleLabels) != 0 {
			t.Errorf("labels of what was not asked: %v", d.RuleLabels)
		}
	}
}
