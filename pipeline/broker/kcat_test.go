package broker_test

import (
	"os/exec"
	"strings"
	"testing"
)

// TestKcatReadsAndWrites takes a client of another family (librdkafka) that
// learns the address from the broker.
func TestKcatReadsAndWrites(t *testing.T) {
	kcat, err := exec.LookPath("kcat")
	if err != nil {
		t.Skip("kcat is not installed")
	}
	ctx := testContext(t)
	b := start(t, config(t.TempDir(), "127.0.0.1:0"))
	createTopic(ctx, t, client(t, b.Addr()), "k", 1, nil)
	run := func(in string, args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(ctx, kcat, append([]string{"-b", b.Addr()}, args...)...)
		cmd.Stdin = strings.NewReader(in)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("kcat %v: %v", args, err)
		}
		return string(out)
	}
	if got := run("", "-L"); !strings.Contains(got, "broker 0 at "+b.Addr()) {
		t.Errorf("kcat is told %q", got)
	}
	run("one\ntwo\n", "-P", "-t", "k", "-X", "enable.idempotence=true")
	if got := run("", "-C", "-q", "-t", "k", "-o", "beginning", "-e"); got != "one\ntwo\n" {
		t.Errorf("kcat read %q", got)
	}
}
