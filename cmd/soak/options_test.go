package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestACommandLineIsPrintedSoThatItCanBeGivenAgain(t *testing.T) {
	first, err := parse([]string{"-minutes", "2", "-faults", "^member", "-delivery", "exactly_once", "-cluster", "/some/brokers", "-dir", "/some/logs"})
	if err != nil {
		t.Fatal(err)
	}
	words := strings.Fields(strings.ReplaceAll(first.again(), "'", ""))
	again, err := parse(words[slices.Index(words, "./cmd/soak")+1:])
	if err != nil {
		t.Fatal(err)
	}
	if again != first {
		t.Errorf("%+v became %+v", first, again)
	}
}

func TestAWrongCommandLineIsRefused(t *testing.T) {
	for _, args := range [][]string{{"-rate", "0"}, {"-delivery", "twice"}, {"-faults", "("}, {"-members", "0"}, {"-minutes", "-1"}} {
		if _, err := parse(args); err == nil {
			t.Errorf("%v is taken", args)
		}
	}
}

func TestFaultsAreChosenByNameAndByWhatTheClusterHas(t *testing.T) {
	for _, tt := range []struct {
		name    string
		only    string
		brokers int
		want    string
	}{
		{"one broker", "^(isr-lost|broker-kill)$", 1, "broker-kill"},
		{"three brokers", "^(isr-lost|broker-kill)$", 3, "broker-kill isr-lost"},
		{"none", "earthquake", 3, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, f := range (options{only: tt.only}).chosen(tt.brokers) {
				got = append(got, f.name)
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("chose %v, want %s", got, tt.want)
			}
		})
	}
}

func TestAClustersFolderTellsWhereItListens(t *testing.T) {
	dir := t.TempDir()
	if _, err := findCluster("kafka.sh", dir); err == nil {
		t.Error("an empty folder is taken for a cluster")
	}
	text := "node.id=1\nlisteners=PLAINTEXT://127.0.0.1:4,CONTROLLER://127.0.0.1:5\nadvertised.listeners=PLAINTEXT://127.0.0.1:4\n"
	if err := os.WriteFile(filepath.Join(dir, "node1.properties"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := findCluster("kafka.sh", dir)
	if err != nil || !slices.Equal(c.addresses, []string{"127.0.0.1:4"}) {
		t.Errorf("found %+v, %v", c, err)
	}
}
