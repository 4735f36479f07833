package policy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/format"
	"github.com/open-policy-agent/opa/v1/tester"
)

// Check finds every fault of the policies in fsys: what does not compile
// strictly with the input's schema and without the forbidden builtins (tests
// too), data that breaks its schema, files that `opa fmt` would change. The
// error joins them, each with file and, where there is one, row.
func Check(fsys fs.FS, query string) error {
	bundle, err := LoadBundle(fsys)
	if err != nil {
		return err
	}
	faults := bundle.unformatted()
	if _, err = NewEngine(fsys, query, time.Second); err != nil {
		return errors.Join(append(faults, err)...)
	}
	compiler, err := newCompiler()
	if err != nil {
		return err
	}
	if compiler.Compile(bundle.all()); compiler.Failed() {
		faults = append(faults, regoFaults(compiler.Errors))
	}
	return errors.Join(faults...)
}

// unformatted lists the files that `opa fmt` would change.
func (b *Bundle) unformatted() []error {
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(b.sources)) {
		want, err := format.SourceWithOpts(name, b.sources[name], format.Opts{RegoVersion: ast.RegoV1})
		if err != nil {
			faults = append(faults, regoFaults(err))
			continue
		}
		if !bytes.Equal(want, b.sources[name]) {
			faults = append(faults, fmt.Errorf("%s: is not formatted; run `opa fmt --write` on it", name))
		}
	}
	return faults
}

// all gives modules and tests together.
func (b *Bundle) all() map[string]*ast.Module {
	modules := make(map[string]*ast.Module, len(b.modules)+len(b.tests))
	for name, m := range b.modules {
		modules[name] = m.Copy()
	}
	for name, m := range b.tests {
		modules[name] = m.Copy()
	}
	return modules
}

// TestReport is what became of a bundle's own tests.
type TestReport struct {
	Tests    []TestResult
	Coverage float64 // of the policies without their tests, in per cent
	// Uncovered lists `file:row` of what no test reached.
	Uncovered []string
}

// TestResult is one test.
type TestResult struct {
	Name string // package and rule
	At   string // file:row
	// Problem is "" for a test that passed. For a table it names the cases
	// that failed.
	Problem string
}

// Failed gives the tests that did not pass.
func (r TestReport) Failed() []TestResult {
	return slices.DeleteFunc(slices.Clone(r.Tests), func(t TestResult) bool { return t.Problem == "" })
}

// RunTests runs the tests beside the policies, as `opa test` does. The error is
// for policies that cannot be tested; a test that fails is in the report.
func RunTests(ctx context.Context, fsys fs.FS) (TestReport, error) {
	bundle, err := LoadBundle(fsys)
	if err != nil {
		return TestReport{}, err
	}
	modules := bundle.all()
	compiler, err := newCompiler()
	if err != nil {
		return TestReport{}, err
	}
	store, tracer := bundle.store(), cover.New()
	txn, err := store.NewTransaction(ctx)
	if err != nil {
		return TestReport{}, fmt.Errorf("open the policies' data: %w", err)
	}
	defer store.Abort(ctx, txn)
	results, err := tester.NewRunner().
		SetCompiler(compiler).SetStore(store).SetModules(modules).
		SetCoverageQueryTracer(tracer).RaiseBuiltinErrors(true).SetTimeout(time.Minute).
		RunTests(ctx, txn)
	if err != nil {
		return TestReport{}, regoFaults(err)
	}
	var report TestReport
	for r := range results {
		report.Tests = append(report.Tests, testResult(r))
	}
	report.cover(tracer.Report(bundle.all()), bundle)
	return report, nil
}

func testResult(r *tester.Result) TestResult {
	t := TestResult{Name: r.Package + "." + r.Name}
	if r.Location != nil {
		t.At = fmt.Sprintf("%s:%d", r.Location.File, r.Location.Row)
	}
	switch {
	case r.Error != nil:
		t.Problem = r.Error.Error()
	case r.Skip:
		t.Problem = "skipped"
	case r.Fail:
		t.Problem = strings.TrimSpace("failed " + strings.Join(failedCases(r.SubResults), ", "))
	}
	return t
}

func failedCases(results tester.SubResultMap) []string {
	var names []string
	results.Iter(func(path []string, r *tester.SubResult) bool {
		if r.Fail && len(r.SubResults) == 0 {
			names = append(names, strings.Join(path, "/"))
		}
		return true
	})
	slices.Sort(names)
	return names
}

// cover counts the lines of the policies alone: tests always cover themselves.
func (r *TestReport) cover(found cover.Report, b *Bundle) {
	var covered, missed int
	for _, name := range slices.Sorted(maps.Keys(b.modules)) {
		file := found.Files[name]
		if file == nil {
			continue
		}
		covered += file.CoveredLines
		missed += file.NotCoveredLines
		for _, span := range file.NotCovered {
			r.Uncovered = append(r.Uncovered, fmt.Sprintf("%s:%d", name, span.Start.Row))
		}
	}
	r.Uncovered = slices.Compact(r.Uncovered)
	if covered+missed > 0 {
		r.Coverage = 100 * float64(covered) / float64(covered+missed)
	}
}
