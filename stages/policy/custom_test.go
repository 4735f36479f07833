package policy_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/stages/policy"
)

// endless takes far longer than any test waits.
const endless = "result := {\"decision\": \"approve\", \"n\": count([1 | some i in numbers.range(1, 3000); some j in numbers.range(1, 3000); i * j == -1])}\n"

func writeBundle(t *testing.T, dir, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "p.rego"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// twoLines is bk42 with two components that add up, and no reported refund.
func twoLines(e *booking.Event) {
	e.RefundReported = nil
	e.Booking.Price = price("MXN", 1000, booking.Component{Type: "accommodation", AmountMinor: 900}, booking.Component{Type: "tax", AmountMinor: 100})
}

// approve is a good answer with the rest of it to be filled in.
func approve(rest string) string { return "result := {\"decision\": \"approve\", " + rest + "}\n" }

const bothRates = `"rates": {"accommodation": {"bp": 5000}, "tax": {"bp": 10000}}`

// Every answer that is not exactly right goes to a person.
func TestCustomPolicyIsHeldWhereItDoesNotAddUp(t *testing.T) {
	lines := func(first, second string) string { return `"lines": [` + first + `, ` + second + `]` }
	const stay, tax = `{"type": "accommodation", "paid_minor": 900, "bp": 5000, "refund_minor": 450}`,
		`{"type": "tax", "paid_minor": 100, "bp": 10000, "refund_minor": 100}`
	sums := `, "refund_minor": 550, "retained_minor": 450`
	for _, tc := range []struct {
		name string
		rego string
		code string // "" is approved
	}{
		{"rates", approve(bothRates), ""},
		{"rates and the right sums", approve(bothRates + sums), ""},
		{"rates and a decision's other names", approve(bothRates + `, "schema": "refund-decision/1", "exponent": 2, "currency": "MXN", "auto_limit_minor": 550`), ""},
		{"own lines and sums", approve(lines(stay, tax) + sums), ""},
		{"own lines in another order", approve(lines(tax, stay) + sums), ""},

		{"undefined", "result := {\"decision\": \"approve\"} if input.stale\n", "policy_undefined"},
		{"a builtin fails", "result := {\"decision\": \"approve\", \"tier\": sprintf(\"%d\", [1 / (count(input.booking.id) - 13)])}\n", "policy_error"},
		{"two answers", "result := {\"decision\": \"approve\"} if input.mode == \"live\"\n\nresult := {\"decision\": \"deny\"} if input.mode == \"live\"\n", "policy_error"},
		{"text", "result := \"approve\"\n", "policy_error"},
		{"true", "result := true\n", "policy_error"},
		{"false", "result := false\n", "policy_error"},
		{"null", "result := null\n", "policy_error"},
		{"a list", "result := [{\"decision\": \"approve\"}]\n", "policy_error"},
		{"a set of answers", "result contains {\"decision\": \"approve\"}\n", "policy_error"},
		{"no decision", "result := {}\n", "policy_error"},
		{"another word", "result := {\"decision\": \"allow\"}\n", "policy_error"},
		{"capitals", "result := {\"decision\": \"Approve\"}\n", "policy_error"},
		{"misspelt violations", approve(bothRates + `, "voilations": [{"code": "x", "severity": "error", "message": "y"}]`), "policy_error"},
		{"another schema", approve(bothRates + `, "schema": "refund-decision/2"`), "policy_error"},
		{"unknown severity", approve(bothRates + `, "violations": [{"code": "x", "severity": "fatal", "message": "y"}]`), "policy_error"},
		{"violations as text", approve(bothRates + `, "violations": "none"`), "policy_error"},
		{"a rate above the whole", approve(`"rates": {"accommodation": {"bp": 10001}, "tax": {"bp": 0}}`), "policy_error"},
		{"a negative rate", approve(`"rates": {"accommodation": {"bp": -1}, "tax": {"bp": 0}}`), "policy_error"},
		{"a broken rate", approve(`"rates": {"accommodation": {"bp": 50.5}, "tax": {"bp": 0}}`), "policy_error"},
		{"a rate as text", approve(`"rates": {"accommodation": {"bp": "5000"}, "tax": {"bp": 0}}`), "policy_error"},
		{"an empty rate", approve(`"rates": {"accommodation": {}, "tax": {"bp": 0}}`), "policy_error"},
		{"rates as a list", approve(`"rates": [{"bp": 5000}]`), "policy_error"},
		{"negative nights", approve(`"rates": {"accommodation": {"bp": 5000, "keep_nights": -1}, "tax": {"bp": 0}}`), "policy_error"},
		{"a negative fee", approve(bothRates + `, "keep": {"minor": -5, "types": ["tax"]}`), "policy_error"},
		{"lines as a set", approve(`"lines": {` + stay + `, ` + tax + `}` + sums), "policy_error"},
		{"a sum beyond 64 bits", approve(bothRates + `, "refund_minor": 18446744073709551616`), "policy_error"},
		{"a limit as text", approve(bothRates + `, "auto_limit_minor": "550"`), "policy_error"},

		{"violation with approval", approve(bothRates + `, "violations": [{"code": "x", "severity": "error", "message": "y"}]`), "x"},
		{"no rates", "result := {\"decision\": \"approve\"}\n", "rate_missing"},
		{"a rate is missing", approve(`"rates": {"accommodation": {"bp": 5000}}`), "rate_missing"},
		{"another currency", approve(bothRates + `, "currency": "USD"`), "currency_mismatch"},
		{"above its limit", approve(bothRates + `, "auto_limit_minor": 549`), "over_auto_limit"},
		{"wrong refund", approve(bothRates + `, "refund_minor": 551`), "sums_do_not_add_up"},
		{"wrong retained", approve(bothRates + `, "refund_minor": 550, "retained_minor": 451`), "sums_do_not_add_up"},
		{"lines that are not the rates'", approve(bothRates + `, ` + lines(stay, strings.Replace(tax, "100}", "99}", 1))), "sums_do_not_add_up"},
		{"own sums without lines", approve(`"refund_minor": 550, "retained_minor": 450`), "rate_missing"},
		{"own lines without sums", approve(lines(stay, tax)), "sums_do_not_add_up"},
		{"a line vanished", approve(`"lines": [` + stay + `], "refund_minor": 450, "retained_minor": 550`), "sums_do_not_add_up"},
		{"a line twice", approve(lines(stay, stay) + `, "refund_minor": 900, "retained_minor": 100`), "sums_do_not_add_up"},
		{"a line of another amount", approve(lines(stay, strings.Replace(tax, `"paid_minor": 100`, `"paid_minor": 200`, 1)) + sums), "sums_do_not_add_up"},
		{"a line above what was paid", approve(lines(stay, strings.Replace(tax, `"refund_minor": 100`, `"refund_minor": 101`, 1)) + `, "refund_minor": 551, "retained_minor": 449`), "refund_exceeds_price"},
		{"a negative line", approve(lines(strings.Replace(stay, `"refund_minor": 450`, `"refund_minor": -1`, 1), tax) + `, "refund_minor": 99, "retained_minor": 901`), "refund_exceeds_price"},
		{"denied with a refund", strings.Replace(approve(bothRates), "approve", "deny", 1), "decision_contradicts_itself"},
		{"not applicable with a refund", "result := {\"decision\": \"not_applicable\", \"refund_minor\": 5}\n", "decision_contradicts_itself"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := decide(t, engine(t, rego(tc.rego)), with(twoLines))
			if tc.code == "" {
				if d.Decision != policy.Approve || *d.RefundMinor != 550 || *d.RetainedMinor != 450 || len(d.Lines) != 2 {
					t.Errorf("%s %v %v", d.Decision, d.Lines, d.Violations)
				}
				return
			}
			if d.Decision != policy.Review || !codes(d.Violations)[tc.code] {
				t.Errorf("%s %v %v, want review with %s", d.Decision, d.Reasons, d.Violations, tc.code)
			}
			if strings.HasPrefix(tc.code, "policy_") && !reasons(d.Reasons)[tc.code] {
				t.Errorf("reasons %v, want %s", d.Reasons, tc.code)
			}
		})
	}
}

func TestTimeoutIsReview(t *testing.T) {
	e, err := policy.NewEngine(rego(endless), policy.DefaultQuery, 5*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	d := decide(t, e, bk42())
	if d.Decision != policy.Review || !reasons(d.Reasons)["policy_timeout"] {
		t.Errorf("%s %v", d.Decision, d.Reasons)
	}
}

// The traps of writing such policies in Rego, as an author would meet them.
func TestTrapsOfRego(t *testing.T) {
	for _, tc := range []struct {
		name, rego, code string
	}{
		{
			"a rate function without a default drops its line",
			"bp(\"accommodation\") := 5000\n\nresult := {\"decision\": \"approve\", \"rates\": {c.type: {\"bp\": bp(c.type)} | some c in input.booking.price.components}}\n",
			"rate_missing",
		},
		{
			"lines in a comprehension of a set collapse",
			"result := {\"decision\": \"approve\", \"lines\": {l | some c in input.booking.price.components; l := {\"type\": c.type, \"paid_minor\": c.amount_minor, \"bp\": 0, \"refund_minor\": 0}}, \"refund_minor\": 0, \"retained_minor\": 1000}\n",
			"policy_error",
		},
		{
			"not deny is never true when deny is a set",
			"deny contains 1 if input.stale\n\nresult := {\"decision\": \"approve\"} if not deny\n",
			"policy_undefined",
		},
	} {
		d := decide(t, engine(t, rego(tc.rego)), with(twoLines))
		if d.Decision != policy.Review || !codes(d.Violations)[tc.code] {
			t.Errorf("%s: %s %v", tc.name, d.Decision, d.Violations)
		}
	}
}

func TestReviewWithoutRatesBlamesNobody(t *testing.T) {
	d := decide(t, engine(t, rego("result := {\"decision\": \"review\", \"reasons\": [{\"code\": \"MINE\", \"message\": \"look\"}]}\n")), with(twoLines))
	if d.Decision != policy.Review || len(d.Violations) != 0 || d.RefundMinor != nil {
		t.Errorf("%s %v", d.Decision, d.Violations)
	}
}

func TestDenialWithoutRatesKeepsEverything(t *testing.T) {
	d := decide(t, engine(t, rego("result := {\"decision\": \"deny\"}\n")), with(twoLines))
	if d.Decision != policy.Deny || *d.RefundMinor != 0 || *d.RetainedMinor != 1000 || len(d.Lines) != 2 {
		t.Errorf("%s %v %v", d.Decision, d.Lines, d.Violations)
	}
}

func TestApprovalOfNothingIsADenial(t *testing.T) {
	d := decide(t, engine(t, rego(approve(`"rates": {"accommodation": {"bp": 5000}, "tax": {"bp": 0}}, "keep": {"minor": 450, "types": ["accommodation"]}`))), with(twoLines))
	if d.Decision != policy.Deny || *d.RefundMinor != 0 || !reasons(d.Reasons)["H-NOTHING-LEFT"] {
		t.Errorf("%s %v %v", d.Decision, d.Lines, d.Violations)
	}
}

func TestFixedFeeIsTakenOnceAcrossLines(t *testing.T) {
	d := decide(t, engine(t, rego(approve(`"rates": {"accommodation": {"bp": 1000}, "tax": {"bp": 10000}}, "keep": {"minor": 120, "types": ["accommodation", "tax"]}`))), with(twoLines))
	if d.Decision != policy.Approve || d.Lines[0].RefundMinor != 0 || d.Lines[1].RefundMinor != 70 || *d.RefundMinor != 70 {
		t.Errorf("%s %v %v", d.Decision, d.Lines, d.Violations)
	}
}

func TestHugeAnswerIsHeld(t *testing.T) {
	long := `concat("", [sprintf("%d", [i]) | some i in numbers.range(1, 2000)])`
	for name, why := range map[string]string{
		"list":   `[{"code": "X", "message": sprintf("%d", [i])} | some i in numbers.range(1, 300)]`,
		"text":   `[{"code": "X", "message": ` + long + `}]`,
		"params": `[{"code": "X", "message": "m", "params": {"x": ` + long + `}}]`,
	} {
		d := decide(t, engine(t, rego("result := {\"decision\": \"deny\", \"reasons\": "+why+"}\n")), with(twoLines))
		if d.Decision != policy.Review || !reasons(d.Reasons)["policy_error"] || len(d.Reasons) != 1 {
			t.Errorf("%s: %s with %d reasons", name, d.Decision, len(d.Reasons))
		}
	}
}

func TestLabelsOfRulesThatFired(t *testing.T) {
	text := "result := {\"decision\": \"review\"} if yes\n\n# METADATA\n# labels: {code: YES}\nyes if input.mode == \"live\"\n\n# METADATA\n# labels: {code: NO}\nno if input.stale\n"
	d := decide(t, engine(t, rego(text)), with(twoLines))
	if len(d.RuleLabels) != 1 || d.RuleLabels[0]["code"] != "YES" {
		t.Errorf("labels %v", d.RuleLabels)
	}
}
