package policy

import (
	"errors"
	"math"
	"slices"
	"strconv"

	"github.com/open-policy-agent/opa/v1/ast"
)

// answer is what a policy returned, read strictly: a name we do not know or a
// value of another type is a fault, so that a misspelt `violations` cannot
// approve what it was meant to hold (invariant 9).
type answer struct {
	decision             Verdict
	currency             *string
	rateBP               *int64
	tier, version, rule  *string
	rates                map[string]rate // nil: none were returned
	keep                 *keep
	limit                *int64
	reasons              []Reason
	violations           []Violation
	policyID, policyVers *string
	// What a policy that does its own sums returns.
	lines            []Line
	refund, retained *int64
}

// rate says what of a component is refunded.
type rate struct{ bp, keepNights int64 }

// keep is a fixed amount that is kept once, from components of these types.
type keep struct {
	minor int64
	types []string
}

// fullRate is the whole in basis points.
const fullRate = 10000

func readAnswer(t *ast.Term) (answer, error) {
	var faults []error
	o := open(&faults, "result", t, namesOfAnswer)
	a := answer{
		currency: o.text("currency"), rateBP: o.whole("rate_bp"),
		tier: o.text("tier"), version: o.text("tier_version"), rule: o.text("rule"),
		limit: o.whole("auto_limit_minor"), refund: o.whole("refund_minor"), retained: o.whole("retained_minor"),
	}
	o.whole("exponent")
	if s, ok := o.readText("schema"); ok && s != ratesFormat && s != decisionFormat {
		o.fault("schema", "is neither "+ratesFormat+" nor "+decisionFormat)
	}
	a.readVerdict(o)
	a.readMoney(o)
	a.readWhy(o)
	p := o.inner("policy", namesOfPolicy)
	a.policyID, a.policyVers = p.text("id"), p.text("version")
	return a, errors.Join(faults...)
}

func (a *answer) readVerdict(o node) {
	if d, ok := o.readText("decision"); ok {
		a.decision = Verdict(d)
	}
	if !slices.Contains([]Verdict{Approve, Deny, Review, NotApplicable}, a.decision) {
		o.fault("decision", "is none of approve, deny, review, not_applicable")
	}
}

func (a *answer) readMoney(o node) {
	if o.get("rates") != nil {
		a.rates = map[string]rate{}
		o.each("rates", func(name string, value *ast.Term) {
			v := o.open("rates."+name, value, namesOfRate)
			a.rates[name] = rate{bp: v.within("bp", fullRate), keepNights: v.optional("keep_nights")}
		})
	}
	if o.get("keep") != nil {
		k := o.inner("keep", namesOfKeep)
		a.keep = &keep{minor: k.within("minor", maxMinor), types: k.texts("types")}
	}
	for i, t := range o.list("lines", false) {
		l := o.open(place("lines", i), t, namesOfLine)
		a.lines = append(a.lines, Line{
			Type: l.word("type"), PaidMinor: l.must("paid_minor"), BP: l.within("bp", fullRate),
			KeepNights: l.optional("keep_nights"), RefundMinor: l.must("refund_minor"),
		})
	}
}

func (a *answer) readWhy(o node) {
	reasons := o.list("reasons", true)
	a.reasons = make([]Reason, 0, len(reasons)+1) // the host may add one
	for i, t := range reasons {
		l := o.open(place("reasons", i), t, namesOfReason)
		a.reasons = append(a.reasons, Reason{Code: l.word("code"), Message: l.word("message"), Params: l.params("params")})
	}
	violations := o.list("violations", true)
	a.violations = make([]Violation, 0, len(violations)+1)
	for i, t := range violations {
		l := o.open(place("violations", i), t, namesOfViolation)
		v := Violation{Code: l.word("code"), Severity: Severity(l.word("severity")), Message: l.word("message")}
		if v.Severity != Error && v.Severity != Warning {
			l.fault("severity", "is neither error nor warning")
		}
		a.violations = append(a.violations, v)
	}
}

// The names that an answer and what is in it may have.
var (
	namesOfAnswer = []string{
		"schema", "decision", "currency", "exponent", "rate_bp", "tier", "tier_version", "rule", "rates", "keep",
		"auto_limit_minor", "reasons", "violations", "policy", "lines", "refund_minor", "retained_minor",
	}
	namesOfPolicy    = []string{"id", "version"}
	namesOfRate      = []string{"bp", "keep_nights"}
	namesOfKeep      = []string{"minor", "types"}
	namesOfLine      = []string{"type", "paid_minor", "bp", "keep_nights", "refund_minor"}
	namesOfReason    = []string{"code", "message", "params"}
	namesOfViolation = []string{"code", "severity", "message"}
)

// place names an element of a list.
func place(list string, i int) string { return list + "[" + strconv.Itoa(i) + "]" }

const (
	ratesFormat    = "refund-rates/1"
	decisionFormat = "refund-decision/1"
	maxMinor       = math.MaxInt64
)
