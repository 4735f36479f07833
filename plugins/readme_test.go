package plugins_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/reservoirhq/reservoir/pipeline/config"
	"github.com/reservoirhq/reservoir/plugins"
)

// sample is the first YAML of a page.
var sample = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// chain is what a page may leave out: what is done with its source.
const chain = `
pipelines:
  bookings:
    sources: [%s]
    stages: [ingest, verify, {to: "bookings.raw.{source}"}, normalise]
`

// TestThePageOfEveryPluginShowsAConfigurationThatWorks reads the YAML of each
// README.md as `reservoir run` would.
func TestThePageOfEveryPluginShowsAConfigurationThatWorks(t *testing.T) {
	for _, p := range plugins.All() {
		t.Run(p.Name, func(t *testing.T) {
			page, err := os.ReadFile(filepath.Join(p.Name, "README.md"))
			if err != nil {
				t.Fatal(err)
			}
			found := sample.FindSubmatch(page)
			if found == nil {
				t.Fatal("the page shows no YAML")
			}
			text := string(found[1])
			if !strings.Contains(text, "pipelines:") {
				text += strings.ReplaceAll(chain, "%s", p.Name)
			}
			loader := config.Loader{
				Env:      func(string) (string, bool) { return "a-long-random-text", true },
				ReadFile: func(string) ([]byte, error) { return []byte("a-long-random-text"), nil },
			}
			file, faults := loader.Parse("README.md", []byte(text))
			source, ok := file.Source(p.Name)
			if !ok || source.Plugin != p.Name {
				t.Fatalf("no source %s of this plugin (%v)", p.Name, faults)
			}
			if p.URLSecret != strings.Contains(source.Path, "{secret}") {
				t.Errorf("path %s, while URLSecret is %v", source.Path, p.URLSecret)
			}
			if _, err := p.Bind(source.Config.Decode); err != nil {
				t.Errorf("config: %v", err)
			}
			for _, f := range file.Faults().Errors() {
				t.Errorf("%v", f)
			}
		})
	}
}
