package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"slices"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the goldens instead of comparing them")

func TestTheTableHasARowForEachNameWithMedians(t *testing.T) {
	results := []result{
		{Name: "one-hop/alo", Rate: 900, CPU: 12.34, Broker: 3, RSS: 150, Allocs: 99, AllocKB: 5.5, Note: "first"},
		{Name: "latency/two-hops", Rate: 1000, P50: 1.5, P99: 20},
		{Name: "one-hop/alo", Rate: 1100, CPU: 10, Others: 0.5, Note: "WRONG: events holds 1 records, must be 2"},
		{Name: "one-hop/alo", Rate: 1000, CPU: 11, Note: "last"},
	}
	var got bytes.Buffer
	if err := table(&got, results); err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/table.golden.txt"
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || got.String() != string(want) {
		t.Errorf("got\n%swant\n%s(%v)", got.String(), want, err)
	}
}

func TestAResultIsOneLineOfJSON(t *testing.T) {
	var out bytes.Buffer
	want := result{Name: "x", Events: 3, Rate: 1.5, Note: "a\nb"}
	if err := want.print(&out); err != nil {
		t.Fatal(err)
	}
	var got result
	if err := json.Unmarshal(out.Bytes(), &got); err != nil || got != want || bytes.Count(out.Bytes(), []byte("\n")) != 1 {
		t.Errorf("got %s (%v)", out.String(), err)
	}
}

func TestTheCasesAreChosenByTheirNames(t *testing.T) {
	names := func(args ...string) []string {
		o, err := parse(args)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, c := range o.cases() {
			all = append(all, c.Name)
		}
		return all
	}
	want := []string{
		"one-hop/alo", "one-hop/eos", "two-hops/alo", "two-hops/eos", "webhooks/64", "webhooks/256", "latency/two-hops", "latency/two-hops/eos", "look-up/100ms",
		"scale/8p/10000", "scale/8p/100000", "scale/64p/10000", "scale/64p/100000",
	}
	if got := names(); !slices.Equal(got, want) {
		t.Errorf("all are %v", got)
	}
	if got := names("-only", "^(one|two)-hop"); !slices.Equal(got, want[:4]) {
		t.Errorf("chosen are %v", got)
	}
}

func TestOptionsAreRefusedWithAReason(t *testing.T) {
	for _, args := range [][]string{{"-only", "("}, {"-n", "0"}, {"-scale-partitions", "8,x"}, {"-scale-bookings", ""}, {"-reps", "-1"}} {
		if _, err := parse(args); err == nil {
			t.Errorf("%v is taken", args)
		}
	}
}

func TestQuantilesAreInMilliseconds(t *testing.T) {
	times := []time.Duration{time.Millisecond, 2 * time.Millisecond, 3 * time.Millisecond}
	for q, want := range map[float64]float64{0: 1, .5: 2, .99: 2, 1: 3} {
		if got := quantile(times, q); got != want {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
	if got := quantile(nil, .5); got != 0 {
		t.Errorf("of nothing it is %v", got)
	}
}

func TestABrokerThatIsGoneMakesAFigureWrong(t *testing.T) {
	t.Setenv(brokerEnv, "not-a-process")
	if r := startWatch().stop(1); r.Note == "" || r.Broker != 0 {
		t.Errorf("%+v", r)
	}
}
