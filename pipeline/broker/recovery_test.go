package broker_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reservoirhq/reservoir/pipeline/broker"
)

// crashed gives a directory with ten records in partition 0 of "t", in
// segments of a few records each, as a crash leaves it.
func crashed(t *testing.T) string {
	t.Helper()
	ctx, dir := testContext(t), t.TempDir()
	c := startChild(t, dir, "127.0.0.1:0")
	cl := client(t, c.addr, byName())
	createTopic(ctx, t, cl, "t", 1, map[string]string{"segment.bytes": "250"})
	produce(ctx, t, cl, "t", 0, numbers(0, 10)...)
	if err := commit(ctx, cl, "g", "t", 0, 7); err != nil {
		t.Fatal(err)
	}
	cl.Close()
	c.kill()
	return dir
}

// segmentFiles gives the segments of t/0, oldest first.
func segmentFiles(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "log", "partitions", "t-0", "*.dat"))
	if err != nil || len(files) < 2 {
		t.Fatalf("%d segments, %v; the test needs more", len(files), err)
	}
	slices.SortFunc(files, func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
	return files
}

func TestATornEndIsCutOff(t *testing.T) {
	for name, tear := range map[string]func(t *testing.T, dir, last string){
		"half a batch": func(t *testing.T, _, last string) { appendTo(t, last, content(t, last)[:40]) },
		"zeros":        func(t *testing.T, _, last string) { appendTo(t, last, make([]byte, 500)) },
		"a batch whose sum is wrong": func(t *testing.T, _, last string) {
			b := content(t, last)
			b[len(b)-1]++
			appendTo(t, last, b)
		},
		"no index": func(t *testing.T, _, last string) {
			remove(t, strings.TrimSuffix(last, ".dat")+".idx")
		},
		"a torn index": func(t *testing.T, _, last string) {
			appendTo(t, strings.TrimSuffix(last, ".dat")+".idx", []byte{1, 2, 3})
		},
		"a stale snapshot": func(t *testing.T, _, last string) {
			write(t, filepath.Join(filepath.Dir(last), "snapshot.json"), []byte(`{"version":1,"high_watermark":3,"segments":[]}`))
		},
		"an unreadable snapshot": func(t *testing.T, _, last string) {
			write(t, filepath.Join(filepath.Dir(last), "snapshot.json"), []byte(`{"vers`))
		},
		"an empty last segment": func(t *testing.T, _, last string) {
			write(t, filepath.Join(filepath.Dir(last), "10.dat"), nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, dir := testContext(t), crashed(t)
			files := segmentFiles(t, dir)
			tear(t, dir, files[len(files)-1])
			b := start(t, config(dir, "127.0.0.1:0"))
			cl := client(t, b.Addr())
			produce(ctx, t, cl, "t", 0, numbers(10, 12)...)
			if got, want := values(ctx, t, b.Addr(), "t", 0), numbers(0, 12); !cmp.Equal(got, want) {
				t.Error(cmp.Diff(want, got))
			}
		})
	}
}

func TestDamageStopsTheStartAndChangesNothing(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, dir string, files []string){
		"in the middle of a segment": func(t *testing.T, _ string, files []string) {
			b := content(t, files[1])
			b[len(b)/2]++
			write(t, files[1], b)
		},
		"in the last segment, before whole records": func(t *testing.T, _ string, files []string) {
			last := files[len(files)-1]
			b := content(t, last)
			b = append(b, content(t, last)...)
			b[30]++
			write(t, last, b)
		},
		"a segment is missing": func(t *testing.T, _ string, files []string) { remove(t, files[1]) },
		"meta.json is missing": func(t *testing.T, dir string, _ []string) { remove(t, filepath.Join(dir, "log", "meta.json")) },
		"a newer format": func(t *testing.T, dir string, _ []string) {
			write(t, filepath.Join(dir, "log", "meta.json"), []byte(`{"version":2,"cluster_id":"reservoir"}`))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := crashed(t)
			damage(t, dir, segmentFiles(t, dir))
			before := segmentsOf(t, dir)
			b, err := broker.Start(testContext(t), config(dir, "127.0.0.1:0"))
			if err == nil {
				t.Fatal("started on a damaged directory", b.Close())
			}
			if !strings.Contains(err.Error(), dir) {
				t.Errorf("the error does not say where: %v", err)
			}
			if after := segmentsOf(t, dir); !cmp.Equal(before, after) {
				t.Error("the failed start changed a segment")
			}
		})
	}
}

func segmentsOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, f := range segmentFiles(t, dir) {
		out[f] = string(content(t, f))
	}
	return out
}

// TestCommitsAfterATornEntryAreKept covers what kfake alone loses: it goes on
// appending behind the torn entry and stops reading at it.
func TestCommitsAfterATornEntryAreKept(t *testing.T) {
	ctx, dir := testContext(t), crashed(t)
	log := filepath.Join(dir, "log", "groups.log")
	appendTo(t, log, content(t, log)[:20])
	c := startChild(t, dir, "127.0.0.1:0")
	cl := client(t, c.addr, byName())
	if got := committed(ctx, t, cl, "g", "t", 0); got != 7 {
		t.Errorf("the group is at %d after the torn entry, want 7", got)
	}
	if err := commit(ctx, cl, "g", "t", 0, 9); err != nil {
		t.Fatal(err)
	}
	c.kill()
	b := start(t, config(dir, "127.0.0.1:0"))
	if got := committed(ctx, t, client(t, b.Addr(), byName()), "g", "t", 0); got != 9 {
		t.Errorf("the group is at %d, want 9", got)
	}
}

// TestRecoveryWritesWhatAnOrderlyCloseWrites notices a kfake that changes its
// files, its rules for producers or its bookkeeping of aborted transactions.
func TestRecoveryWritesWhatAnOrderlyCloseWrites(t *testing.T) {
	ctx, dir := testContext(t), t.TempDir()
	b := start(t, config(dir, "127.0.0.1:0"))
	cl := client(t, b.Addr())
	createTopic(ctx, t, cl, "t", 1, map[string]string{"segment.bytes": "250"})
	produce(ctx, t, cl, "t", 0, numbers(0, 12)...)
	other := client(t, b.Addr())
	produce(ctx, t, other, "t", 0, numbers(0, 3)...)
	for _, commit := range []bool{false, true, false} {
		transaction(ctx, t, b.Addr(), "t", commit)
	}
	cl.Close()
	other.Close()
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	files := map[string]string{"partitions/t-0/snapshot.json": "segments", "seq_windows.json": "windows"}
	want := map[string]any{}
	for f, list := range files {
		want[f] = comparable(t, filepath.Join(dir, "log", f), list)
		remove(t, filepath.Join(dir, "log", f))
	}
	remove(t, filepath.Join(dir, "clean"))
	if err := broker.Recover(ctx, dir); err != nil {
		t.Fatal(err)
	}
	for f, list := range files {
		if got := comparable(t, filepath.Join(dir, "log", f), list); !cmp.Equal(got, want[f]) {
			t.Errorf("%s: %s", f, cmp.Diff(want[f], got))
		}
	}
}

// comparable reads a JSON file, sorts its list, and leaves out what may differ:
// the time of creation, and two fields of an older format that stay empty.
func comparable(t *testing.T, path, list string) any {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal(content(t, path), &doc); err != nil {
		t.Fatal(err)
	}
	delete(doc, "created_at")
	for _, e := range doc[list].([]any) {
		delete(e.(map[string]any), "seq")
		delete(e.(map[string]any), "offsets")
	}
	slices.SortFunc(doc[list].([]any), func(a, b any) int {
		x, _ := json.Marshal(a)
		y, _ := json.Marshal(b)
		return strings.Compare(string(x), string(y))
	})
	return doc
}

func content(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func appendTo(t testing.TB, path string, b []byte) {
	t.Helper()
	write(t, path, append(content(t, path), b...))
}

func remove(t testing.TB, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}
