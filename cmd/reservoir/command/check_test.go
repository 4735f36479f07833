package command_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestCheckFindsEachFaultAtItsPlace reads one configuration a fault, named
// after it.
func TestCheckFindsEachFaultAtItsPlace(t *testing.T) {
	files, err := filepath.Glob("testdata/faults/*.yaml")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d configurations, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			s := &site{env: map[string]string{"STUDENT_SECRET": studentSecret}}
			got := s.command(t, "check", "-c", file)
			golden(t, strings.TrimSuffix(file, ".yaml")+".golden", got.stdout)
			faults := 0
			for line := range strings.Lines(got.stdout) {
				if !strings.HasPrefix(line, file+":") {
					t.Errorf("the line does not say where: %s", line)
				}
				if !strings.Contains(line, ": warning: ") {
					faults++
				}
			}
			if want := min(1, faults); got.code != want {
				t.Errorf("%d faults, exit code %d, want %d", faults, got.code, want)
			}
			if strings.Contains(got.stdout, studentSecret) || strings.Contains(got.stdout, "hunter2") {
				t.Error("a secret was printed")
			}
		})
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (-update writes it anew); got:\n%s\nwant:\n%s", path, got, want)
	}
}
