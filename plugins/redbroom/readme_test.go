package redbroom_test

import (
	"os"
	"strings"
	"testing"

	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/plugins/redbroom"
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
	loader := config.Loader{
		Env:      func(name string) (string, bool) { return "of-" + name, true },
		ReadFile: func(path string) ([]byte, error) { return []byte("of " + path), nil },
	}
	file, faults := loader.Parse("README.md", []byte(sample))
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	source, ok := file.Source("redbroom")
	if !ok || source.Plugin != redbroom.Name {
		t.Fatalf("source %+v", source.Plugin)
	}
	cfg := redbroom.Defaults()
	if err := source.Config.Decode(&cfg); err != nil {
		t.Fatal(err)
	}
	if len(cfg.SigningSecrets["goodbay"]) != 2 || len(cfg.SigningSecrets["plenura"]) != 1 || cfg.SigningSecrets["goodbay"][0].Reveal() != "of-GOODBAY_SECRET" {
		t.Error("the secrets are not those of the sample")
	}
}
