package plugins_test

import (
	"slices"
	"testing"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/plugins"
)

func TestPluginsAreListedOnceAndByName(t *testing.T) {
	var names []string
	for _, p := range plugins.All() {
		names = append(names, p.Name)
	}
	if want := slices.Compact(slices.Sorted(slices.Values(names))); !slices.Equal(names, want) {
		t.Errorf("All lists %v, want %v", names, want)
	}
}

func TestEveryPluginBringsReadableCases(t *testing.T) {
	for _, p := range plugins.All() {
		names, err := pipeline.CaseNames(p.Cases)
		if err != nil || len(names) == 0 {
			t.Errorf("%s: cases %v, %v", p.Name, names, err)
		}
		for _, name := range names {
			if _, err := pipeline.ReadCase(p.Cases, name); err != nil {
				t.Errorf("%s: %v", p.Name, err)
			}
		}
	}
}
