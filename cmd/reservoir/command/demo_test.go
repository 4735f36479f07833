package command_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/reservoirhq/reservoir/cmd/reservoir/command"
	"github.com/reservoirhq/reservoir/pipeline/engine"
)

func TestTheDemoShowsEveryProviderAndLeavesAFolderToGoOnWith(t *testing.T) {
	s := newSite(t, studentSite)
	dir := filepath.Join(t.TempDir(), "demo")
	out := s.must(t, "demo", "--dir", dir)
	for _, want := range []string{
		"events     studentcom/HB992850227", "GBP 379.72",
		"events     vrplatform/6a589982-1e2b-4bec-949e-672398f0505b  payment_recorded", "paid GBP 2700.00",
		"events     vrplatform/59c0d0c1-6bef-451a-91ea-66782ad52810  created",
		"events     tourcms/4069/1234                                confirmed",
		"events     redbroom/goodbay/example-bookingId               cancelled",
		"decisions  redbroom/goodbay/example-bookingId               decided           review",
		"400  vrplatform  reservation_created_as_printed", "rejected   vrplatform",
		"reservoir run -c " + dir,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the demo does not show %q:\n%s", want, out)
		}
	}

	left := &site{dir: dir}
	r := left.startReady(t) // its ports are free again, its data is there
	if n := len(left.tail(t, "bookings.events")); n != 5 {
		t.Errorf("the folder has %d events, want 5", n)
	}
	left.must(t, "send", "redbroom", "goodbay-created", "-c", left.config())
	r.until(t, "published", func() bool { return len(left.tail(t, "bookings.events")) == 6 })
	for _, name := range []string{"secrets/goodbay", "reservoir.yaml", "reservoir.log"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

func TestTheDemoTouchesNoFolderThatHoldsSomething(t *testing.T) {
	s := newSite(t, studentSite)
	got := s.command(t, "demo", "--dir", s.dir)
	if got.code != 1 || !strings.Contains(got.stderr, "go on with this one") {
		t.Errorf("exit %d\n%s", got.code, got.stderr)
	}
}

func TestTheDemoCanLeaveNothing(t *testing.T) {
	s := newSite(t, studentSite)
	dir := filepath.Join(t.TempDir(), "demo")
	s.must(t, "demo", "--keep=false", "--dir", dir)
	if _, err := os.Stat(dir); err == nil {
		t.Error("the folder is still there")
	}
}

func TestTheDemoSaysWhatIsMissing(t *testing.T) {
	var parts engine.Parts
	for _, p := range builtIn().Plugins {
		if p.Name != "redbroom" {
			parts.Plugins = append(parts.Plugins, p)
		}
	}
	parts.Stages = builtIn().Stages
	s := newSite(t, studentSite)
	var stdout, stderr buffer
	code := command.Run(t.Context(), parts, s.process(&stdout, &stderr, nil), []string{"demo", "--dir", filepath.Join(t.TempDir(), "demo")})
	if code != 1 || !strings.Contains(stderr.String(), "sources.redbroom.plugin: is no plugin") {
		t.Errorf("exit %d\n%s", code, stderr.String())
	}
}
