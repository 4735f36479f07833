package config_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/reservoirhq/reservoir/pipeline/config"
)

// line is the form that the contract fixes. Only a fault of the whole file has
// no path.
var line = regexp.MustCompile(`^[a-z0-9-]+\.yaml:\d+:\d+: (\S+: )?(warning: )?\S.*$`)

// Every file of testdata is named after its one fault and has a golden of what
// is said about it.
func TestFaultyConfigurations(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) < 35 {
		t.Fatalf("%d files, %v; want at least 35", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, faults := load(name+".yaml", text)
			if healthy := strings.HasPrefix(name, "ok-"); healthy != (len(faults) == 0) {
				t.Fatalf("faults: %v", faults)
			}
			checkForm(t, faults)
			if len(faults) > 0 {
				golden(t, strings.TrimSuffix(file, ".yaml")+".golden", faults.Error()+"\n")
			}
		})
	}
}

func checkForm(t *testing.T, faults config.Faults) {
	t.Helper()
	hides(t, "a fault", faults.Error())
	encoded, err := json.Marshal(faults)
	if err != nil {
		t.Fatal(err)
	}
	hides(t, "JSON", string(encoded))
	last := 0
	for _, f := range faults {
		if !line.MatchString(f.Error()) {
			t.Errorf("not of the form file:line:column: path: problem: %q", f.Error())
		}
		if f.Line < last {
			t.Errorf("not sorted by position: %v", f)
		}
		last = f.Line
		if f.Severity == "" || f.Kind == "" {
			t.Errorf("no severity or kind: %+v", f)
		}
	}
}

func TestArchitectureExampleLoads(t *testing.T) {
	text, err := os.ReadFile("testdata/ok-architecture.yaml")
	if err != nil {
		t.Fatal(err)
	}
	f, faults := load("reservoir.yaml", text)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	var stages []string
	for _, s := range f.Pipelines[0].Stages {
		stages = append(stages, s.Name+s.To)
	}
	want := []string{"ingest", "verify", "bookings.raw.{source}", "enrich", "normalise", "bookings.normalised", "dedupe", "policy"}
	if !slices.Equal(stages, want) {
		t.Errorf("stages %v, want %v", stages, want)
	}
	if f.Sources[0].Name != "tourcms" || f.Sources[1].Name != "redbroom" {
		t.Errorf("sources out of order: %v, %v", f.Sources[0].Name, f.Sources[1].Name)
	}
	if f.Kafka.IsEmbedded() || f.Kafka.Topics.ReplicasOn(2) != 2 || f.Listen != ":8080" {
		t.Errorf("kafka %+v, listen %s", f.Kafka, f.Listen)
	}
	wantSecrets := []string{
		"hunter2 of /run/secrets/plenura", "hunter2-RESERVOIR_PRIVACY_KEY", "hunter2-TOURCMS_HOOK_SECRET",
		"hunter2-GOODBAY_SECRET", "hunter2-TOURCMS_API_KEY",
	}
	if got := f.Secrets(); !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(wantSecrets))) {
		t.Errorf("secrets %q, want %q", got, wantSecrets)
	}
}

func TestStrictRaisesUnsetSecrets(t *testing.T) {
	text, err := os.ReadFile("testdata/secret-unset.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, faults := load("reservoir.yaml", text)
	if faults.Err() != nil || len(faults.Warnings()) != 1 || len(faults.OfKind(config.UnsetSecret)) != 1 {
		t.Fatalf("want one warning of kind unset_secret, got %v", faults)
	}
	if faults.Strict().Err() == nil {
		t.Error("strict lets an unset secret pass")
	}
	if faults.Err() != nil {
		t.Error("Strict changed what it was called on")
	}
}
