package policy_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/policies"
	"github.com/reservoirhq/reservoir/stages/policy"
)

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

// A policy that cannot be read or asks for what it may not have stops `run`,
// with every fault by file and row.
func TestFaultyBundleIsRefused(t *testing.T) {
	schema := `{"type":"object","properties":{"tiers":{"type":"object","additionalProperties":{"type":"object","additionalProperties":false,"properties":{"min_minutes":{"type":"integer"}}}}}}`
	for _, tc := range []struct {
		name   string
		bundle fstest.MapFS
		want   []string
	}{
		{"no policies", fstest.MapFS{"README.md": file("hi")}, []string{"no .rego file"}},
		{"syntax", rego("result := {"), []string{"p.rego:3: rego_parse_error"}},
		{"two syntax faults", fstest.MapFS{"a.rego": file("package a\nx := {"), "b.rego": file("package b\ny := [")}, []string{"a.rego:2", "b.rego:2"}},
		{"misspelt input", rego("result := input.bookng.id"), []string{"p.rego:3: rego_type_error", "bookng"}},
		{"misspelt input deep within", rego("result := input.booking.service.start_at"), []string{"p.rego:3", "start_at"}},
		{"text where a number is", rego("result if input.derived.nights_used == \"4\""), []string{"p.rego:3: rego_type_error"}},
		{"two type faults", rego("result := input.a\n\nother := input.b"), []string{"p.rego:3", "p.rego:5"}},
		{"network", rego(`result := http.send({"method": "GET", "url": "http://example.com"})`), []string{"p.rego:3", "http.send"}},
		{"clock", rego("result := time.now_ns()"), []string{"time.now_ns"}},
		{"chance", rego(`result := rand.intn("x", 5)`), []string{"rand.intn"}},
		{"environment", rego("result := opa.runtime()"), []string{"opa.runtime"}},
		{"unused variable", rego("result := 1 if {\n\tx := 2\n}"), []string{"p.rego:4", "unused"}},
		{"old Rego", rego("result[x] { x := 1 }"), []string{"p.rego:3: rego_parse_error"}},
		{"another name", rego("answer := 1"), []string{"no rule is called data.travel.refund.result"}},
		{"judges what there is not", rego("result := 1\n\njudges := {\"travel.booking.canceled.v1\"}"), []string{"travel.booking.canceled.v1", "no event type"}},
		{"judges by input", rego("result := 1\n\njudges := {input.event.type}"), []string{"judges is undefined"}},
		{"judges no set", rego("result := 1\n\njudges := 7"), []string{"judges must be a set"}},
		{"data no YAML", fstest.MapFS{"p.rego": file("package p"), "data.yaml": file("a: [")}, []string{"data.yaml"}},
		{"data a list", fstest.MapFS{"p.rego": file("package p"), "data.json": file("[1]")}, []string{"data.json: must hold names and values"}},
		{"data key twice", fstest.MapFS{"p.rego": file("package p"), "data.yaml": file("a: 1\na: 2\n")}, []string{"data.yaml"}},
		{"JSON key twice", fstest.MapFS{"p.rego": file("package p"), "data.json": file(`{"a":1,"a":2}`)}, []string{"data.json"}},
		{"data in two files", fstest.MapFS{"p.rego": file("package p"), "data.yaml": file("x: {y: 1}"), "x/data.yaml": file("y: 2")}, []string{"x/data.yaml: y is already defined"}},
		{"data under a value", fstest.MapFS{"p.rego": file("package p"), "data.yaml": file("x: 1"), "x/data.yaml": file("y: 2")}, []string{"x/data.yaml: x is already defined"}},
		{"data misspelt", fstest.MapFS{"p.rego": file("package p"), "tiers/a/data.yaml": file("min_mintues: 3"), "schemas/data.schema.json": file(schema)}, []string{"data.tiers.a", "min_mintues"}},
		{"data schema that fetches", fstest.MapFS{"p.rego": file("package p"), "schemas/data.schema.json": file(`{"$ref":"http://example.com/x.json"}`)}, []string{"schemas/data.schema.json"}},
		{"manifest", fstest.MapFS{"p.rego": file("package p"), ".manifest": file("{")}, []string{".manifest"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := policy.NewEngine(tc.bundle, policy.DefaultQuery, patience)
			if err == nil {
				t.Fatal("the bundle was taken")
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error does not say %q:\n%v", want, err)
				}
			}
		})
	}
}

func TestNewReadsAFolderBesideTheConfiguration(t *testing.T) {
	dir := t.TempDir()
	write := func(text string) {
		if err := os.MkdirAll(filepath.Join(dir, "mine"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "mine", "p.rego"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c := policy.Defaults()
	c.Bundle = "mine"
	d := deps()
	d.Dir = dir
	if _, err := policy.New(c, d); err == nil || !strings.Contains(err.Error(), "mine") || strings.Contains(err.Error(), dir) {
		t.Errorf("a folder that is not there: %v", err)
	}
	write("package travel.refund\n\nresult := nonsense\n")
	if _, err := policy.New(c, d); err == nil || !strings.Contains(err.Error(), "policies mine: p.rego:3:") {
		t.Errorf("a policy that does not compile: %v", err)
	}
	write("package travel.refund\n\nresult := {\"decision\": \"review\"}\n")
	if _, err := policy.New(c, d); err != nil {
		t.Error(err)
	}
}

func TestCheckFindsUnformattedFilesAndFaultyTests(t *testing.T) {
	bundle := fstest.MapFS{
		"p.rego":      file("package travel.refund\n\nresult   :=   {\"decision\": \"review\"}\n"),
		"p_test.rego": file("package travel.refund_test\n\ntest_x if nonsense\n"),
	}
	err := policy.Check(bundle, policy.DefaultQuery)
	if err == nil || !strings.Contains(err.Error(), "p.rego: is not formatted") || !strings.Contains(err.Error(), "p_test.rego:3") {
		t.Errorf("check: %v", err)
	}
}

func TestPolicySaysWhatItJudges(t *testing.T) {
	result := "result := {\"decision\": \"review\"}\n"
	for _, tc := range []struct {
		name string
		e    *policy.Engine
		want []booking.Type
	}{
		{"built in", builtIn(t), []booking.Type{booking.Cancelled, booking.Expired}},
		{"without judges", engine(t, rego(result)), []booking.Type{booking.Cancelled}},
		{"its own", engine(t, rego(result+"\njudges := {\"travel.booking.updated.v1\"}\n")), []booking.Type{booking.Updated}},
		{"none", engine(t, rego(result+"\njudges := set()\n")), nil},
	} {
		if got := tc.e.Judges(); !slices.Equal(got, tc.want) {
			t.Errorf("%s: judges %v, want %v", tc.name, got, tc.want)
		}
	}
}

func TestDigestIsOfModulesAndDataAlone(t *testing.T) {
	base := func() fstest.MapFS {
		return fstest.MapFS{"p.rego": file("package travel.refund\n\nresult := data.a\n"), "data.yaml": file("a: 1")}
	}
	first := engine(t, base()).Digest()
	if first != engine(t, base()).Digest() {
		t.Error("the same bundle gives two digests")
	}
	for name, change := range map[string]struct {
		of   func(fstest.MapFS)
		same bool
	}{
		"a test":         {func(b fstest.MapFS) { b["p_test.rego"] = file("package x_test\n") }, true},
		"a text":         {func(b fstest.MapFS) { b["README.md"] = file("x") }, true},
		"a comment":      {func(b fstest.MapFS) { b["p.rego"] = file("package travel.refund\n\n# x\nresult := data.a\n") }, false},
		"data":           {func(b fstest.MapFS) { b["data.yaml"] = file("a: 2") }, false},
		"name of a file": {func(b fstest.MapFS) { b["q.rego"] = b["p.rego"]; delete(b, "p.rego") }, false},
	} {
		b := base()
		change.of(b)
		if got := engine(t, b).Digest() == first; got != change.same {
			t.Errorf("%s changes: same digest %v, want %v", name, got, change.same)
		}
	}
}

func TestEmbeddedBundleHasARevision(t *testing.T) {
	b, err := policy.LoadBundle(policies.FS)
	if err != nil || b.Revision == "" {
		t.Errorf("revision %q, %v", b.Revision, err)
	}
}
