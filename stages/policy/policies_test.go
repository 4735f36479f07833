package policy_test

import (
	"context"
	"strings"
	"testing"

	"github.com/reservoirhq/reservoir/policies"
	"github.com/reservoirhq/reservoir/stages/policy"
)

// threshold is what tests must reach of the shipped policy, in per cent.
const threshold = 98

func TestShippedPolicyPassesItsOwnTests(t *testing.T) {
	report, err := policy.RunTests(context.Background(), policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range report.Failed() {
		t.Errorf("%s (%s): %s", f.Name, f.At, f.Problem)
	}
	if len(report.Tests) < 30 {
		t.Errorf("only %d tests were found", len(report.Tests))
	}
	if report.Coverage < threshold {
		t.Errorf("coverage is %.2f %%, want %d %%; no test reaches %s", report.Coverage, threshold, strings.Join(report.Uncovered, ", "))
	}
}

func TestShippedPolicyIsFormattedStrictAndFitsItsSchemas(t *testing.T) {
	if err := policy.Check(policies.FS, policy.DefaultQuery); err != nil {
		t.Error(err)
	}
}

func TestReportNamesWhatFailsAndWhatNoTestReaches(t *testing.T) {
	bundle := rego("result := 1\n\nother := 2\n")
	bundle["p_test.rego"] = file("package travel.refund_test\n\nimport data.travel.refund\n\n" +
		"test_ok if refund.result == 1\n\ntest_bad if refund.result == 2\n\ntest_table[note] if {\n\tsome note, want in {\"one\": 1, \"two\": 2}\n\trefund.result == want\n}\n")
	report, err := policy.RunTests(context.Background(), bundle)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, f := range report.Failed() {
		got[strings.TrimPrefix(f.Name, "data.travel.refund_test.")] = f.Problem
	}
	if len(got) != 2 || got["test_bad"] != "failed" || got["test_table"] != "failed two" {
		t.Errorf("failed: %v", got)
	}
	if report.Coverage >= 100 || len(report.Uncovered) != 1 || report.Uncovered[0] != "p.rego:5" {
		t.Errorf("coverage %v, uncovered %v", report.Coverage, report.Uncovered)
	}
}
