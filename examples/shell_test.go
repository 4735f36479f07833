package examples_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

const patience = time.Minute

// block is one list of commands of a page.
var block = regexp.MustCompile("(?s)```sh\n(.*?)```")

// trial is a copy of one example, with ports that are free here.
type trial struct {
	dir   string
	ports map[string]string // as written → as used
}

// try copies an example and changes its addresses, and nothing else, by edit.
func try(t *testing.T, example string, ports map[string]string, edit func(string) string) *trial {
	t.Helper()
	tr := &trial{dir: t.TempDir(), ports: ports}
	if err := os.CopyFS(tr.dir, os.DirFS(example)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(tr.dir, "reservoir.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(tr.here(edit(string(text)))), 0o600); err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(tr.dir, "bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(bin, "reservoir")); err != nil {
		t.Fatal(err)
	}
	return tr
}

// here puts this machine's free ports in the place of those that are written.
func (tr *trial) here(text string) string {
	for written, used := range tr.ports {
		text = strings.ReplaceAll(text, written, used)
	}
	return text
}

// commands gives the lists of commands of the example's page.
func (tr *trial) commands(t *testing.T) []string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(tr.dir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, found := range block.FindAllSubmatch(page, -1) {
		all = append(all, tr.here(string(found[1])))
	}
	return all
}

// shell runs commands as a person would, with more of an environment.
func (tr *trial) shell(ctx context.Context, commands string, env ...string) (*exec.Cmd, *bytes.Buffer) {
	cmd := exec.CommandContext(ctx, "sh", "-e", "-c", commands)
	cmd.Dir = tr.dir
	cmd.Env = append(os.Environ(), childVariable+"=1", "PATH="+filepath.Join(tr.dir, "bin")+":"+os.Getenv("PATH"))
	cmd.Env = append(cmd.Env, env...)
	// A group of its own: a signal then meets the shell's child as Ctrl-C does.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	out := &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = out, out
	return cmd, out
}

// says runs commands to their end.
func (tr *trial) says(t *testing.T, commands string, env ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd, out := tr.shell(ctx, commands, env...)
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", commands, err, out)
	}
	return out.String()
}

// runs starts commands that end in `reservoir run`, waits until it is ready and
// stops it with Ctrl-C when the test ends.
func (tr *trial) runs(t *testing.T, commands, admin string, env ...string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd, out := tr.shell(ctx, commands, env...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		defer cancel()
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) // it may have ended
		if err := <-ended; err != nil && !interrupted(err) {
			t.Errorf("%s: %v\n%s", commands, err, out)
		}
	})
	deadline := time.Now().Add(patience)
	for !ready(admin) {
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("%s: ended early: %v\n%s", commands, err, out)
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatal("not ready in time")
		}
	}
}

// interrupted tells a shell that ended by the signal; its child's own exit code
// is tested with the command.
func interrupted(err error) bool {
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signal() == syscall.SIGINT // -1 where it ended otherwise
}

func ready(admin string) bool {
	response, err := http.Get("http://" + admin + "/readyz")
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// free gives an address that nobody listens on, below the ports that are given
// to outgoing connections.
func free(t *testing.T) string {
	t.Helper()
	for range 1000 {
		ln, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 10000+rand.IntN(10000)))
		if err == nil {
			defer ln.Close()
			return ln.Addr().String()
		}
	}
	t.Fatal("no free port from 10000 to 19999")
	return ""
}
