package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOthersAreMeasuredInTheSameTurns(t *testing.T) {
	dir := t.TempDir()
	program := "package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println(\"said\\n{\\\"name\\\":\\\"x\\\",\\\"events\\\":7,\\\"rate\\\":1000,\\\"cpu_us\\\":20,\\\"rss_mb\\\":100,\\\"P50\\\":2}\") }\n"
	for path, text := range map[string]string{"go.mod": "module bench\n\ngo 1.26\n", "naive/main.go": program} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, path)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, path), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	o, err := parse([]string{"-beside", dir, "-only", "^naive"})
	if err != nil {
		t.Fatal(err)
	}
	cases := o.cases()
	if len(cases) != 1 || cases[0].Name != naive {
		t.Fatalf("cases: %+v", cases)
	}
	others, err := o.neighbours(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer others.remove()
	r, err := o.run(t.Context(), cases[0], others)
	if err != nil || r.Name != naive || r.Rate != 1000 || r.CPU != 20 || r.RSS != 100 || r.P50 != 2 || r.Events != 7 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestAProgramThatFailsSaysWhy(t *testing.T) {
	err := exec.CommandContext(t.Context(), "go", "vet", "./nothing-of-that-name").Run()
	var failed *exec.ExitError
	if !errors.As(err, &failed) {
		t.Fatal(err)
	}
	failed.Stderr = []byte("SLF4J: no binder\nbench.MissingSourceTopicException: one or more\n\tat bench.Main\n")
	if got := complaint(err); !errors.Is(got, err) || !strings.HasSuffix(got.Error(), "bench.MissingSourceTopicException: one or more") {
		t.Errorf("it says %q", got)
	}
}

func TestKafkaStreamsHasItsTopicLoaded(t *testing.T) {
	o, err := parse([]string{"-beside", "others", "-only", "^kstreams"})
	if err != nil {
		t.Fatal(err)
	}
	if got := programs(o.beside()); !got["java"] || !got["limit"] {
		t.Errorf("needed are %v", got)
	}
}

func TestNothingIsBuiltWhereNobodyIsMeasuredBeside(t *testing.T) {
	o, err := parse([]string{"-beside", "nowhere", "-only", "^one-hop"})
	if err != nil {
		t.Fatal(err)
	}
	if others, err := o.neighbours(t.Context()); others != nil || err != nil {
		t.Errorf("%+v, %v", others, err)
	}
}

func TestRatiosAreOfMediansAndOfWhatRanOnly(t *testing.T) {
	cases := []benchCase{{Name: "ours", Against: []string{"theirs", "absent"}}, {Name: "alone"}}
	results := []result{
		{Name: "ours", Rate: 100, CPU: 30},
		{Name: "theirs", Rate: 400, CPU: 20, P99: 5},
		{Name: "ours", Rate: 200, CPU: 20},
		{Name: "ours", Rate: 300, CPU: 10},
		{Name: "alone", Rate: 1},
	}
	var out bytes.Buffer
	if err := ratios(&out, cases, results); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 || strings.Join(strings.Fields(lines[1]), " ") != "ours theirs 0.50 1.00 - - -" {
		t.Errorf("printed:\n%s", out.String())
	}
}

func TestWhatIsComparedRunsOneAfterTheOther(t *testing.T) {
	ours := []benchCase{{Name: "a", Against: []string{"x", "y"}}, {Name: "b", Against: []string{"x", "z"}}, {Name: "c"}}
	others := []benchCase{{Name: "left"}, {Name: "z"}, {Name: "x"}}
	var got []string
	for _, c := range side(ours, others) {
		got = append(got, c.Name)
	}
	if diff := cmp.Diff([]string{"a", "x", "b", "z", "c", "left"}, got); diff != "" {
		t.Error(diff)
	}
}
