package policy_test

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"regexp"
	"testing"
	"testing/fstest"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/tester"

	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/policies"
	"github.com/reservoirhq/reservoir/stages/policy"
)

const folder = "../../policies"

// The page for authors says `opa test --bundle`: this is what it does.
func TestOPAItselfCanTestTheFolder(t *testing.T) {
	bundles, err := tester.LoadBundlesWithRegoVersion([]string{folder}, nil, ast.RegoV1)
	if err != nil {
		t.Fatal(err)
	}
	ctx, store := context.Background(), inmem.New()
	txn := storage.NewTransactionOrDie(ctx, store, storage.WriteParams)
	defer store.Abort(ctx, txn)
	runner := tester.NewRunner().SetStore(store).SetBundles(bundles).SetDefaultRegoVersion(ast.RegoV1)
	runner.SetTimeout(time.Minute) // on a busy machine its own five seconds for a test are not enough
	results, err := runner.RunTests(ctx, txn)
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for r := range results {
		count++
		if r.Fail || r.Error != nil {
			t.Errorf("%s: %v", r.Name, r.Error)
		}
	}
	if count < 30 {
		t.Errorf("only %d tests ran", count)
	}
}

// The tier on the page for authors is one that the policy takes.
func TestTierOnThePageForAuthors(t *testing.T) {
	page, err := os.ReadFile(folder + "/README.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindSubmatch(page)
	if block == nil {
		t.Fatal("the page shows no tier")
	}
	mine := clone(t, policies.FS)
	mine["catalog/tiers/mine/data.yaml"] = &fstest.MapFile{Data: block[1]}
	d := decide(t, engine(t, mine), with(func(e *booking.Event) {
		e.RefundReported, e.Booking.Terms.Tier = nil, ptr("mine.moderate")
	}))
	// One of four nights and half of the rest are kept of each line: 262500 and 54393.
	if d.Decision != policy.Approve || *d.Rule != "mine.moderate.late" || *d.RefundMinor != 316893 {
		t.Errorf("%s by %v: %v %v", d.Decision, d.Rule, d.Lines, d.Violations)
	}
	mine["catalog/tiers/mine/data.yaml"] = &fstest.MapFile{Data: bytes.ReplaceAll(block[1], []byte("min_minutes:"), []byte("min_mintues:"))}
	if _, err := policy.NewEngine(mine, policy.DefaultQuery, patience); err == nil {
		t.Error("a misspelt condition was taken")
	}
}

// What `go build` takes along is what lies in the folder.
func TestEmbeddedBundleIsTheFolder(t *testing.T) {
	if a, b := builtIn(t).Digest(), engine(t, os.DirFS(folder)).Digest(); a != b {
		t.Errorf("embedded %s, folder %s", a, b)
	}
}

func clone(t *testing.T, from fs.FS) fstest.MapFS {
	t.Helper()
	to := fstest.MapFS{}
	err := fs.WalkDir(from, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(from, name)
		to[name] = &fstest.MapFile{Data: content}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return to
}
