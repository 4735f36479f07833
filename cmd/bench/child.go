package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
)

// role is what a process of the benchmark is for.
type role string

const (
	childArg = "child" // the first argument of a process that another one started

	rolePipeline role = "pipeline" // runs one case and is measured
	roleLoad     role = "load"     // fills a raw topic
	roleSend     role = "send"     // sends webhooks
	roleHost     role = "host"     // answers look-ups
)

// task is what a pipeline process is to do.
type task struct {
	Options options
	Case    benchCase
}

// child does what this process was started for. What it has to say it writes
// to standard output, one JSON value in the end.
func child(ctx context.Context, r role, spec []byte) error {
	switch r {
	case rolePipeline:
		return doing(spec, func(t task) (any, error) { return measureCase(ctx, t) })
	case roleLoad:
		return doing(spec, func(j loadJob) (any, error) { return nil, load(ctx, j) })
	case roleSend:
		return doing(spec, func(j sendJob) (any, error) { return send(ctx, j, os.Stdout) })
	case roleHost:
		return serveLookUps(ctx, os.Stdout)
	}
	return fmt.Errorf("no process has the role %q", r)
}

func doing[T any](spec []byte, do func(T) (any, error)) error {
	var job T
	if err := json.Unmarshal(spec, &job); err != nil {
		return fmt.Errorf("read what to do: %w", err)
	}
	answer, err := do(job)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(answer)
}

// process is a running child.
type process struct {
	cmd *exec.Cmd
	out *bufio.Reader
}

// start starts this program again in another role. The end of ctx ends it.
func start(ctx context.Context, r role, job any, dir string) (*process, error) {
	spec, err := json.Marshal(job)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	cmd := exec.CommandContext(ctx, self, childArg, string(r), string(spec))
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.Stderr, cmd.Dir = os.Stderr, dir
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the %s process: %w", r, err)
	}
	return &process{cmd: cmd, out: bufio.NewReader(out)}, nil
}

// line waits for one line of the child's output.
func (p *process) line() (string, error) {
	text, err := p.out.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("the process said nothing: %w", err)
	}
	return text[:len(text)-1], nil
}

// answer waits for the child's end and reads its last word.
func (p *process) answer(into any) error {
	said, readErr := io.ReadAll(p.out)
	if err := p.cmd.Wait(); err != nil {
		return fmt.Errorf("the process failed: %w", err)
	}
	if readErr != nil {
		return readErr
	}
	return json.Unmarshal(said, into)
}

// one measures a case in a process of its own, in an empty folder.
func (o options) one(ctx context.Context, c benchCase) (result, error) {
	ctx, cancel := context.WithTimeout(ctx, c.patience())
	defer cancel()
	dir, err := os.MkdirTemp("", "reservoir-bench-*")
	if err != nil {
		return result{}, err
	}
	defer os.RemoveAll(dir)
	p, err := start(ctx, rolePipeline, task{Options: o, Case: c}, dir)
	if err != nil {
		return result{}, err
	}
	r := result{}
	err = p.answer(&r)
	return r, err
}
