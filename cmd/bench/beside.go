package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// The same job as others do it, under the names that they give themselves.
const (
	handALO        = "loop/sarama/alo/1"
	handEOS        = "loop/sarama/eos/2/5000/log"
	limitALO       = "loop/franz/alo/1"
	limitEOS       = "loop/franz/eos/2/5000/log"
	naive          = "naive/watermill"
	streams        = "kstreams/eos+tuned/2t"
	handWeb        = "ingest/sarama/c%d"
	handLatency    = "latency/sarama/alo"
	handLatencyEOS = "latency/sarama/eos/100ms"
)

// naiveEvents is what the slowest of them can do in a minute.
const naiveEvents = 30_000

// beside gives the cases that others run, where -beside names their folder.
func (o options) beside() []benchCase {
	if o.others == "" {
		return nil
	}
	n, secs := strconv.Itoa(o.N), strconv.Itoa(o.Secs)
	all := []benchCase{
		{Name: handALO, Command: []string{"limit", "loop", "-n", n, "-client", "sarama", "-mode", "alo", "-linger", "5ms", "-flush-bytes", "262144"}},
		{Name: handEOS, Command: []string{"limit", "loop", "-n", n, "-client", "sarama", "-mode", "eos", "-batch", "5000", "-members", "2", "-changelog"}},
		{Name: limitALO, Command: []string{"limit", "loop", "-n", n, "-client", "franz", "-mode", "alo"}},
		{Name: limitEOS, Command: []string{"limit", "loop", "-n", n, "-client", "franz", "-mode", "eos", "-batch", "5000", "-members", "2", "-changelog"}},
		{Name: naive, Command: []string{"naive", "-n", strconv.Itoa(min(o.N, naiveEvents))}},
		{Name: streams, Command: []string{"java", "-Xmx1g", "-cp", "{beside}/kstreams/target/kstreams-1.jar:{beside}/kstreams/target/lib/*", "bench.Main", "exactly_once_v2", "2", n}},
		{Name: handLatency, Command: []string{"limit", "latency", "-secs", secs, "-rate", strconv.Itoa(o.Rate), "-client", "sarama", "-mode", "alo"}},
		{Name: handLatencyEOS, Command: []string{"limit", "latency", "-secs", secs, "-rate", strconv.Itoa(o.Rate), "-client", "sarama", "-mode", "eos", "-every", "100ms"}},
	}
	for _, conns := range []int{64, 256} {
		all = append(all, benchCase{Name: fmt.Sprintf(handWeb, conns), Command: []string{"limit", "ingest", "-secs", secs, "-conns", strconv.Itoa(conns), "-client", "sarama"}})
	}
	var chosen []benchCase
	for _, c := range all {
		if c.Kind = kindBeside; o.only.MatchString(c.Name) {
			chosen = append(chosen, c)
		}
	}
	return chosen
}

// neighbours are the programs of -beside, built.
type neighbours struct{ dir, bin string }

// neighbours builds the programs that the chosen cases need and loads their
// topics; without such cases there is nothing to do.
func (o options) neighbours(ctx context.Context) (*neighbours, error) {
	needed := programs(o.beside())
	if len(needed) == 0 {
		return nil, nil
	}
	dir, err := filepath.Abs(o.others)
	if err != nil {
		return nil, err
	}
	n := &neighbours{dir: dir}
	if n.bin, err = os.MkdirTemp("", "reservoir-bench-*"); err != nil {
		return nil, err
	}
	for program := range needed {
		if program == "java" {
			continue // built by Maven, as its own page says
		}
		if err := n.quietly(ctx, "go", "build", "-o", n.bin, "./"+program); err != nil {
			return nil, errors.Join(err, os.RemoveAll(n.bin))
		}
	}
	if needed["limit"] {
		err = n.quietly(ctx, filepath.Join(n.bin, "limit"), "load", "-n", strconv.Itoa(o.N))
	}
	return n, err
}

// programs are those that cases need: "limit" also loads the topic that Kafka
// Streams reads.
func programs(cases []benchCase) map[string]bool {
	needed := map[string]bool{}
	for _, c := range cases {
		needed[c.Command[0]] = true
	}
	if needed["java"] {
		needed["limit"] = true
	}
	return needed
}

func (n *neighbours) remove() {
	if n != nil {
		_ = os.RemoveAll(n.bin) // a folder for temporary files
	}
}

func (n *neighbours) quietly(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = n.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", filepath.Base(name), strings.Join(args, " "), err, out)
	}
	return nil
}

// complaint adds the first line of what a program that failed complained of: it knows
// better than its exit status.
func complaint(err error) error {
	failed, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		return err
	}
	for line := range strings.Lines(string(failed.Stderr)) {
		if strings.Contains(line, "Exception") || strings.Contains(line, "rror") {
			return fmt.Errorf("%w: %s", err, strings.TrimSpace(line))
		}
	}
	return err
}

// run runs one of them and reads its line.
func (n *neighbours) run(ctx context.Context, c benchCase) (result, error) {
	ctx, cancel := context.WithTimeout(ctx, c.patience())
	defer cancel()
	name, args := c.Command[0], make([]string, len(c.Command)-1)
	for i, arg := range c.Command[1:] {
		args[i] = strings.ReplaceAll(arg, "{beside}", n.dir)
	}
	if name != "java" {
		name = filepath.Join(n.bin, name)
	}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "BENCH_PROPS=producer.batch.size=262144,producer.linger.ms=5") // of Kafka Streams, tuned
	began := time.Now()
	out, err := cmd.Output()
	if err != nil {
		return result{}, fmt.Errorf("after %v: %w", time.Since(began).Round(time.Second), complaint(err))
	}
	return theirs(c.Name, out)
}

// theirs reads the last line of JSON that another program printed.
func theirs(name string, out []byte) (result, error) {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	var said struct {
		result
		Rate float64 `json:"rate"`
		P50  float64 `json:"P50"`
		P99  float64 `json:"P99"`
	}
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &said); err != nil {
		return result{}, fmt.Errorf("read what %s measured: %w", name, err)
	}
	r := said.result
	r.Name, r.Rate, r.P50, r.P99 = name, said.Rate, said.P50, said.P99
	return r, nil
}
