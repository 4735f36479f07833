package dedupe_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/reservoirhq/reservoir/pipeline"
	"github.com/reservoirhq/reservoir/pipeline/booking"
	"github.com/reservoirhq/reservoir/stages/dedupe"
)

// onDisk is a member whose states are in a table on disk, that of the booking
// in its middle.
func onDisk(t *testing.T) *house {
	t.Helper()
	h := openOn(t, vfs.NewMem())
	for n := range 400 { // as many before it as behind it
		h.other(fmt.Sprintf("src/%c%03d", 'a'+2*byte(n%2), n))
	}
	mustSay(t, h, status(booking.StatusConfirmed, "e1", morning))
	h.tend()
	if err := dedupe.Compact(h.stage); err != nil {
		t.Fatal(err)
	}
	return h
}

// tables does something to every table in the folder.
func (h *house) tables(do func(name string) error) {
	h.t.Helper()
	names, err := h.fs.List("state")
	if err != nil {
		h.t.Fatal(err)
	}
	n := 0
	for _, name := range names {
		if strings.HasSuffix(name, ".sst") {
			n++
			if err := do("state/" + name); err != nil {
				h.t.Fatal(err)
			}
		}
	}
	if n == 0 {
		h.t.Fatal("there is no table")
	}
}

// scratch changes tables in their middle.
func (h *house) scratch() {
	h.t.Helper()
	h.tables(func(name string) error {
		info, err := h.fs.Stat(name)
		if err != nil {
			return err
		}
		f, err := h.fs.OpenReadWrite(name, vfs.WriteCategoryUnspecified)
		if err != nil {
			return err
		}
		for at := info.Size() / 4; at < info.Size()/2; at += 256 {
			if _, err := f.WriteAt([]byte("scratched"), at); err != nil {
				return err
			}
		}
		return f.Close()
	})
}

func (h *house) lose() { h.tables(h.fs.Remove) }

func spoiled(s pipeline.Stage) bool {
	select {
	case <-s.(interface{ Spoiled() <-chan struct{} }).Spoiled():
		return true
	default:
		return false
	}
}

func TestABrokenTableIsNoFaultOfTheEventAndTheStateIsMadeAnew(t *testing.T) {
	h := onDisk(t)
	h.start() // nothing of it is in memory now
	h.scratch()
	older := h.event(status(booking.StatusPending, "e0", morning.Add(-time.Hour)))
	if _, err := h.process(older, true); !pipeline.IsTrouble(err) {
		t.Fatalf("the event gives %v", err)
	}
	if !spoiled(h.stage) {
		t.Error("nobody is told that the state is to be made anew")
	}
	h.start()
	h.wantRestores(0, 1)
	got, err := h.process(older, true)
	if err != nil || !got.Booking.Stale {
		t.Errorf("after it was made anew: %v", err)
	}
}

func TestAFolderThatCannotBeOpenedIsMadeAnew(t *testing.T) {
	for name, harm := range map[string]func(h *house){
		"a table is missing": (*house).lose,
		"the manifest is cut": func(h *house) {
			names, _ := h.fs.List("state")
			for _, name := range names {
				if strings.HasPrefix(name, "MANIFEST") {
					f, err := h.fs.Create("state/"+name, vfs.WriteCategoryUnspecified)
					if err != nil {
						h.t.Fatal(err)
					}
					_, _ = f.Write([]byte("no manifest"))
					_ = f.Close()
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := onDisk(t)
			closeStage(t, h.stage)
			harm(h)
			if f, err := h.fs.Create("state/notes.txt", vfs.WriteCategoryUnspecified); err != nil || f.Close() != nil {
				t.Fatal(err)
			}
			h.start()
			h.wantRestores(0, 1)
			_, err := h.say(status(booking.StatusConfirmed, "e1", morning))
			wantEnding(t, err, pipeline.Duplicate)
			if _, err := h.fs.Stat("state/notes.txt"); err != nil {
				t.Errorf("what is not of the state: %v", err)
			}
		})
	}
}
