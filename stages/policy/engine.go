package policy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/version"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// Engine is a compiled bundle. It may be used by many goroutines at once.
type Engine struct {
	query   *question
	inputs  inputter
	labels  *ast.AnnotationSet // nil where no rule has labels
	judges  []booking.Type
	stamp   Stamp
	timeout time.Duration
}

// NewEngine reads and compiles the policies in fsys. The error joins every
// fault, each with file and row. The timeout bounds one decision.
func NewEngine(fsys fs.FS, query string, timeout time.Duration) (*Engine, error) {
	ref, err := parseQuery(query)
	if err != nil {
		return nil, fmt.Errorf("query %w", err)
	}
	bundle, err := LoadBundle(fsys)
	if err != nil {
		return nil, err
	}
	compiler, err := bundle.compile()
	if err != nil {
		return nil, err
	}
	if len(compiler.GetRulesExact(ref)) == 0 {
		return nil, fmt.Errorf("no rule is called %s; name the one that gives the answer as `query`", query)
	}
	ctx, store := context.Background(), bundle.store()
	e := &Engine{timeout: timeout, stamp: bundle.stamp()}
	if e.query, err = newQuestion(ctx, compiler, store, ref); err != nil {
		return nil, err
	}
	e.inputs = newInputter(readFields(compiler.Modules), knownWords(compiler.Modules, e.query.data.root))
	if e.judges, err = judged(ctx, compiler, store, ref); err != nil {
		return nil, err
	}
	if set := compiler.GetAnnotationSet(); set != nil && set.HasLabels() {
		e.labels = set
	}
	if err := e.query.withConstants(ctx, e.labels, timeout); err != nil {
		return nil, err
	}
	return e, nil
}

func (b *Bundle) stamp() Stamp {
	s := Stamp{Digest: b.Digest}
	if b.Revision != "" {
		s.Revision = &b.Revision
	}
	return s
}

// Judges gives the event types that the policy judges, sorted.
func (e *Engine) Judges() []booking.Type { return slices.Clone(e.judges) }

// Digest gives the digest of the bundle's modules and data.
func (e *Engine) Digest() string { return e.stamp.Digest }

// Decide makes the decision on an event that has a booking, whatever its type.
// Trouble with the policy is a decision too: review. The error is the
// context's, and nothing else.
func (e *Engine) Decide(ctx context.Context, ev pipeline.Event) (Decision, error) {
	if err := ctx.Err(); err != nil {
		return Decision{}, err
	}
	f := derive(ev)
	d := e.blank(ev)
	term, labels, err := e.evaluate(ctx, ev, f)
	if ctx.Err() != nil {
		return Decision{}, ctx.Err() // a shutdown, not the policy's fault
	}
	d.RuleLabels = labels
	if err != nil {
		code, problem := explain(err)
		d.fail(code, problem)
		return d, nil
	}
	a, err := readAnswer(term)
	if err != nil {
		d.fail(codeError, "the policy's answer cannot be read: "+firstLines(err))
		return d, nil
	}
	d.fill(a, f)
	return d, nil
}

// blank is a decision before the policy was asked.
func (e *Engine) blank(ev pipeline.Event) Decision {
	b := ev.Booking
	return Decision{
		Schema: decisionFormat, DecisionID: pipeline.DecisionID(b.ID), BookingID: b.Booking.ID, EventID: b.ID, EventType: b.Type,
		AsOf: ev.ReceivedAt.UTC(), Mode: modeLive, Decision: Review,
		Lines: []Line{}, Reasons: []Reason{}, Violations: []Violation{}, RuleLabels: []map[string]any{},
		Policy: e.stamp, RefundKey: pipeline.RefundKey(b), Supersedes: e.supersedes(ev), Engine: "opa/" + version.Version,
	}
}

// supersedes names the last decision on the same cancellation, if there was one.
func (e *Engine) supersedes(ev pipeline.Event) *string {
	key := pipeline.RefundKey(ev.Booking)
	for _, r := range slices.Backward(ev.Refunds) {
		if r.Key == key && r.EventID != ev.Booking.ID && slices.Contains(e.judges, booking.Type(r.Type)) {
			id := pipeline.DecisionID(r.EventID)
			return &id
		}
	}
	return nil
}

func (e *Engine) evaluate(ctx context.Context, ev pipeline.Event, f facts) (*ast.Term, []map[string]any, error) {
	a := asked{input: e.inputs.input(ev, f), at: ev.ReceivedAt}
	if e.labels == nil {
		term, err := e.query.ask(ctx, a, e.timeout)
		return term, []map[string]any{}, err
	}
	a.tracker = (&topdown.EvaluatedRuleTracker{}).WithAnnotationSet(e.labels)
	term, err := e.query.ask(ctx, a, e.timeout)
	if err != nil {
		return nil, []map[string]any{}, err
	}
	return term, sortedLabels(a.tracker.Labels), nil
}

// sortedLabels makes the labels' order depend on them alone, not on the order
// of evaluation; what several rules say stands once.
func sortedLabels(labels []map[string]any) []map[string]any {
	out := append([]map[string]any{}, labels...)
	compare := func(a, b map[string]any) int {
		return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) // fmt sorts the keys of maps
	}
	slices.SortFunc(out, compare)
	return slices.CompactFunc(out, func(a, b map[string]any) bool { return compare(a, b) == 0 })
}

// explain gives code and words for an evaluation that gave no answer. OPA's own
// message may quote values of the input, so only its code and place are told
// (invariant 10).
func explain(err error) (code, problem string) {
	var opa *topdown.Error
	switch {
	case errors.Is(err, errUndefined):
		return codeUndefined, errUndefined.Error()
	case errors.Is(err, errTimeout):
		return codeTimeout, errTimeout.Error()
	case errors.As(err, &opa) && opa.Location != nil:
		return codeError, fmt.Sprintf("the policy failed: %s at %s:%d", opa.Code, opa.Location.File, opa.Location.Row)
	case errors.As(err, &opa):
		return codeError, "the policy failed: " + opa.Code
	}
	return codeError, "the policy failed"
}

// firstLines bounds what is told of an unreadable answer.
func firstLines(err error) string {
	lines := strings.Split(err.Error(), "\n")
	return strings.Join(lines[:min(len(lines), 5)], "; ")
}
