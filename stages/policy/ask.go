package policy

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// question is one compiled query; many goroutines may ask it at once. It
// speaks to OPA's evaluator and not to its `rego` package: that one starts a
// goroutine, a transaction and a set of timers for each evaluation, and takes no
// account of data that never changes.
type question struct {
	rule     ast.Ref // the answer's name
	query    ast.Body
	queries  ast.QueryCompiler
	compiler *ast.Compiler
	store    storage.Store
	txn      storage.Transaction // reads only, and nobody writes: one serves all
	data     dataCache
	first    *memo      // what every evaluation begins with
	memos    *sync.Pool // of *memo
	// inMemo says that the answer is read where the evaluation remembers it: as
	// the binding of a variable it would be copied once more.
	inMemo bool
}

// answerVar is the variable that the query binds.
const answerVar = ast.Var("answer")

func newQuestion(ctx context.Context, compiler *ast.Compiler, store storage.Store, rule ast.Ref) (*question, error) {
	q := &question{rule: rule, compiler: compiler, store: store, queries: compiler.QueryCompiler(), first: newMemo()}
	q.memos = &sync.Pool{New: func() any { return begun(q.first) }}
	var err error
	q.query, err = q.queries.Compile(ast.NewBody(ast.Equality.Expr(ast.NewTerm(answerVar), ast.NewTerm(rule))))
	if err != nil {
		return nil, fmt.Errorf("prepare %s: %w", rule, regoFaults(err))
	}
	if q.inMemo = remembers(compiler, rule); q.inMemo {
		q.query[0].Operand(0).Value = ast.String("") // no answer is that, so nothing is copied
	}
	if q.txn, err = store.NewTransaction(ctx); err != nil {
		return nil, fmt.Errorf("prepare %s: %w", rule, err)
	}
	root, err := store.Read(ctx, q.txn, storage.RootPath)
	if err != nil {
		return nil, fmt.Errorf("prepare %s: %w", rule, err)
	}
	// Not ast.Value: then every reading goes to the store, which will do.
	q.data.root, _ = root.(ast.Value)
	return q, nil
}

// remembers says that an evaluation remembers the rule's value under its name:
// that of `result := …`, not of `result.decision := …`.
func remembers(compiler *ast.Compiler, rule ast.Ref) bool {
	rules := compiler.GetRulesExact(rule)
	if len(rules) == 0 || len(rules) != len(compiler.GetRulesWithPrefix(rule)) {
		return false
	}
	head := rules[0].Head
	return head.RuleKind() == ast.SingleValue && len(head.Args) == 0 && rules[0].Ref().Equal(rule)
}

// asked is what one evaluation is given; the zero values of input and labels
// are none.
type asked struct {
	input   *ast.Term
	at      time.Time
	tracker *topdown.EvaluatedRuleTracker
}

// ask evaluates until the context or the time is over.
func (q *question) ask(ctx context.Context, a asked, limit time.Duration) (*ast.Term, error) {
	stop := topdown.NewCancel()
	defer time.AfterFunc(limit, stop.Cancel).Stop()
	if ctx.Done() != nil {
		defer context.AfterFunc(ctx, stop.Cancel)()
	}
	m, _ := q.memos.Get().(*memo)
	defer func() { m.reset(); q.memos.Put(m) }()
	query := topdown.NewQuery(q.query).
		WithQueryCompiler(q.queries).
		WithCompiler(q.compiler).
		WithStore(q.store).
		WithTransaction(q.txn).
		WithBaseCache(q.data).
		WithVirtualCache(m).
		WithMetrics(metrics.NoOp()).
		WithStrictBuiltinErrors(true).
		WithCancel(stop).
		WithTime(a.at).
		WithInput(a.input).
		WithEvaluatedRuleTracker(a.tracker)
	var answer *ast.Term
	err := query.Iter(ctx, func(r topdown.QueryResult) error {
		answer = r[answerVar]
		return nil
	})
	if q.inMemo {
		answer, _ = m.Get(q.rule)
	}
	if a.tracker != nil {
		a.tracker.Labels = append(a.tracker.Labels, m.used...)
	}
	switch {
	case err != nil && (stop.Cancelled() || topdown.IsCancel(err)):
		return nil, errTimeout
	case err != nil:
		return nil, err
	case answer == nil:
		return nil, errUndefined
	}
	return answer, nil
}

// errUndefined is the answer of a policy that has none.
var errUndefined = errors.New("the policy's answer is undefined")

// errTimeout is our own deadline, not the caller's.
var errTimeout = errors.New("the policy took too long")
