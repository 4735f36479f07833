package examples_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestTheQuickstartDoesWhatItsPageSays runs the page's commands word for word,
// but for ports.
func TestTheQuickstartDoesWhatItsPageSays(t *testing.T) {
	ports := map[string]string{"127.0.0.1:8080": free(t), "127.0.0.1:8081": free(t), "127.0.0.1:9092": free(t)}
	tr := try(t, "quickstart", ports, func(text string) string {
		return text + "kafka: {embedded: {listen: 127.0.0.1:9092}}\n"
	})
	commands := tr.commands(t)
	if len(commands) != 3 {
		t.Fatalf("the page has %d lists of commands", len(commands))
	}
	if _, err := exec.LookPath("kcat"); err != nil {
		t.Log("no kcat on this machine: that line is left out")
		commands[2] = "kcat() { echo studentcom/HB993001444 ce_specversion=1.0; }\n" + commands[2]
	}
	tr.runs(t, commands[0], ports["127.0.0.1:8081"])
	sent := tr.says(t, commands[1])
	if n := strings.Count(sent, "200 {"); n != 3 {
		t.Errorf("three sent, %d answered 200:\n%s", n, sent)
	}
	read := tr.says(t, commands[2])
	for _, want := range []string{"key studentcom/HB993001444\n", "studentcom/HB993001444 ce_specversion=1.0", "travel.booking.decided.v1", "bookings.events"} {
		if !strings.Contains(read, want) {
			t.Errorf("no %q in what is read:\n%s", want, read)
		}
	}
}

// TestTheKafkaExampleRunsOnARealBroker runs the other example where there is a
// cluster, on topics of its own.
func TestTheKafkaExampleRunsOnARealBroker(t *testing.T) {
	brokers := os.Getenv("RESERVOIR_TEST_BROKERS")
	if brokers == "" {
		t.Skip("RESERVOIR_TEST_BROKERS names no cluster")
	}
	own := fmt.Sprintf("example-%08x", rand.Uint32())
	ports := map[string]string{":8080": free(t), ":8081": free(t)}
	tr := try(t, "kafka", ports, func(text string) string {
		text = strings.Replace(text, `["kafka:9092"]`, `["`+strings.ReplaceAll(brokers, ",", `","`)+`"]`, 1) + "    outputs: {" + outputs() + "}\n"
		return strings.ReplaceAll(text, "bookings", own)
	})
	env := []string{"RESERVOIR_PRIVACY_KEY=an example of a privacy key", "STUDENTCOM_HOOK_SECRET=studentcom", "GOODBAY_SECRET=goodbay"}
	tr.runs(t, "reservoir run", ports[":8081"], env...)
	read := tr.says(t, fmt.Sprintf("reservoir send studentcom book_confirmed\nreservoir send redbroom goodbay-cancelled\n"+
		"reservoir tail %[1]s.events -n 2\nreservoir tail %[1]s.decisions -n 1\n", own), env...)
	for _, want := range []string{"key studentcom/HB993001444\n", "travel.booking.cancelled.v1", "travel.booking.decided.v1"} {
		if !strings.Contains(read, want) {
			t.Errorf("no %q in what is read:\n%s", want, read)
		}
	}
}

func outputs() string {
	var all []string
	for _, o := range []string{"events", "decisions", "current", "dead", "rejected", "retry", "outcomes"} {
		all = append(all, o+": bookings."+o)
	}
	return strings.Join(append(all, `lookups: "bookings.lookups.{source}"`), ", ")
}

// TestTheExamplesDifferInTheirBrokersOnly holds the two files together.
func TestTheExamplesDifferInTheirBrokersOnly(t *testing.T) {
	var rest []string
	for _, name := range []string{"quickstart", "kafka"} {
		text, err := os.ReadFile(name + "/reservoir.yaml")
		if err != nil {
			t.Fatal(err)
		}
		_, chain, found := strings.Cut(string(text), "\nsources:\n")
		if !found {
			t.Fatalf("%s has no sources", name)
		}
		rest = append(rest, chain)
	}
	if rest[0] != rest[1] {
		t.Error("sources and pipelines of the examples differ")
	}
}
