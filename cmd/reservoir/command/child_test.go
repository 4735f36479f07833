package command_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// child is a `run` in a process of its own, which can be killed.
type child struct {
	webhooks, admin string
	cmd             *exec.Cmd
	log             *buffer
	ended           chan error
}

// spawn starts the site's pipelines in a process of their own.
func (s *site) spawn(t *testing.T) *child {
	t.Helper()
	log := newLogged()
	c := &child{cmd: exec.Command(os.Args[0], "run", "-c", s.config(), "--log-format", "json"), log: log.buffer, ended: make(chan error, 1)}
	c.cmd.Stderr = log
	c.cmd.Env = append(os.Environ(), childVariable+"=1")
	for name, value := range s.env {
		c.cmd.Env = append(c.cmd.Env, name+"="+value)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { c.ended <- c.cmd.Wait() }()
	t.Cleanup(func() { c.kill(t) })
	select {
	case at := <-log.listening:
		c.webhooks, c.admin = "http://"+at.Webhooks, "http://"+at.Admin
	case err := <-c.ended:
		c.ended <- err
		t.Fatalf("run ended before it listened: %v\n%s", err, log)
	case <-time.After(patience):
		_ = c.cmd.Process.Signal(syscall.SIGQUIT) // its goroutines, into the log
		c.wait(t)
		t.Fatalf("run does not listen:\n%s", log)
	}
	within(t, "ready", func() bool { return status(t, c.admin+"/readyz") == http.StatusOK }, c.log.String)
	return c
}

// kill ends the process as a power cut does, and waits for its end.
func (c *child) kill(t *testing.T) {
	t.Helper()
	_ = c.cmd.Process.Kill() // it may have ended
	c.wait(t)
}

// wait gives the exit code; -1 for a process that was killed.
func (c *child) wait(t *testing.T) int {
	t.Helper()
	select {
	case err := <-c.ended:
		c.ended <- err
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			return exit.ExitCode()
		}
		return 0
	case <-time.After(patience):
		t.Fatalf("the process does not end:\n%s", c.log)
		return -1
	}
}

func TestASecondSignalEndsARunAtOnce(t *testing.T) {
	s := newSite(t, studentSite)
	c := s.spawn(t)
	// A webhook whose body does not come keeps the drain waiting.
	stuck := stuckWebhook(t, c.webhooks)
	within(t, "under way", func() bool { return strings.Contains(body(t, c.admin+"/metrics"), "reservoir_webhooks_in_flight 1") }, c.log.String)

	c.signal(t)
	within(t, "draining", func() bool { return status(t, c.admin+"/readyz") == http.StatusServiceUnavailable }, c.log.String)
	c.signal(t)
	if code := c.wait(t); code != 1 {
		t.Errorf("ended with %d:\n%s", code, c.log)
	}
	if !strings.Contains(c.log.String(), "second signal") {
		t.Errorf("it does not say why it ended:\n%s", c.log)
	}
	if answer, err := io.ReadAll(stuck); len(answer) > 0 {
		t.Errorf("the webhook was answered without its body: %q, %v", answer, err)
	}
}

func (c *child) signal(t *testing.T) {
	t.Helper()
	if err := c.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
}

// stuckWebhook sends the head of a webhook and nothing of its body.
func stuckWebhook(t *testing.T, base string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := io.WriteString(conn, "POST "+studentPath+" HTTP/1.1\r\nHost: test\r\nContent-Length: 1000\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	return conn
}
