package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// member is one machine of the pipeline: a folder that outlives its processes.
type member struct {
	name, dir, config string
	clean             bool // begins its next life with an empty disk

	mu       sync.Mutex
	life     *life
	webhooks string
	admin    string
	joins    []joined // since they were taken
}

// joined is a group that a member joined, and the group's generation then.
type joined struct {
	group      string
	generation int
}

// life is one process of a member.
type life struct {
	cmd   *exec.Cmd
	log   *os.File
	up    chan struct{} // closed when it listens
	ended chan struct{} // closed when it is over
	err   error         // why
	told  atomic.Bool   // to end
}

// newMember writes the member's configuration.
func (s site) newMember(root, name string, static bool) (*member, error) {
	instance := ""
	if static {
		instance = name
	}
	dir := filepath.Join(root, name)
	path, err := s.write(dir, instance)
	if err != nil {
		return nil, err
	}
	return &member{name: name, dir: dir, config: path}, nil
}

// start begins a life and waits until it listens.
func (m *member) start(ctx context.Context, died func(*member, error)) error {
	l, err := m.begin(died)
	if err != nil {
		return err
	}
	return l.wait(ctx, m.name)
}

// begin begins a life. died is told of an end that nobody asked for.
func (m *member) begin(died func(*member, error)) (*life, error) {
	if m.clean {
		if err := os.RemoveAll(filepath.Join(m.dir, "state")); err != nil {
			return nil, err
		}
		m.clean = false
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	log, err := os.OpenFile(filepath.Join(m.dir, "log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log of %s: %w", m.name, err)
	}
	l := &life{cmd: exec.Command(self, "run", "-c", m.config, "--log-format", "json"), log: log, up: make(chan struct{}), ended: make(chan struct{})}
	l.cmd.Env = append(os.Environ(), memberVariable+"=1")
	l.cmd.Stderr = &listens{to: log, tell: func(what said) { m.said(l, what) }}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := l.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", m.name, err)
	}
	m.life = l
	go m.live(l, died)
	return l, nil
}

// live waits for the end.
func (m *member) live(l *life, died func(*member, error)) {
	l.err = l.cmd.Wait()
	_ = l.log.Close()
	m.gone(l)
	close(l.ended)
	if !l.told.Load() {
		died(m, l.err)
	}
}

func (l *life) wait(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case <-l.up:
		return nil
	case <-l.ended:
		return fmt.Errorf("%s ended before it listened: %w", name, errors.Join(l.err, context.Canceled))
	case <-ctx.Done():
		return fmt.Errorf("%s does not listen: %w", name, ctx.Err())
	}
}

func (m *member) said(l *life, what said) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch what.Msg {
	case "joined the group":
		m.joins = append(m.joins, joined{what.Group, what.Generation})
	case "listening":
		m.webhooks, m.admin = "http://"+what.Webhooks, "http://"+what.Admin
		select {
		case <-l.up:
		default:
			close(l.up)
		}
	}
}

// joinedSince gives what it joined since it was asked last.
func (m *member) joinedSince() []joined {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := m.joins
	m.joins = nil
	return all
}

func (m *member) gone(l *life) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.life == l {
		m.life, m.webhooks, m.admin = nil, "", ""
	}
}

// address is where it takes webhooks, "" while it does not run.
func (m *member) address() string { m.mu.Lock(); defer m.mu.Unlock(); return m.webhooks }

// signal asks a process for something; SIGKILL and SIGTERM end it.
func (m *member) signal(what syscall.Signal) *life {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.life == nil || m.life.cmd.Process == nil {
		return nil
	}
	if what == syscall.SIGKILL || what == syscall.SIGTERM {
		m.life.told.Store(true)
	}
	_ = m.life.cmd.Process.Signal(what) // it may have ended
	return m.life
}

// kill ends it as a power cut does.
func (m *member) kill() {
	if l := m.signal(syscall.SIGKILL); l != nil {
		<-l.ended
	}
}

// leave ends it as an operator does. One that does not end is a fault: its
// goroutines go into its log.
func (m *member) leave() error {
	l := m.signal(syscall.SIGTERM)
	if l == nil {
		return nil
	}
	select {
	case <-l.ended:
	case <-time.After(patience):
		m.signal(syscall.SIGQUIT)
		<-l.ended
		return fmt.Errorf("%s does not end", m.name)
	}
	if l.err != nil {
		return fmt.Errorf("%s ended: %w", m.name, l.err)
	}
	return nil
}

// ready tells whether it takes webhooks.
func (m *member) ready(ctx context.Context) bool {
	m.mu.Lock()
	admin := m.admin
	m.mu.Unlock()
	if admin == "" {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, admin+"/readyz", nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// said is what a line of a member's log says.
type said struct {
	Msg, Webhooks, Admin, Group string
	Generation                  int
}

// listens is a log that tells what its process says.
type listens struct {
	to   *os.File
	tell func(said)
	line []byte // begun and not ended
}

// Write looks at every line that ends in p.
func (l *listens) Write(p []byte) (int, error) {
	l.line = append(l.line, p...)
	for {
		line, rest, ended := bytes.Cut(l.line, []byte("\n"))
		if !ended {
			return l.to.Write(p)
		}
		l.line = rest
		var what said
		if json.Unmarshal(line, &what) == nil {
			l.tell(what)
		}
	}
}
