package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"sync"
)

// cluster is a real Kafka whose brokers may be harmed.
type cluster struct {
	script, dir string
	addresses   []string
	own         bool

	mu     sync.Mutex
	killed map[int]bool
	paused map[int]bool
}

// properties make the cluster quick to notice what is done to it, and eager to
// compact.
const properties = `offsets.topic.num.partitions=8
transaction.state.log.num.partitions=8
log.cleaner.backoff.ms=500
broker.session.timeout.ms=6000`

// cluster starts brokers, or finds those that are there.
func (o options) cluster(ctx context.Context) (*cluster, error) {
	if o.dir != "" {
		return findCluster(o.script, o.dir)
	}
	dir, err := os.MkdirTemp("", "reservoir-soak-kafka-*")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the brokers: %w", err)
	}
	cmd := exec.CommandContext(ctx, o.script, "start", strconv.Itoa(o.brokers), dir)
	cmd.Env = append(os.Environ(), fmt.Sprintf("KAFKA_PORT=%d", o.port), "KAFKA_PROPERTIES="+properties)
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("start %d brokers: %w\n%s", o.brokers, err, out)
	}
	c, err := findCluster(o.script, dir)
	if err == nil {
		c.own = true
	}
	return c, err
}

var listener = regexp.MustCompile(`(?m)^advertised\.listeners=PLAINTEXT://(.*)$`)

// findCluster reads where the brokers of a folder listen.
func findCluster(script, dir string) (*cluster, error) {
	script, err := filepath.Abs(script)
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(dir, "node*.properties"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("%s is no folder of a cluster that %s has started: %w", dir, script, errors.Join(err, os.ErrNotExist))
	}
	slices.Sort(files)
	c := &cluster{script: script, dir: dir, killed: map[int]bool{}, paused: map[int]bool{}}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		found := listener.FindSubmatch(text)
		if found == nil {
			return nil, fmt.Errorf("%s names no listener", file)
		}
		c.addresses = append(c.addresses, string(bytes.TrimSpace(found[1])))
	}
	return c, nil
}

func (c *cluster) size() int { return len(c.addresses) }

// do runs the script on one broker. It is short, and is not cut off: a broker
// that stays paused would be nobody's fault.
func (c *cluster) do(what string, node int) error {
	out, err := exec.Command(c.script, what, c.dir, strconv.Itoa(node)).CombinedOutput() //nolint:gosec // our own script
	if err != nil {
		return fmt.Errorf("%s broker %d: %w: %s", what, node, err, out)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch what {
	case "kill":
		c.killed[node] = true
	case "up":
		delete(c.killed, node)
	case "pause":
		c.paused[node] = true
	case "resume":
		delete(c.paused, node)
	}
	return nil
}

// heal brings every broker back.
func (c *cluster) heal() error {
	c.mu.Lock()
	paused, killed := slices.Sorted(maps.Keys(c.paused)), slices.Sorted(maps.Keys(c.killed))
	c.mu.Unlock()
	var errs []error
	for _, node := range paused {
		errs = append(errs, c.do("resume", node))
	}
	for _, node := range killed {
		errs = append(errs, c.do("up", node))
	}
	return errors.Join(errs...)
}

// stop ends what was started here.
func (c *cluster) stop() {
	if !c.own {
		return
	}
	_ = exec.Command(c.script, "stop", c.dir).Run() //nolint:gosec // our own script
	_ = os.RemoveAll(c.dir)
}
