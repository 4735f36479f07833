package policy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/util"

	"github.com/reservoirhq/reservoir/pipeline/booking"
)

// forbidden are the builtins whose answer depends on anything but the input:
// with them a replay would decide otherwise, and a policy could reach the
// network or the process's environment (invariants 7 and 12).
func forbidden() []string {
	return []string{
		"http.send", "io.jwt.decode_verify", "io.jwt.encode_sign", "io.jwt.encode_sign_raw",
		"net.lookup_ip_addr", "opa.runtime", "rand.intn", "time.now_ns", "uuid.rfc4122",
	}
}

// capabilities is what a policy may use.
func capabilities() *ast.Capabilities {
	c := ast.CapabilitiesForThisVersion()
	names := forbidden()
	c.Builtins = slices.DeleteFunc(c.Builtins, func(b *ast.Builtin) bool {
		return slices.Contains(names, b.Name) || b.Nondeterministic
	})
	c.AllowNet = []string{}
	return c
}

// newCompiler makes a strict compiler that knows the input's schema: a
// misspelt field of the input is then a fault, and not undefined for ever.
func newCompiler() (*ast.Compiler, error) {
	var schema any
	if err := util.UnmarshalJSON(InputSchema(), &schema); err != nil {
		return nil, fmt.Errorf("read the schema of the policy input: %w", err)
	}
	set := ast.NewSchemaSet()
	set.Put(ast.SchemaRootRef, schema)
	set.Put(ast.SchemaRootRef.Append(ast.StringTerm("input")), schema) // for `schemas` annotations
	return ast.NewCompiler().
		WithCapabilities(capabilities()).
		WithStrict(true).
		WithSchemas(set).
		WithUseTypeCheckAnnotations(true).
		WithDefaultRegoVersion(ast.RegoV1).
		SetErrorLimit(0), nil
}

// compile compiles the bundle without its tests; the error joins every fault.
func (b *Bundle) compile() (*ast.Compiler, error) {
	compiler, err := newCompiler()
	if err != nil {
		return nil, err
	}
	modules := make(map[string]*ast.Module, len(b.modules))
	for name, m := range b.modules {
		modules[name] = m.Copy()
	}
	if compiler.Compile(modules); compiler.Failed() {
		return nil, regoFaults(compiler.Errors)
	}
	return compiler, nil
}

func (b *Bundle) store() storage.Store {
	// Values are kept as AST, so that reading a tier converts nothing.
	return inmem.NewFromObjectWithOpts(b.data, inmem.OptRoundTripOnWrite(true), inmem.OptReturnASTValuesOnRead(true))
}

// parseQuery reads the name of the policy's answer.
func parseQuery(query string) (ast.Ref, error) {
	ref, err := ast.ParseRef(query)
	if err != nil || len(ref) < 3 || !ref.HasPrefix(ast.DefaultRootRef) || !ref.IsGround() {
		return nil, fmt.Errorf("must name a rule, such as %s", DefaultQuery)
	}
	return ref, nil
}

// judged reads which event types the policy judges, from `judges` beside the
// answer; without it, cancellations alone.
func judged(ctx context.Context, compiler *ast.Compiler, store storage.Store, query ast.Ref) ([]booking.Type, error) {
	ref := query[:len(query)-1].Append(ast.StringTerm("judges"))
	if len(compiler.GetRulesExact(ref)) == 0 {
		return []booking.Type{booking.Cancelled}, nil
	}
	q, err := newQuestion(ctx, compiler, store, ref)
	if err != nil {
		return nil, err
	}
	list, err := q.ask(ctx, asked{}, judgesPatience)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s is undefined; write a set of event types that depends on nothing", ref), err)
	}
	return judgedTypes(ref, list)
}

// judgesPatience bounds the reading of `judges`.
const judgesPatience = 10 * time.Second

func judgedTypes(ref ast.Ref, term *ast.Term) ([]booking.Type, error) {
	var types []booking.Type
	var faults []error
	each := func(t *ast.Term) {
		name, _ := t.Value.(ast.String)
		if !slices.Contains(booking.Types(), booking.Type(name)) {
			faults = append(faults, fmt.Errorf("%s names %s, which is no event type; %s is one", ref, t, booking.Cancelled))
			return
		}
		types = append(types, booking.Type(name))
	}
	switch list := term.Value.(type) {
	case ast.Set:
		list.Foreach(each)
	case *ast.Array:
		list.Foreach(each)
	default:
		return nil, fmt.Errorf("%s must be a set of event types, such as {%q}", ref, strings.TrimSpace(string(booking.Cancelled)))
	}
	slices.Sort(types)
	return types, errors.Join(faults...)
}
