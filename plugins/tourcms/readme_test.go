package tourcms_test

import (
	"os"
	"strings"
	"testing"

	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/plugins/tourcms"
)

// The README's configuration is one that loads.
func TestSampleOfTheReadmeLoads(t *testing.T) {
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```yaml\n")
	sample, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("no sample")
	}
	loader := config.Loader{Env: func(name string) (string, bool) { return "of-" + name, true }}
	file, faults := loader.Parse("README.md", []byte(sample))
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	source, ok := file.Source("tourcms")
	if !ok || source.Plugin != tourcms.Name {
		t.Fatalf("source %+v", source.Plugin)
	}
	cfg := tourcms.Defaults()
	if err := source.Config.Decode(&cfg); err != nil {
		t.Fatal(err)
	}
	if len(cfg.Channels) != 1 || cfg.Channels[0].Account != 4069 || cfg.Secret.Reveal() != "of-TOURCMS_HOOK_SECRET" {
		t.Errorf("%+v", cfg)
	}
}
