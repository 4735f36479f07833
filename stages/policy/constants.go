package policy

import (
	"context"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// constantsPatience bounds the working out of all constants of a bundle.
const constantsPatience = 10 * time.Second

// withConstants makes every evaluation begin with the values of the rules that
// ask nothing of the input, which it would find anew each time. Where a policy
// puts other input or data in place (`with`), a memo has a frame that does not
// see them.
//
// A rule that fails, is undefined or takes longer than one decision may is no
// constant: it does so in the evaluation that asks for it.
func (q *question) withConstants(ctx context.Context, labels *ast.AnnotationSet, limit time.Duration) error {
	order, _ := q.compiler.Graph.Sort() // a rule comes after those that it asks
	closed := closedRules{compiler: q.compiler, known: map[*ast.Rule]bool{}}
	until := time.Now().Add(constantsPatience)
	for _, node := range order {
		rule, ok := node.(*ast.Rule)
		if !ok {
			continue
		}
		name := named(rule)
		if !closed.constant(rule) || name.Equal(q.rule) || q.first.holds(name) || time.Now().After(until) {
			continue
		}
		one, err := newQuestion(ctx, q.compiler, q.store, name)
		if err != nil {
			return err
		}
		one.first = q.first
		a := asked{}
		if labels != nil {
			a.tracker = (&topdown.EvaluatedRuleTracker{}).WithAnnotationSet(labels)
		}
		value, err := one.ask(ctx, a, limit)
		if err != nil {
			continue
		}
		q.first.Put(name, value)
		if labels != nil {
			q.first.entries[len(q.first.entries)-1].labels = a.tracker.Labels
		}
	}
	return nil
}

// named gives what stands before the bracket of `terms[key]`.
func named(rule *ast.Rule) ast.Ref {
	return rule.Ref()[:len(rule.Module.Package.Path)+1]
}

// closedRules tells rules that depend on nothing but data and other such rules.
type closedRules struct {
	compiler *ast.Compiler
	known    map[*ast.Rule]bool
}

// constant says that the rule's name has one value, whatever the input.
func (c closedRules) constant(rule *ast.Rule) bool {
	ref := named(rule)
	if len(rule.Head.Args) > 0 || rule.Head.RuleKind() != ast.SingleValue {
		return false
	}
	rules := c.compiler.GetRulesExact(ref)
	if len(rules) != len(c.compiler.GetRulesWithPrefix(ref)) {
		return false // `p.x` beside `p`
	}
	for _, r := range rules {
		if !c.closed(r) {
			return false
		}
	}
	return len(rules) > 0
}

func (c closedRules) closed(rule *ast.Rule) bool {
	if rule == nil {
		return true
	}
	if is, ok := c.known[rule]; ok {
		return is
	}
	is := !readsInput(rule) && c.closed(rule.Else)
	for on := range c.compiler.Graph.Dependencies(rule) {
		r, ok := on.(*ast.Rule)
		is = is && ok && c.closed(r)
	}
	c.known[rule] = is
	return is
}

func readsInput(rule *ast.Rule) (found bool) {
	ast.NewGenericVisitor(func(x any) bool {
		if v, ok := x.(ast.Var); ok && v == ast.InputRootDocument.Value {
			found = true
		}
		return found
	}).Walk(rule)
	return found
}
