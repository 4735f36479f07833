package jsondoc_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/reservoirhq/reservoir/plugins/jsondoc"
)

// recorded gives the bodies of the recorded webhooks of a plugin that can be
// read.
func recorded(tb testing.TB, plugin string) [][]byte {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join("..", plugin, "testdata", "*", "body.json"))
	if err != nil || len(files) == 0 {
		tb.Fatalf("no recorded webhook of %s (%v)", plugin, err)
	}
	var bodies [][]byte
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := jsondoc.Parse(body); err == nil {
			bodies = append(bodies, body)
		}
	}
	return bodies
}

// BenchmarkParse reads one recorded webhook per operation.
func BenchmarkParse(b *testing.B) {
	for _, plugin := range []string{"studentcom", "vrplatform", "redbroom"} {
		bodies := recorded(b, plugin)
		b.Run(plugin, func(b *testing.B) {
			b.ReportAllocs()
			size := 0
			for _, body := range bodies {
				size += len(body)
			}
			b.SetBytes(int64(size / len(bodies)))
			for i := 0; b.Loop(); i++ {
				if _, err := jsondoc.Parse(bodies[i%len(bodies)]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkPick asks for a member of each recorded webhook, one per operation.
func BenchmarkPick(b *testing.B) {
	for _, plugin := range []string{"studentcom", "vrplatform", "redbroom"} {
		bodies := recorded(b, plugin)
		b.Run(plugin, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := jsondoc.Pick(bodies[i%len(bodies)], []jsondoc.Wanted{{Name: "id"}, {Name: "data"}}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
